"""Destroy nodes, by their names or by a tag."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from wharfinger.script import AsyncTask, Cancelled, Failed
from wharfinger_compute.account import Account, opened, told
from wharfinger_compute.making import is_rate_limit
from wharfinger_compute.params import DESTROY_SCHEMA, RESULT_SCHEMA
from wharfinger_compute.providers import LISTED
from wharfinger_compute.results import result
from wharfinger_compute.sights import can_see, state_of
from wharfinger_libcloud.removal import is_gone
from wharfinger_libcloud.wording import said

__all__ = ["PARAMS_SCHEMA", "RESULT_SCHEMA", "RESUMABLE", "main"]

RESUMABLE = True
PARAMS_SCHEMA = DESTROY_SCHEMA
GONE_WITHIN = 300.0
"""Seconds that a node may take to be gone once the cloud accepted to destroy it."""
LOOKS = 2.0
"""Seconds between two looks whether it is gone; the first ones come sooner."""
WAITS = (0.2, 0.5, 1.0, 2.0)
"""Seconds before each further try of what the cloud did not do."""


async def main(task: AsyncTask) -> dict[str, Any]:
    """Destroy the nodes. Returns name and id of each; all are tried, whatever becomes of the others."""
    asked = dict(task.params)
    async with opened(task, asked["profile"], workers=asked.get("concurrency", 16)) as account:

        async def look() -> list[dict[str, str]]:
            """Choose."""
            return [{"name": node.name, "id": str(node.id)} for node in _chosen(account, asked, await _alive(account))]

        # Once only: when the task resumes, some of them are gone.
        chosen: list[dict[str, str]] = await task.once("chosen", look)
        alive = {str(node.id): node for node in await _alive(account)}
        failed: list[str] = []
        with task.step("destroy nodes", total=len(chosen), unit="nodes") as step:

            async def one(about: Mapping[str, str]) -> None:
                """Destroy one."""
                node = alive.get(about["id"])
                if node is not None:
                    why = await _destroy(task, account, node, asked.get("gone_timeout", GONE_WITHIN))
                    if why:
                        failed.append(f"{about['name']} ({about['id']}): {why}")
                        return
                step.advance(message=about["name"])

            await asyncio.gather(*map(one, chosen))
    if task.cancelled:
        raise Cancelled("the task was asked to stop")
    if failed:
        raise Failed(
            f"{len(failed)} of {len(chosen)} nodes were not destroyed: {'; '.join(failed[:3])}",
            reason="NOT_DESTROYED",
            retryable=True,
            metadata={"count": str(len(failed))},
        )
    return result(chosen)


async def _alive(account: Account) -> list[Any]:
    from libcloud.compute.types import NodeState

    try:
        listed = await account.driver.list_nodes(**LISTED.get(account.provider, {}))
    except Exception as error:
        raise told(account.profile, error) from error
    return [node for node in listed if node.state != NodeState.TERMINATED]


def _chosen(account: Account, asked: Mapping[str, Any], alive: list[Any]) -> list[Any]:
    if "tags" in asked:
        return _tagged(account, asked["tags"], alive)
    found = []
    for name in asked["names"]:
        same = [node for node in alive if node.name == name]
        if len(same) != 1:
            why = f"{len(same)} nodes have it; destroy them by a tag" if same else "there is no such node"
            raise Failed(
                f"name {name!r}: {why}. Nothing was destroyed",
                reason="AMBIGUOUS_NAME" if same else "UNKNOWN_NODE",
                code=9 if same else 5,
                metadata={"name": name},
            )
        found += same
    return found


_TAGGED = ("tags", "metadata", "labels", "tag")
"""Where libcloud's nodes have their tags, in `extra`."""


def _tagged(account: Account, wanted: Mapping[str, str], alive: list[Any]) -> list[Any]:
    """Return the nodes that have all of the tags. Raises Failed: NOT_SUPPORTED, UNKNOWN_NODE."""
    if alive and not any(name in node.extra for node in alive for name in _TAGGED):
        why = f"libcloud does not tell the tags of nodes at {account.provider}; destroy them by their names"
        raise Failed(why, reason="NOT_SUPPORTED", code=12, metadata={"feature": "tags", "provider": account.provider})
    found = [node for node in alive if all(_has(node, *tag) for tag in wanted.items())]
    if not found:
        said = ", ".join(f"{name}={value}" for name, value in wanted.items())
        why = f"no node of profile {account.profile!r} has {said}. Nothing was destroyed"
        raise Failed(why, reason="UNKNOWN_NODE", code=5, metadata={"name": said})
    return found


def _has(node: Any, name: str, value: str) -> bool:
    """Whether it has the tag; a tag that is a mere text is `name:value`, `name=value`, or a name without a value."""
    for key in _TAGGED:
        there = node.extra.get(key)
        if isinstance(there, Mapping):
            if name in there and str(there[name]) == value:
                return True
        elif there:
            texts = {there} if isinstance(there, str) else {str(one) for one in there}
            if texts & ({f"{name}:{value}", f"{name}={value}"} if value else {name}):
                return True
    return False


async def _destroy(task: AsyncTask, account: Account, node: Any, within: float) -> str:
    """Destroy it; return why it could not be done, "" if it is gone."""
    why = ""
    for wait in (*WAITS, None):
        if task.cancelled:
            return "the task was asked to stop"
        try:
            if await account.driver.destroy_node(node):
                return await _gone(task, account, str(node.id), within)
            why = "the cloud answered that it did not"
        except Exception as error:  # noqa: BLE001 - told at the end, after the others were tried
            if is_gone(error):
                return ""
            why = f"{type(error).__name__}: {said(error)[:200]}"
            status = getattr(error, "code", None)
            if isinstance(status, int) and 400 <= status < 500 and not is_rate_limit(error):
                return why
        if wait is not None:
            await asyncio.sleep(wait)
    return why


async def _gone(task: AsyncTask, account: Account, node: str, within: float) -> str:
    """Look at a node that the cloud accepted to destroy, by its id, until it is gone; return why it is not, or ""."""
    if not within or not can_see(account.provider, "node"):
        return ""
    until, pause = time.monotonic() + within, 0.1
    while True:
        try:
            state = await state_of(account, "node", node)
            if state is None:
                return ""
            why = f"the cloud accepted to destroy it, and it is still there, in state {state}"
        except Exception as error:  # noqa: BLE001 - the next look may tell
            why = f"the cloud accepted to destroy it, and can't tell whether it is gone: {said(error)[:200]}"
        if task.cancelled or time.monotonic() + pause > until:
            return why
        await asyncio.sleep(pause)
        pause = min(pause * 2, LOOKS)
