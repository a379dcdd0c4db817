"""Time as the server counts it: whole microseconds, and the clock that the engine goes by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

SECOND = 1_000_000
"""Microseconds."""


def now() -> int:
    """Return the time of day by this machine's clock, in microseconds since the epoch."""
    return time.time_ns() // 1000


def microseconds(seconds: float) -> int:
    """Return a duration or time in seconds as whole microseconds."""
    return int(seconds * SECOND)


def as_text(moment: int) -> str:
    """Return a time of day as people read it: ISO 8601, UTC, whole seconds."""
    return datetime.fromtimestamp(moment / SECOND, UTC).isoformat(timespec="seconds")


class Alarm(Protocol):
    """A call that is to come; the event loop's own handles are such."""

    def cancel(self) -> None:
        """Have it not come."""
        ...


class Clock:
    """What the engine knows of time, and how it waits. All that waits in the engine asks its one clock.

    `wall` returns the time of day, which may be set at any moment; `steady` a time that nobody sets and that goes on
    while the machine sleeps (rule 33). Both are in microseconds. A test gives the engine a clock that it moves by hand.
    """

    __slots__ = ("steady", "wall")

    def __init__(self, steady: Callable[[], int], wall: Callable[[], int] = now) -> None:
        self.steady = steady
        self.wall = wall

    def call_later(self, delay: int, act: Callable[..., object], *arguments: Any) -> Alarm:
        """Have `act` called on the running event loop `delay` microseconds from now; at once if that is not positive.

        The loop's own time stands while the machine sleeps: the call may come late by as much, and early by a trifle.
        """
        return asyncio.get_running_loop().call_later(max(0, delay) / SECOND, act, *arguments)

    async def sleep(self, delay: int) -> None:
        """Return `delay` microseconds from now."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self.call_later(delay, _settle, over)
        try:
            await over
        finally:
            alarm.cancel()


def _settle(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)
