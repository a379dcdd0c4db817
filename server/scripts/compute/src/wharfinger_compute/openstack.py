"""Floating addresses and limits of OpenStack, so that what was allocated is found again by its description."""

from __future__ import annotations

from typing import Any

from wharfinger_libcloud.markings import TAG
from wharfinger_libcloud.removal import is_gone

_PATH = "/v2.0/floatingips"


def _mark(token: str) -> str:
    return f"{TAG}-{token}"


def _addresses(driver: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = driver.network_connection.request(_PATH).object["floatingips"]
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


def has_address(driver: Any, node: Any, address: str) -> bool:
    """Return whether `address` is at `node`; False where either is gone."""
    found = next((one for one in _addresses(driver) if str(one["id"]) == address), None)
    return found is not None and _holds(driver, node, found.get("port_id"))


def associate_address(driver: Any, node: Any, address: str) -> str:
    """Give a node an address; return `address:node`. Raises LookupError where the node has no port to put it at."""
    ports = driver.ex_get_node_ports(node)
    if not ports:
        raise LookupError(f"node {node.id} has no port in any network")
    _point(driver, address, ports[0].id)
    return f"{address}:{node.id}"


def disassociate_address(driver: Any, node: Any, address: str) -> None:
    """Take an address from `node`; nothing where another has it, or nobody."""
    if has_address(driver, node, address):
        _point(driver, address, None)


def _point(driver: Any, address: str, port: str | None) -> None:
    body = {"floatingip": {"port_id": port}}
    driver.network_connection.request(f"{_PATH}/{address}", method="PUT", data=body)


def most_nodes(driver: Any) -> int | None:
    """Return how many servers the project may have, None for any number. Raises LookupError where it isn't told."""
    most = int(driver.connection.request("/limits").object["limits"]["absolute"]["maxTotalInstances"])
    return most if most >= 0 else None
