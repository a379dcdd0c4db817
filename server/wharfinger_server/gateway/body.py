"""A request's body, read within limits, and the caller who hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from wharfinger_server.gateway.codes import Code, ended
from wharfinger_server.gateway.envelopes import too_large

Receive = Callable[[], Awaitable[dict[str, Any]]]

PATIENCE = 60.0
"""Seconds that a caller may take for the next piece of a body."""


class HungUp(grpc.aio.AbortError):
    """The caller is gone."""


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """Yield a body as it comes. Raises HungUp, and Ended where nothing more comes."""
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                event = await receive()
        except TimeoutError:
            raise ended(
                Code.DEADLINE_EXCEEDED, f"the request's body did not go on for {PATIENCE:.0f} seconds"
            ) from None
        if event["type"] == "http.disconnect":
            raise HungUp
        if event.get("body"):
            yield event["body"]
        if not event.get("more_body"):
            return


async def whole(receive: Receive, limit: int) -> bytes:
    """Return a body of up to `limit` bytes. Raises as `pieces`, and Ended for a larger one.

    Some of what is too much is read all the same: who still writes hears no answer.
    """
    read: list[bytes] = []
    size = 0
    async for piece in pieces(receive):
        size += len(piece)
        if size <= limit:
            read.append(piece)
        elif size > 4 * limit:
            break
        else:
            read.clear()
    if size > limit:
        raise too_large(limit)
    return b"".join(read)


async def gone(receive: Receive) -> None:
    """Return when the caller hangs up; the body has been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
