"""Removing a thing of which little more than its id is known."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from wharfinger_libcloud.wording import said

if TYPE_CHECKING:
    from libcloud.compute.base import Node, StorageVolume

_GONE = re.compile(r"\bNotFound\b|\.NotFound|not[ _]found|does ?n[o']t exist|DoesNotExist|no such", re.IGNORECASE)


_METHODS = {
    "node": "destroy_node",
    "volume": "destroy_volume",
    "snapshot": "destroy_volume_snapshot",
    "image": "delete_image",
    "keypair": "delete_key_pair",
    "container": "delete_container",
    "object": "delete_object",
    "zone": "delete_zone",
    "record": "delete_record",
    "balancer": "destroy_balancer",
    "cluster": "destroy_cluster",
    "target": "delete_target",
}


def _by_object(driver: Any, thing: Any) -> Callable[[Any, Any], Any] | None:
    """Return how a thing is removed of which libcloud's object is known."""
    known = getattr(thing, "thing", None)
    if known is None or thing.kind == "attachment":
        return None
    if thing.kind == "container" and hasattr(driver, "destroy_container"):
        return lambda driver, _: driver.destroy_container(known)
    name = _METHODS.get(thing.kind, "")
    if hasattr(driver, name):
        return lambda driver, _: getattr(driver, name)(known)
    own = next((str(way) for way in ("destroy", "delete") if callable(getattr(known, way, None))), None)
    return None if own is None else lambda _driver, _thing: getattr(known, own)()


PATIENCE = 60.0
"""Seconds for which a thing that the cloud has taken the order to remove is looked at until it is gone."""
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)
_ADDRESS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE)
_BY_ID = frozenset({"digitalocean", "ec2", "linode", "openstack", "scaleway"})
"""Providers that destroy a node by its id alone; others want to know its zone, or more."""


class Known(Protocol):
    """What must be known of a thing to remove it."""

    @property
    def kind(self) -> str:
        """Its kind."""
        ...

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def name(self) -> str:
        """Its name, or empty."""
        ...


class NotRemoved(Exception):
    """A thing could not be removed; the message says why and what to do."""


def is_gone(error: BaseException, kind: str = "") -> bool:
    """Return whether `error` is the cloud's answer that the thing, of that kind, does not exist.

    That the container of an object or the zone of a record is not found tells nothing of the thing itself.
    """
    code = getattr(error, "code", None)
    other = {"object": "ContainerDoesNotExistError", "record": "ZoneDoesNotExistError"}.get(kind)
    if other == type(error).__name__:
        return False
    if code == 404 or type(error).__name__.endswith(("DoesNotExistError", "NotFoundError")):
        return True
    return isinstance(code, int) and 400 <= code < 500 and bool(_GONE.search(said(error)))


def remove(driver: Any, thing: Known, undo: Callable[[Any, Any], object] | None = None) -> bool:
    """Remove `thing` by `undo`, or by what libcloud has for its kind; what is gone already is removed.

    Returns whether the cloud took the order; False: it says that there is no such thing. Most clouds only begin to
    remove what they are told to. Raises NotRemoved for a kind that nothing here can remove and for a refusal without a
    reason, and what the driver raises.
    """
    way = undo or _by_object(driver, thing) or _WAYS.get(thing.kind)
    if way is None:
        raise NotRemoved(f"nothing here knows how to remove a {thing.kind}; give rollback(undo={{{thing.kind!r}: …}})")
    try:
        # A driver says False too where it can't read the answer: the second time the thing may well be gone.
        removed = way(driver, thing) is not False or way(driver, thing) is not False
    except Exception as error:
        if is_gone(error, thing.kind):
            return False
        raise
    if not removed:
        raise NotRemoved(f"the driver answered that it did not remove {thing.kind} {thing.id}")
    return True


def take_away(
    driver: Any, thing: Any, undo: Callable[[Any, Any], object] | None = None, *, patience: float = PATIENCE
) -> None:
    """Remove `thing` as `remove` does, and look at it until it is gone. Raises as that, and NotRemoved if it stays."""
    look = None if undo is not None else _LOOKS.get(thing.kind)
    if not remove(driver, thing, undo) or look is None:
        return
    ends = time.monotonic() + patience
    for n in range(10_000):
        state = look(driver, thing)
        if not state:
            return
        if time.monotonic() >= ends or _STUCK.search(state):
            raise NotRemoved(f"the cloud took the order to remove {thing.kind} {thing.id}, and says that it is {state}")
        time.sleep(min(_PAUSES[min(n, len(_PAUSES) - 1)], max(ends - time.monotonic(), 0)))


