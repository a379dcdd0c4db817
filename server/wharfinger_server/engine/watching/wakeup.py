"""A wake-up call for one waiter, and the clock that all bells share."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count


class Clock:
    """Wakes bells whose time is up, by one timer for all: of thousands of watchers each waits anew with every event."""

    def __init__(self) -> None:
        self._alarms: list[tuple[float, int, Bell]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._set_for = 0.0

    def add(self, when: float, bell: Bell) -> None:
        """Look at `bell` at the loop's time `when`."""
        heapq.heappush(self._alarms, (when, next(self._numbers), bell))
        if self._timer is None or when < self._set_for:
            self._set()

    def _set(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._alarms:
            self._set_for = self._alarms[0][0]
            self._timer = asyncio.get_running_loop().call_at(self._set_for, self._ring)

    def _ring(self) -> None:
        self._timer = None
        # A timer may go off a trifle early: then nothing is due, and it is set again.
        now = asyncio.get_running_loop().time()
        while self._alarms and self._alarms[0][0] <= now:
            when, _, bell = heapq.heappop(self._alarms)
            bell.look(when, now)
        if self._timer is None:
            self._set()


class Bell:
    """Wakes the one coroutine that waits on it. A ring while nobody waits is remembered.

    Each watcher has its own: a future shared by several would be cancelled for all of them with the first.
    """

    __slots__ = ("_clock", "_end", "_future", "_looked_at", "_rung")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = False
        self._future: asyncio.Future[bool] | None = None
        # When the waiter's time is up, and when the clock will look; it looks again where the former has moved on.
        self._end = self._looked_at = 0.0

    def ring(self) -> None:
        """Wake the waiter."""
        if self._future is None or self._future.done():
            self._rung = True
        else:
            self._future.set_result(True)

    def wait(self, seconds: float) -> asyncio.Future[bool]:
        """Return what to await: until a ring, at most `seconds`; it tells whether there was one.

        A future rather than a coroutine, which an idle watcher would keep as well.
        """
        loop = asyncio.get_running_loop()
        self._future = loop.create_future()
        if self._rung:
            self._rung = False
            self._future.set_result(True)
            return self._future
        self._end = loop.time() + seconds
        if not self._looked_at or self._end < self._looked_at:
            self._looked_at = self._end
            self._clock.add(self._end, self)
        return self._future

    def look(self, when: float, now: float) -> None:
        """Wake the waiter if its time is up; called by the clock at the time `when` that it was asked for."""
        if when != self._looked_at:
            return  # an earlier time was asked for later
        self._looked_at = 0.0
        if self._future is None or self._future.done():
            return
        if self._end <= now:
            self._future.set_result(False)
        else:
            self._looked_at = self._end
            self._clock.add(self._end, self)
