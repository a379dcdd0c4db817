"""The resource types of the compute scripts: how each is found again and undone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from wharfinger.script import ACCEPTED, NOT_FOUND, AsyncTask, Failed, Resource, ResourceType, Unconfirmed
from wharfinger_compute import azure
from wharfinger_compute.account import Account, opened
from wharfinger_compute.making import as_node, is_rate_limit, refused, volume_name
from wharfinger_compute.providers import FLOATING, INTERFACES, LISTED
from wharfinger_compute.sights import can_see, state_of
from wharfinger_libcloud.markings import MARKINGS, TAG
from wharfinger_libcloud.removal import is_gone, remove
from wharfinger_libcloud.wording import said

NODE, VOLUME, ADDRESS, INTERFACE = "node", "volume", "address", "interface"
ATTACHMENT, ASSOCIATION = "attachment", "association"
_OTHERS = "compute"
_OWN_WAYS: dict[tuple[str, str], Callable[[Any, str], bool]] = {
    ("azure_arm", NODE): azure.delete_node,
    ("azure_arm", INTERFACE): azure.delete_interface,
}
"""Where the driver's own way does more than one thing, or waits."""
_IN_USE = re.compile(r"in.?use|NicInUse|not detached|currently attached", re.IGNORECASE)


def type_of(provider: str, kind: str) -> str:
    """Return the resource type of a `kind` at `provider`: "ec2.node"; "compute.node" where the table has no provider.

    Types carry the provider's name because what a repeated call does depends on it.
    """
    return f"{provider if provider in MARKINGS else _OTHERS}.{kind}"


def _types() -> dict[str, ResourceType]:
    found = {}
    for provider in (*MARKINGS, _OTHERS):
        once = provider in MARKINGS and MARKINGS[provider].idempotent
        found[f"{provider}.{NODE}"] = ResourceType(idempotent=once, call_timeout=90, settling=30)
        found[f"{provider}.{VOLUME}"] = ResourceType(idempotent=provider == "ec2", call_timeout=90, settling=30)
        found[f"{provider}.{ADDRESS}"] = ResourceType(call_timeout=90, settling=30)
        if provider in INTERFACES:
            found[f"{provider}.{INTERFACE}"] = ResourceType(idempotent=True, call_timeout=90, settling=30)
        # Two things can't be attached to each other twice.
        for kind in (ATTACHMENT, ASSOCIATION):
            found[f"{provider}.{kind}"] = ResourceType(idempotent=True, call_timeout=90, settling=30)
    return found


RESOURCE_TYPES = _types()


async def find(task: AsyncTask, resource: Resource) -> list[str]:
    """Return the ids of what carries the token of `resource`. Raises Failed where its provider can't tell."""
    kind = resource.type.rpartition(".")[2]
    async with opened(task, resource.profile, workers=1) as account:
        if kind == NODE:
            return await _nodes(account, resource)
        if kind == VOLUME:
            return await _volumes(account, resource)
        if kind == INTERFACE:
            path = resource.undo_data["path"]
            return [path] if await state_of(account, kind, path) is not None else []
        if kind == ADDRESS:
            floating = FLOATING[account.provider]
            found: list[str] = await account.driver.run(lambda driver: floating.addresses_of(driver, resource.token))
            return found
        return await _links(account, resource, kind)


async def _nodes(account: Account, resource: Resource) -> list[str]:
    from libcloud.compute.types import NodeState

    ours = {"ex_filters": {f"tag:{TAG}": resource.token}}
    options: dict[str, Any] = ours if account.provider == "ec2" else {**LISTED.get(account.provider, {})}
    listed = await account.driver.list_nodes(**options)
    alive = [node for node in listed if node.state != NodeState.TERMINATED]
    if account.marks.tags:
        return [str(node.id) for node in alive if account.marks.carried(node) == resource.token]
    named = [str(node.id) for node in alive if node.name == resource.attributes.get("name")]
    if named:
        why = f"{account.provider} has no tags: {named[0]} has the name asked for, and nothing tells whether we made it"
        raise Failed(f"{why}; look at it, then resolve", reason="RESOURCE_UNCERTAIN", metadata={"key": resource.key})
    return []


async def _volumes(account: Account, resource: Resource) -> list[str]:
    if account.provider == "ec2":
        listed = await account.driver.list_volumes(ex_filters={f"tag:{TAG}": resource.token})
        return [str(volume.id) for volume in listed]
    wanted = volume_name(resource.attributes.get("name", ""), resource.token)
    return [str(volume.id) for volume in await account.driver.list_volumes() if volume.name == wanted]


