"""What the compute scripts make; how each is found again and undone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from libcloud.compute.types import NodeState

from wharfinger.script import AsyncTask, Failed, Resource, ResourceType
from wharfinger_compute.account import Account, opened
from wharfinger_compute.making import as_node, is_rate_limit, volume_name
from wharfinger_compute.providers import FLOATING
from wharfinger_libcloud import Created
from wharfinger_libcloud.markings import MARKINGS, TAG
from wharfinger_libcloud.removal import remove
from wharfinger_libcloud.wording import said

NODE, VOLUME, ADDRESS = "node", "volume", "address"
ATTACHMENT, ASSOCIATION = "attachment", "association"
_OTHERS = "compute"
_IN_USE = re.compile(r"in.?use|not detached|currently attached", re.IGNORECASE)


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
        if kind == ADDRESS:
            floating = FLOATING[account.provider]
            found: list[str] = await account.driver.run(lambda driver: floating.addresses_of(driver, resource.token))
            return found
        return await _links(account, resource, kind)


async def _nodes(account: Account, resource: Resource) -> list[str]:
    options = {"ex_filters": {f"tag:{TAG}": resource.token}} if account.provider == "ec2" else {}
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
    return next((volume for volume in await account.driver.list_volumes() if str(volume.id) == one), None)


async def undo(task: AsyncTask, resource: Resource) -> None:
    """Remove what `resource` is about; what is gone already needs nothing."""
    kind = resource.type.rpartition(".")[2]
    async with opened(task, resource.profile, workers=1) as account:
        await _patiently(lambda: _undo(account, resource, kind))


async def _undo(account: Account, resource: Resource, kind: str) -> None:
    if kind == ASSOCIATION:
        one, holder = resource.undo_data["one"], as_node(resource.undo_data["node"])
        floating = FLOATING[account.provider]
        await account.driver.run(lambda driver: floating.disassociate_address(driver, holder, one))
    elif kind == ATTACHMENT:
        volume = await _volume(account, resource.undo_data["one"])
        # Only from the node it was attached to: somebody may have moved it.
        if volume is not None and resource.undo_data["node"] in str(volume.extra):
            await account.driver.detach_volume(volume)
    elif kind == NODE:
        node = as_node(resource.external_id, resource.attributes.get("name", ""))
        await account.driver.run(lambda driver: remove(driver, Created(kind, resource.external_id, node.name)))
    else:
        await account.driver.run(lambda driver: remove(driver, Created(kind, resource.external_id)))


async def _patiently(work: Callable[[], Awaitable[None]]) -> None:
    """Do it; wait a little where the cloud says "not now", as while a volume is being detached."""
    for wait in (0.2, 0.5, 1, 2, 4, 8, 16, None):
        try:
            await work()
        except Exception as error:
            if wait is None or not (is_rate_limit(error) or _IN_USE.search(said(error))):
                raise
            await asyncio.sleep(wait)
        else:
            return
