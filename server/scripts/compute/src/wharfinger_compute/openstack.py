"""Floating addresses and limits of OpenStack, so that what was allocated is found again by its description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wharfinger_libcloud.markings import TAG
from wharfinger_libcloud.removal import is_gone

_PATH = "/v2.0/floatingips"


def _mark(token: str) -> str:
    return f"{TAG}-{token}"


def _addresses(driver: Any, **wanted: str) -> list[dict[str, Any]]:
    """Return the addresses that are as `wanted`, from all pages of the list."""
    found: list[dict[str, Any]] = []
    path, params = _PATH, wanted
    while path:
        answer = driver.network_connection.request(path, params=params).object
        found += answer["floatingips"]
        path, params = _next(answer.get("floatingips_links") or [])
    return found


def _next(links: list[dict[str, str]]) -> tuple[str, dict[str, str]]:
    """Return path and parameters of the next page, "" if this was the last one."""
    following = next((link["href"] for link in links if link.get("rel") == "next"), "")
    # The address of a proxy may stand in it: what counts is what it asks for.
    return (_PATH, dict(parse_qsl(urlsplit(following).query))) if following else ("", {})


def _address(driver: Any, one: str) -> dict[str, Any] | None:
    """Return the address with the id `one`, None where there is none."""
    try:
        found: dict[str, Any] = driver.network_connection.request(f"{_PATH}/{one}").object["floatingip"]
    except Exception as error:
        if is_gone(error):
            return None
        raise
    return found


def _holds(driver: Any, node: Any, port: str | None) -> bool:
    if not port:
        return False
    try:
        return port in {one.id for one in driver.ex_get_node_ports(node)}
    except Exception as error:
        if is_gone(error):
            return False
        raise


def pools(driver: Any) -> list[Any]:
    """Return the networks that addresses come from; each has an id and a name."""
    found: list[Any] = driver.ex_list_floating_ip_pools()
    return found


def allocate_address(driver: Any, name: str, token: str, pool: str) -> str:
    """Allocate an address of the network `pool` (its id); return its id. Its description holds the token."""
    asked = {"floating_network_id": pool, "description": f"{_mark(token)} {name}"}
    answer = driver.network_connection.request(_PATH, method="POST", data={"floatingip": asked}).object
    return str(answer["floatingip"]["id"])


def addresses_of(driver: Any, token: str) -> list[str]:
    """Return the ids of the addresses that carry `token`."""
    return [str(one["id"]) for one in _addresses(driver) if _mark(token) in str(one.get("description")).split()]


def release_address(driver: Any, one: str) -> None:
    """Release the address with the id `one`."""
    driver.network_connection.request(f"{_PATH}/{one}", method="DELETE")


def node_state(driver: Any, one: str) -> str:
    """Return the status of the server `one`."""
    return str(driver.connection.request(f"/servers/{one}").object["server"]["status"])


def volume_state(driver: Any, one: str) -> str:
    """Return the status of the volume `one`."""
    return str(driver.ex_get_volume(one).extra["state"])


def address_state(driver: Any, one: str) -> str | None:
    """Return the status of the address `one`, None where there is none."""
    found = _address(driver, one)
    return None if found is None else str(found.get("status") or "ALLOCATED")


def attachment_state(driver: Any, attachment: str) -> str:
    """Return "attached" where the volume of `volume:node` is at the node."""
    volume, _, node = attachment.partition(":")
    driver.connection.request(f"/servers/{node}/os-volume_attachments/{volume}")
    return "attached"


def association_state(driver: Any, association: str) -> str | None:
    """Return "associated" where the address of `address:node` is at the node, None where it isn't."""
    address, _, node = association.partition(":")
    return "associated" if has_address(driver, _Known(node), address) else None


@dataclass(frozen=True)
class _Known:
    """A server of which the id is known."""

    id: str


def has_address(driver: Any, node: Any, address: str) -> bool:
    """Return whether `address` is at `node`; False where either is gone."""
    found = _address(driver, address)
    return found is not None and _holds(driver, node, found.get("port_id"))


def associate_address(driver: Any, node: Any, address: str) -> str:
    """Give a node an address; return `address:node`. Raises LookupError where the node has no port to put it at."""
    ports = driver.ex_get_node_ports(node)
    if not ports:
        raise LookupError(f"node {node.id} has no port in any network")
    _point(driver, address, ports[0].id)
    return f"{address}:{node.id}"


def disassociate_address(driver: Any, node: Any, address: str) -> bool:
    """Take an address from `node`; return False, and do nothing, where another has it, or nobody."""
    there = has_address(driver, node, address)
    if there:
        _point(driver, address, None)
    return there


def _point(driver: Any, address: str, port: str | None) -> None:
    body = {"floatingip": {"port_id": port}}
    driver.network_connection.request(f"{_PATH}/{address}", method="PUT", data=body)


def most_nodes(driver: Any) -> int | None:
    """Return how many servers the project may have, None for any number. Raises LookupError where it isn't told."""
    most = int(driver.connection.request("/limits").object["limits"]["absolute"]["maxTotalInstances"])
    return most if most >= 0 else None