async def _links(account: Account, resource: Resource, kind: str) -> list[str]:
    one, node = resource.undo_data["one"], resource.undo_data["node"]
    if kind == ASSOCIATION:
        floating = FLOATING[account.provider]
        there = await account.driver.run(lambda driver: floating.has_address(driver, as_node(node), one))
        return [f"{one}:{node}"] if there else []
    volume = await _volume(account, one)
    return [f"{one}:{node}"] if volume is not None and node in str(volume.extra) else []


async def _volume(account: Account, one: str) -> Any:
    """Return the volume with the id `one`, None where there is none; by its id where the provider can be asked so."""
    if account.provider in ("openstack", "vultr"):
        return await account.driver.run(lambda driver: _unless_gone(lambda: driver.ex_get_volume(one)))
    options = {"ex_filters": {"volume-id": one}} if account.provider == "ec2" else {}
    return next((volume for volume in await account.driver.list_volumes(**options) if str(volume.id) == one), None)


def _unless_gone(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as error:
        if is_gone(error):
            return None
        raise


async def exists(task: AsyncTask, resource: Resource) -> bool | str:
    """Look at what `resource` is about by its id: the provider's word for its state, or False.

    Raises Failed where its provider can't be asked so, and what libcloud raises where it can't tell.
    """
    kind = resource.type.rpartition(".")[2]
    async with opened(task, resource.profile, workers=1) as account:
        return await state_of(account, kind, resource.external_id) or False


async def undo(task: AsyncTask, resource: Resource) -> Unconfirmed | None:
    """Remove what `resource` is about; None where that is complete, ACCEPTED or NOT_FOUND where a look must show it."""
    kind = resource.type.rpartition(".")[2]
    async with opened(task, resource.profile, workers=1) as account:
        said = await _patiently(lambda: _undo(account, resource, kind))
        # Where nothing can be looked at by its id, the provider's word has to do.
        return said if can_see(account.provider, kind) else None


async def _undo(account: Account, resource: Resource, kind: str) -> Unconfirmed | None:
    if kind in (ATTACHMENT, ASSOCIATION):
        return await _take_apart(account, resource, kind)
    from wharfinger_libcloud import Created

    try:
        if kind == ADDRESS:
            release = FLOATING[account.provider].release_address
            await account.driver.run(lambda driver: release(driver, resource.external_id))
            return None  # which is done when it is answered
        own = _OWN_WAYS.get((account.provider, kind))
        if own is not None:
            there: bool = await account.driver.run(lambda driver: own(driver, resource.external_id))
            return ACCEPTED if there else NOT_FOUND
        thing = Created(kind, resource.external_id, resource.attributes.get("name", ""))
        removed = await account.driver.run(lambda driver: remove(driver, thing))
    except Exception as error:
        if is_gone(error):
            return NOT_FOUND
        raise
    return ACCEPTED if removed else NOT_FOUND


async def _take_apart(account: Account, resource: Resource, kind: str) -> Unconfirmed | None:
    one, node = resource.undo_data["one"], resource.undo_data["node"]
    if kind == ASSOCIATION:
        floating = FLOATING[account.provider]
        taken = await account.driver.run(lambda driver: floating.disassociate_address(driver, as_node(node), one))
        return None if taken else NOT_FOUND  # which is done when it is answered
    volume = await _volume(account, one)
    # Only from the node it was attached to: somebody may have moved it.
    if volume is None or node not in str(volume.extra):
        return NOT_FOUND
    await account.driver.detach_volume(volume)
    return ACCEPTED


async def _patiently(work: Callable[[], Awaitable[Unconfirmed | None]]) -> Unconfirmed | None:
    """Do it and return what it came to.

    Waits a little where the cloud says "not now", as while a volume is being detached. Raises Refused where it says so
    to the end.
    """
    for wait in (0.2, 0.5, 1, 2, 4, 8, 16, None):
        try:
            return await work()
        except Exception as error:
            if not (is_rate_limit(error) or _IN_USE.search(said(error))):
                raise
            if wait is None:  # it said no each time, so nothing is on its way
                raise refused(error) from error
            await asyncio.sleep(wait)
    raise AssertionError("the last wait is none")