_STUCK = re.compile(r"^error", re.IGNORECASE)
_OVER = frozenset({"terminated", "deleted", "destroyed"})


def _listed(things: Any, thing: Any) -> str:
    """Return the state of the thing in a list, "" if it is not there or over."""
    one = next((one for one in things if str(one.id) == thing.id), None)
    state = "" if one is None else str(getattr(one, "state", "") or (one.extra or {}).get("state") or "there still")
    return "" if state.lower() in _OVER else state


_LOOKS: dict[str, Callable[[Any, Any], str]] = {
    "node": lambda driver, thing: _listed(driver.list_nodes(), thing),
    "volume": lambda driver, thing: _listed(driver.list_volumes(), thing),
    "zone": lambda driver, thing: _listed(driver.list_zones(), thing),
    "balancer": lambda driver, thing: _listed(driver.list_balancers(), thing),
}


def _node(driver: Any, thing: Known) -> Any:
    from libcloud.compute.base import Node
    from libcloud.compute.types import NodeState

    known = Node(thing.id, thing.name, NodeState.UNKNOWN, [], [], driver, extra={})
    kind = str(getattr(driver, "type", ""))
    if kind in _BY_ID:
        return driver.destroy_node(known)
    place = getattr(thing, "within", "")
    if kind == "gce" and place:
        return driver.destroy_node(driver.ex_get_node(thing.name, place))
    # A list may lag behind: where the node isn't in it yet, its id will have to do.
    listed = next((node for node in driver.list_nodes() if str(node.id) == thing.id), None)
    if listed is None and kind == "vultr":
        return _vultr_node(driver, known)
    return driver.destroy_node(listed or known)


def _vultr_node(driver: Any, known: Node) -> Any:
    """Remove a node of which nobody knows whether it is of metal: the driver reads that from its size."""
    known.size = ""  # type: ignore[assignment]
    try:
        return driver.destroy_node(known)
    except Exception as error:
        if not is_gone(error):
            raise
        return driver.ex_destroy_bare_metal_node(known)


def _as_volume(driver: Any, thing: Known) -> StorageVolume:
    from libcloud.compute.base import StorageVolume

    return StorageVolume(thing.id, thing.name, 0, driver, extra={})


def _volume(driver: Any, thing: Known) -> Any:
    return driver.destroy_volume(_as_volume(driver, thing))


def _attachment(driver: Any, thing: Known) -> Any:
    of = getattr(thing, "of", None)
    listed = next((volume for volume in driver.list_volumes() if str(volume.id) == thing.id), None)
    return driver.detach_volume(listed or of or _as_volume(driver, thing))


def _address(driver: Any, thing: Known) -> Any:
    if hasattr(driver, "ex_describe_all_addresses"):
        for address in driver.ex_describe_all_addresses():
            if thing.id in (address.ip, address.extra.get("allocation_id")):
                domain = "vpc" if address.extra.get("allocation_id") else None
                return driver.ex_release_address(address, domain=domain)
        return True
    if _ADDRESS_ID.fullmatch(thing.id) and hasattr(driver, "network_connection"):
        # By its id: the list may have more pages than the one that the driver reads.
        return driver.network_connection.request(f"/v2.0/floatingips/{thing.id}", method="DELETE").success()
    for address in driver.ex_list_floating_ips():
        if thing.id in (str(address.id), address.ip_address):
            return driver.ex_delete_floating_ip(address)
    return True


def _container(driver: Any, thing: Known) -> Any:
    return driver.delete_container(driver.get_container(thing.id))


def _object(driver: Any, thing: Known) -> Any:
    container, _, key = thing.id.partition("/")
    return driver.delete_object(driver.get_object(container, key))


def _zone(driver: Any, thing: Known) -> Any:
    return driver.delete_zone(driver.get_zone(thing.id))


def _record(driver: Any, thing: Known) -> Any:
    of = getattr(thing, "of", None)
    for zone in driver.list_zones() if of is None else [of]:
        for record in driver.list_records(zone):
            if str(record.id) == thing.id:
                return driver.delete_record(record)
    return True


def _balancer(driver: Any, thing: Known) -> Any:
    return driver.destroy_balancer(driver.get_balancer(thing.id))


_WAYS: dict[str, Callable[[Any, Known], Any]] = {
    "node": _node,
    "volume": _volume,
    "attachment": _attachment,
    "address": _address,
    "container": _container,
    "object": _object,
    "zone": _zone,
    "record": _record,
    "balancer": _balancer,
}
