"""A clock that a test moves by hand, so that what takes hours in a server takes no time in a test."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from wharfinger_server.domain.timing import SECOND, Alarm, Clock
from wharfinger_server.store.store import SteadyClock

TURNS = 20
"""How many turns of the event loop what was woken has before the next alarm."""


class _Call:
    """A call that is to come."""

    def __init__(self, act: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self.act: Callable[..., object] | None = act
        self.arguments = arguments

    def cancel(self) -> None:
        """Have it not come."""
        self.act = None


class MovedClock(Clock):
    """A wall and a steady clock that stand still but for `move`, and a wall clock that `step` sets besides."""

    def __init__(self, epoch: int = 1_800_000_000 * SECOND) -> None:
        self._passed, self._ahead = SECOND, epoch
        self._calls: list[tuple[int, int, _Call]] = []
        self._numbers = count()
        super().__init__(lambda: self._passed, lambda: self._passed + self._ahead)

    @property
    def of_store(self) -> SteadyClock:
        """The steady clock, as a store takes it."""
        return SteadyClock("moved by hand", self.steady)

    def call_later(self, delay: int, act: Callable[..., object], *arguments: Any) -> Alarm:
        """Have `act` called by the `move` that moves this clock on by `delay`."""
        call = _Call(act, arguments)
        heapq.heappush(self._calls, (self._passed + max(0, delay), next(self._numbers), call))
        return call

    def step(self, by: int) -> None:
        """Set the wall clock."""
        self._ahead += by

    async def move(self, by: int) -> None:
        """Let `by` microseconds pass: each call comes at its moment, and what it wakes has a few turns then."""
        await self._turns()  # whatever is about to wait waits from now on
        end = self._passed + by
        while self._calls and self._calls[0][0] <= end:
            when, _, call = heapq.heappop(self._calls)
            self._passed = max(self._passed, when)
            if call.act is not None:
                call.act(*call.arguments)
                await self._turns()
        self._passed = end
        await self._turns()

    @staticmethod
    async def _turns() -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)
