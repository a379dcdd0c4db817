"""What the methods of libcloud's drivers do: whoever calls `create_node` makes a node, whatever goes over the wire.

The base APIs stand in a table. A method that only some drivers have ("ex_…") is read by its verb and its noun, as
libcloud names them.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MAKES, CHANGES, REMOVES, READS = "makes", "changes", "removes", "reads"
JOINS = "joins"


@dataclass(frozen=True, slots=True)
class Role:
    """What a method does to things of one `kind`: `effect` is makes, changes, removes, reads, or "" where unknown.

    `name` is the argument that names the thing, `of` the one that the thing is or belongs to: the zone of a record, the
    volume of an attachment. `soft`: an answer without an id leaves no doubt, because the arguments are the id, or
    because there is none.
    """

    effect: str
    kind: str = ""
    name: str = ""
    of: str = ""
    soft: bool = False


_BASE = {
    # compute
    "create_node": Role(MAKES, "node", "name"),
    "deploy_node": Role(MAKES, "node", "name"),
    "ex_create_multiple_nodes": Role(MAKES, "node", "base_name"),
    "reboot_node": Role(CHANGES, "node", of="node"),
    "start_node": Role(CHANGES, "node", of="node"),
    "stop_node": Role(CHANGES, "node", of="node"),
    "destroy_node": Role(REMOVES, "node", of="node"),
    "create_volume": Role(MAKES, "volume", "name"),
    "destroy_volume": Role(REMOVES, "volume", of="volume"),
    "attach_volume": Role(MAKES, "attachment", of="volume", soft=True),
    "detach_volume": Role(REMOVES, "attachment", of="volume"),
    "create_volume_snapshot": Role(MAKES, "snapshot", "name"),
    "destroy_volume_snapshot": Role(REMOVES, "snapshot", of="snapshot"),
    "create_image": Role(MAKES, "image", "name"),
    "copy_image": Role(MAKES, "image", "name"),
    "delete_image": Role(REMOVES, "image", of="node_image"),
    "create_key_pair": Role(MAKES, "keypair", "name"),
    "import_key_pair_from_string": Role(MAKES, "keypair", "name"),
    "import_key_pair_from_file": Role(MAKES, "keypair", "name"),
    "delete_key_pair": Role(REMOVES, "keypair", of="key_pair"),
    # storage
    "create_container": Role(MAKES, "container", "container_name"),
    "delete_container": Role(REMOVES, "container", of="container"),
    "upload_object": Role(MAKES, "object", "object_name", of="container"),
    "upload_object_via_stream": Role(MAKES, "object", "object_name", of="container"),
    "delete_object": Role(REMOVES, "object", of="obj"),
    "enable_container_cdn": Role(CHANGES, "container", of="container"),
    "enable_object_cdn": Role(CHANGES, "object", of="obj"),
    # dns
    "create_zone": Role(MAKES, "zone", "domain"),
    "update_zone": Role(CHANGES, "zone", of="zone"),
    "delete_zone": Role(REMOVES, "zone", of="zone"),
    "create_record": Role(MAKES, "record", "name", of="zone"),
    "update_record": Role(CHANGES, "record", of="record"),
    "delete_record": Role(REMOVES, "record", of="record"),
    # loadbalancer
    "create_balancer": Role(MAKES, "balancer", "name"),
    "update_balancer": Role(CHANGES, "balancer", of="balancer"),
    "destroy_balancer": Role(REMOVES, "balancer", of="balancer"),
    "balancer_attach_compute_node": Role(CHANGES, "balancer", of="balancer"),
    "balancer_attach_member": Role(CHANGES, "balancer", of="balancer"),
    "balancer_detach_member": Role(CHANGES, "balancer", of="balancer"),
    "balancer_list_members": Role(READS),
    # container
    "install_image": Role(MAKES, "image"),
    "deploy_container": Role(MAKES, "container", "name"),
    "start_container": Role(CHANGES, "container", of="container"),
    "stop_container": Role(CHANGES, "container", of="container"),
    "restart_container": Role(CHANGES, "container", of="container"),
    "destroy_container": Role(REMOVES, "container", of="container"),
    "create_cluster": Role(MAKES, "cluster", "name"),
    "destroy_cluster": Role(REMOVES, "cluster", of="cluster"),
    # backup
    "create_target": Role(MAKES, "target", "name"),
    "create_target_from_node": Role(MAKES, "target", of="node"),
    "create_target_from_container": Role(MAKES, "target", of="container"),
    "create_target_from_storage_container": Role(MAKES, "target", of="container"),
    "update_target": Role(CHANGES, "target", of="target"),
    "delete_target": Role(REMOVES, "target", of="target"),
    "create_target_job": Role(MAKES, "job", of="target"),
    "recover_target": Role(MAKES, "job", of="target"),
    "recover_target_out_of_place": Role(MAKES, "job", of="target"),
    "resume_target_job": Role(CHANGES, "job", of="job"),
    "suspend_target_job": Role(CHANGES, "job", of="job"),
    "cancel_target_job": Role(REMOVES, "job", of="job"),
}

_VERBS = {
    READS: (
        "by check count describe download dump estimate exists export fetch find get has head is iterate "
        "limits list lookup networks parse ping projects query read report search show test usage validate "
        "verify view wait"
    ),
    MAKES: (
        "add allocate build clone copy create deploy generate import insert install launch new order "
        "provision purchase register request reserve run snapshot take upload"
    ),
    REMOVES: (
        "abort cancel clean cleanup close deallocate del delete deregister destroy detach disassociate "
        "dissociate expunge leave purge release remove revoke terminate unassign undeploy uninstall unlink "
        "unmap unregister unreserve unshare"
    ),
    JOINS: ("assign associate attach link"),
    CHANGES: (
        "accept action activate apply authorize blacklist bulk change connect convert deactivate deprecate "
        "disable edit enable exchange expand expose freeze grant hide join limit lock map migrate modify move "
        "operation patch pause power promote reboot rebuild reconfigure reinstall reject rename replace "
        "rescue reset resize restart restore resume revert rotate save scale set share shelve shutdown start "
        "stop suspend swap switch sync tag toggle transfer unfreeze unlock unpause unrescue unset unshelve "
        "update upgrade whitelist"
    ),
}
_EFFECT_OF = {verb: effect for effect, verbs in _VERBS.items() for verb in verbs.split()}

_NOUNS = {
    "node": "server servers instance instances droplet linode virtual_machine vm node nodes device cloud_server",
    "volume": "volume disk block_storage",
    "snapshot": "snapshot volume_snapshot disk_snapshot",
    "image": "image template customer_image private_image",
    "address": "floating_ip floating_address address ip reserved_ip elastic_ip public_ip public_ip_address static_ip",
    "keypair": "keypair key_pair ssh_key ssh_key_pair keypairs",
    "balancer": "balancer load_balancer loadbalancer",
    "zone": "zone domain hosted_zone",
    "record": "record",
}
_KIND_OF = {noun: kind for kind, nouns in _NOUNS.items() for noun in nouns.split()}
_NAMES = ("name", "container_name", "object_name", "domain", "label", "hostname", "title", "base_name", "display_name")


@functools.cache
def role_of(method: str) -> Role:
    """Return what a driver's method of that name does."""
    known = _BASE.get(method)
    if known is not None:
        return known
    words = [word for word in re.sub(r"^ex_", "", method).split("_") if word]
    at = next((n for n, word in enumerate(words) if word in _EFFECT_OF), None)
    if at is None:
        return Role("")
    verb, rest = words[at], words[:at] + words[at + 1 :]
    effect = _EFFECT_OF[verb]
    if effect == READS and "create" in words:  # ex_get_or_create_…
        effect, rest = MAKES, words[words.index("create") + 1 :]
    if verb in ("clone", "copy") and "to" in rest:
        rest = rest[rest.index("to") + 1 :]
    noun = re.split(r"_(?:to|from|for|in|on|of|with|by|via)_", "_".join(rest) + "_")[0].strip("_")
    if effect == JOINS:  # two things of which both were there: nothing with an id, but a lost answer leaves doubt
        return Role(MAKES, "association", soft=True)
    soft = verb in ("add", "request", "run") or "tag" in noun
    return Role(effect, _KIND_OF.get(noun, noun.replace("_", "") or "thing"), "name", soft=soft)


