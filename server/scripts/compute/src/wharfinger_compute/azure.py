"""Azure's network interfaces as things of their own, and its machines looked at and deleted by their ids.

Libcloud's `create_node` makes an interface on the way, which is left where the machine is refused then. Here it is made
first, under its own key. Both are named by paths, and a repeated PUT makes no second one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wharfinger_libcloud.removal import is_gone

DEFAULTS: Mapping[str, Any] = {"ex_use_managed_disks": True, "ex_os_disk_delete": True}
"""What machines are given unless a storage account is named: their disk goes with them."""

_NETWORK, _COMPUTE = "2018-06-01", "2021-11-01"
"""Versions of the API."""


def interface_id(driver: Any, name: str, group: str) -> str:
    """Return the path of the interface of the node `name` in a resource group."""
    where = f"/subscriptions/{driver.subscription_id}/resourceGroups/{group}/providers"
    return f"{where}/Microsoft.Network/networkInterfaces/{name}-nic"


def create_interface(driver: Any, name: str, given: Mapping[str, Any]) -> str:
    """Make the interface of the node `name` in the network that `given`, the node's keywords, says; return its path."""
    from libcloud.compute.drivers import azure_arm

    group, subnet = given["ex_resource_group"], given.get("ex_subnet") or "default"
    where = f"/subscriptions/{driver.subscription_id}/resourceGroups/{group}/providers"
    path = f"{where}/Microsoft.Network/virtualnetworks/{given['ex_network']}/subnets/{subnet}"
    kinds: Any = azure_arm
    made = driver.ex_create_network_interface(
        f"{name}-nic", kinds.AzureSubnet(path, subnet, {}), group, given.get("location")
    )
    return str(made.id)


def with_interface(given: Mapping[str, Any], interface: str) -> dict[str, Any]:
    """Return the keywords of a node that is to have the interface with that path."""
    from libcloud.compute.drivers import azure_arm

    left = {name: value for name, value in given.items() if name not in ("ex_network", "ex_subnet")}
    kinds: Any = azure_arm
    return {**left, "ex_nic": kinds.AzureNic(interface, interface.rpartition("/")[2], "", {})}


def _state(driver: Any, path: str, version: str) -> str:
    found = driver.connection.request(path, params={"api-version": version}).object
    return str(found.get("properties", {}).get("provisioningState") or "there")


def node_state(driver: Any, one: str) -> str:
    """Return the provider's word for the state of a machine; raises what is_gone knows where there is none."""
    return _state(driver, one, _COMPUTE)


def interface_state(driver: Any, one: str) -> str:
    """Return the provider's word for the state of an interface; raises what is_gone knows where there is none."""
    return _state(driver, one, _NETWORK)


def delete_node(driver: Any, one: str) -> bool:
    """Have a machine deleted; return whether there was one."""
    return _delete(driver, one, _COMPUTE)


def delete_interface(driver: Any, one: str) -> bool:
    """Have an interface deleted; return whether there was one."""
    return _delete(driver, one, _NETWORK)


def _delete(driver: Any, path: str, version: str) -> bool:
    try:
        answer = driver.connection.request(path, params={"api-version": version}, method="DELETE")
    except Exception as error:
        # The driver takes 202, the common answer, for an error.
        if getattr(error, "code", None) == 202:
            return True
        if getattr(error, "code", None) == 204 or is_gone(error):
            return False
        raise
    return int(answer.status) != 204
