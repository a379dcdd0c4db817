"""The calls that make one thing, and what their errors mean to the ledger."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from wharfinger.script import AsyncIntent, Refused
from wharfinger_compute import ec2
from wharfinger_compute.account import Account
from wharfinger_compute.providers import BY_ID
from wharfinger_libcloud.wording import said

if TYPE_CHECKING:
    from libcloud.compute.base import Node, StorageVolume

    from wharfinger_libcloud import PartialFailureError

TRIES = 5
LONGEST_WAIT = 30.0
"""Seconds that a cloud may ask to wait before the next try; for more it is left to the task's own retries."""
_RATE = re.compile(r"RequestLimitExceeded|Throttl|rate.?limit|too many requests", re.IGNORECASE)
_QUOTA = re.compile(
    r"quota|LimitExceeded|limit exceeded|exceed your \w+ limit|InsufficientInstanceCapacity", re.IGNORECASE
)
_TERMINATED = "IdempotentInstanceTerminated"
# The token was used with other arguments: something may well exist for it.
_MISMATCH = re.compile(r"IdempotentParameterMismatch|IdempotentParamError")


async def make(intent: AsyncIntent, kind: str, call: Callable[[], Awaitable[Any]]) -> str | None:
    """Return the id of the `kind` ("node", "volume", "address") that `call` makes, or None where `intent` has it.

    What was made though the call failed is reported at once. Raises Refused where the cloud says that it made nothing,
    and PartialFailureError where nobody knows.
    """
    from wharfinger_libcloud import PartialFailureError

    for wait in range(TRIES):
        try:
            made = await call()
        except PartialFailureError as partial:
            if await _report(intent, kind, partial):
                return None
            raise
        except asyncio.CancelledError as cancelled:
            if isinstance(cancelled.__cause__, PartialFailureError):
                await _report(intent, kind, cancelled.__cause__)
            raise
        except Exception as error:
            if _MISMATCH.search(f"{type(error).__name__} {said(error)}"):
                raise
            # Nothing is half-way, so the journal of the call vouches that nothing was made.
            asked = float(getattr(error, "retry_after", 0) or 0)
            if not is_rate_limit(error) or wait + 1 == TRIES or asked > LONGEST_WAIT:
                raise refused(error) from error
            await asyncio.sleep(max(asked, random.uniform(0.5, 1) * 0.2 * 2**wait))  # noqa: S311 - jitter
        else:
            return str(made if isinstance(made, str) else made.id)
    return None


async def _report(intent: AsyncIntent, kind: str, partial: PartialFailureError) -> bool:
    found = [one for one in partial.created if one.kind == kind]
    for one in found:
        await intent.created(one.id)
    return bool(found)


def is_rate_limit(error: BaseException) -> bool:
    """Return whether the cloud says that there were too many requests."""
    return getattr(error, "code", None) == 429 or bool(_RATE.search(said(error)))


def refused(error: Exception) -> Refused:
    """Return the provider's definite answer as the ledger takes it."""
    text = f"{type(error).__name__}: {said(error)[:300]}"
    if _TERMINATED in text:
        return Refused(text, reason="TOKEN_TERMINATED", terminated=True, retryable=True)
    if is_rate_limit(error):
        return Refused(text, reason="RATE_LIMITED", retryable=True)
    if _QUOTA.search(text):
        return Refused(text, reason="QUOTA_EXCEEDED")
    return Refused(text, reason="CLOUD_REFUSED", retryable=isinstance(error, OSError))


def as_node(external_id: str, name: str = "") -> Node:
    """Return a Node of which the id is known."""
    from libcloud.compute.base import Node
    from libcloud.compute.types import NodeState

    return Node(external_id, name, NodeState.UNKNOWN, [], [], None, extra={})


def as_volume(external_id: str) -> StorageVolume:
    """Return a StorageVolume of which the id is known."""
    from libcloud.compute.base import StorageVolume

    no_driver: Any = None
    return StorageVolume(external_id, "", 0, no_driver, extra={})


def volume_name(name: str, token: str) -> str:
    """Return a volume's name: where there is no tag it is what tells ours."""
    return f"{name}-{token[-12:]}"


async def create_volume(account: Account, name: str, size: int, location: Any, token: str) -> str:
    """Make a volume of `size` GB marked with `token`; return its id."""
    if account.provider == "ec2":
        found: str = await account.driver.run(lambda driver: ec2.create_volume(driver, name, size, location, token))
        return found
    # OpenStack's one location is no place.
    where = {"location": location} if location is not None and account.provider != "openstack" else {}
    volume = await account.driver.create_volume(size, volume_name(name, token), **where)
    return str(volume.id)


async def attach_volume(account: Account, node: str, volume: str, number: int) -> str:
    """Attach a volume as the `number`th (from 0) of a node; return the attachment's id, `volume:node`."""
    device = {"device": f"/dev/sd{chr(ord('f') + number)}"} if account.provider == "ec2" else {}
    known = as_volume(volume)
    if account.provider not in BY_ID:
        known = next((one for one in await account.driver.list_volumes() if str(one.id) == volume), known)
    await account.driver.attach_volume(as_node(node), known, **device)
    return f"{volume}:{node}"