@dataclass(eq=False, slots=True)
class Call:
    """One call of a driver's method, under way or over. `inside` is the call that it was made in."""

    driver: Any
    method: str
    role: Role
    names: tuple[str, ...]
    of: Any = None
    inside: Call | None = None
    error: BaseException | None = None
    replaces: bool | None = False

    def within(self, other: Call) -> bool:
        """Whether this is `other` or was called in it."""
        call: Call | None = self
        while call is not None:
            if call is other:
                return True
            call = call.inside
        return False

    @property
    def work(self) -> Call:
        """The call that says what is being done: one that does not know is part of the one around it."""
        call = self
        while not call.role.effect and call.inside is not None:
            call = call.inside
        return call


def begin(
    driver: Any, method: str, function: Callable[..., Any], values: Any, named: Mapping[str, Any], inside: Call | None
) -> Call:
    """Return the call of `function`, a driver's bound method, with what its arguments tell."""
    role = role_of(method)
    given = _arguments(function, values, named) if role.effect not in ("", READS) else {}
    names: tuple[str, ...] = ()
    if role.effect == MAKES:
        for argument in (role.name, *_NAMES):
            value = given.get(argument)
            if isinstance(value, str) and value:
                names = (value,)
                break
            if isinstance(value, (list, tuple)) and value and all(isinstance(one, str) for one in value):
                names = tuple(value)
                break
    of = given.get(role.of) if role.of else None
    if of is None and role.effect == REMOVES:
        of = next(iter(given.values()), None)
    return Call(driver, method, role, names, of, inside)


def _arguments(function: Callable[..., Any], values: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    try:
        bound = _signature(getattr(function, "__func__", function)).bind_partial(None, *values, **named)
    except (TypeError, ValueError):  # the method itself will say so
        return dict(named)
    given = {name: value for n, (name, value) in enumerate(bound.arguments.items()) if n}
    for rest in ("kwargs", "ex_kwargs"):
        extra = given.pop(rest, None)
        if isinstance(extra, dict):
            given.update(extra)
    return given


@functools.lru_cache(4096)
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def id_of(thing: Any) -> str:
    """Return the id by which a libcloud object, or an id, is known; "" if it has none."""
    if isinstance(thing, (str, int)) and not isinstance(thing, bool):
        return str(thing)
    container = getattr(thing, "container", None)
    if container is not None and getattr(thing, "name", None):  # an object of a store
        return f"{container.name}/{thing.name}"
    for attribute in ("id", "uuid", "name", "ip"):
        value = getattr(thing, attribute, None)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""
