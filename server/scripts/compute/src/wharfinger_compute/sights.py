"""Looks at one thing by its id: what the provider calls its state, or that it denies it. Never by a list (rule 27)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wharfinger.script import Failed
from wharfinger_compute import azure, ec2, openstack
from wharfinger_compute.account import Account
from wharfinger_libcloud.removal import is_gone

Sight = Callable[[Any, str], str | None]
"""Takes libcloud's driver and an id; returns the provider's word for the thing's state, None where it denies it."""

THERE = "there"
"""The state of what has none of its own."""


def _digitalocean_node(driver: Any, one: str) -> str:
    return str(driver.ex_get_node_details(one).state)


def _linode_node(driver: Any, one: str) -> str:
    return str(driver.ex_get_node(one).state)


def _vultr_node(driver: Any, one: str) -> str:
    try:
        found: dict[str, Any] = driver.connection.request(f"/v2/instances/{one}").object["instance"]
    except Exception as error:
        if not is_gone(error):
            raise
        # Nobody knows whether it is of metal.
        found = driver.connection.request(f"/v2/bare-metals/{one}").object["bare_metal"]
    return str(found.get("status") or THERE)


def _vultr_volume(driver: Any, one: str) -> str:
    return str(driver.connection.request(f"/v2/blocks/{one}").object["block"].get("status") or THERE)


def _vultr_attachment(driver: Any, one: str) -> str | None:
    volume, _, node = one.partition(":")
    found = driver.connection.request(f"/v2/blocks/{volume}").object["block"]
    return THERE if found.get("attached_to_instance") == node else None


_SIGHTS: dict[tuple[str, str], Sight] = {
    ("azure_arm", "node"): azure.node_state,
    ("azure_arm", "interface"): azure.interface_state,
    ("digitalocean", "node"): _digitalocean_node,
    ("ec2", "node"): ec2.node_state,
    ("ec2", "volume"): ec2.volume_state,
    ("ec2", "address"): ec2.address_state,
    ("ec2", "attachment"): ec2.attachment_state,
    ("ec2", "association"): ec2.association_state,
    ("linode", "node"): _linode_node,
    ("openstack", "node"): openstack.node_state,
    ("openstack", "volume"): openstack.volume_state,
    ("openstack", "address"): openstack.address_state,
    ("openstack", "attachment"): openstack.attachment_state,
    ("openstack", "association"): openstack.association_state,
    ("vultr", "node"): _vultr_node,
    ("vultr", "volume"): _vultr_volume,
    ("vultr", "attachment"): _vultr_attachment,
}


def can_see(provider: str, kind: str) -> bool:
    """Return whether a `kind` at `provider` can be looked at by its id."""
    return (provider, kind) in _SIGHTS


async def state_of(account: Account, kind: str, one: str) -> str | None:
    """Return the provider's word for the state of the `kind` with the id `one`, None where it denies that.

    Raises Failed NOT_SUPPORTED where the provider can't be asked so, and what the driver raises where it can't tell.
    """
    sight = _SIGHTS.get((account.provider, kind))
    if sight is None:
        why = f"{account.provider} has no look at a {kind} by its id"
        raise Failed(why, reason="NOT_SUPPORTED", metadata={"feature": "exists"})
    try:
        found: str | None = await account.driver.run(lambda driver: sight(driver, one))
    except Exception as error:
        if is_gone(error):
            return None
        raise
    return found
