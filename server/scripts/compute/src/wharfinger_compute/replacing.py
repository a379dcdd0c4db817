"""Replacing a node that an earlier attempt made and that came out broken: it is undone, and its key is free again."""

from __future__ import annotations

import asyncio
import time

from wharfinger.runtime.protocol import Rejected
from wharfinger.script import ACCEPTED, AsyncTask, Failed, Resource, Unconfirmed
from wharfinger_compute.account import Account
from wharfinger_compute.resources import undo
from wharfinger_compute.sights import can_see, state_of

WITHIN = 60.0
"""Seconds that the cloud may take to have it gone; a call that removes has 90."""
LOOKS = 1.0
"""Seconds between two looks. Two that deny it in a row count: it was seen by its id a moment before."""


async def take_away(task: AsyncTask, account: Account, node: str) -> None:
    """Undo the node with the key `node`.

    Raises Failed (NODE_FAILED): where volumes or an address hang on it, which it had while it ran; retryable where the
    cloud does not have it gone in time.
    """

    async def gone(resource: Resource) -> Unconfirmed | None:
        """Delete it, and look until it is gone."""
        said = await undo(task, resource)
        if said is None or not can_see(account.provider, "node"):
            return said
        return None if await _denied(account, resource.external_id) else ACCEPTED

    try:
        removed = await task.remove(node, gone)
    except Rejected as error:
        why = f"{node} failed at the provider after it had run: {error.failure.message}; roll the task back"
        raise Failed(why, reason="NODE_FAILED", metadata={"key": node}) from None
    if not removed:
        why = f"{node} failed at the provider, which has accepted to delete it and still shows it; resume makes it anew"
        raise Failed(why, reason="NODE_FAILED", retryable=True, metadata={"key": node})


async def _denied(account: Account, one: str) -> bool:
    until, denied = time.monotonic() + WITHIN, 0
    while time.monotonic() < until:
        denied = denied + 1 if await state_of(account, "node", one) is None else 0
        if denied == 2:
            return True
        await asyncio.sleep(LOOKS)
    return False
