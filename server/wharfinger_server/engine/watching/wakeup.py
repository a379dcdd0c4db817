"""Wake-up calls: alarms at times of either clock, and bells that wake one waiter, by one timer for all."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from wharfinger_server.domain.timing import SECOND, Alarm, Clock

LOOK_EVERY = 15 * SECOND
"""How long the timer is set for at most: the wall clock may be set, and the loop's own clock stands while the machine
sleeps."""

_Heap = list[tuple[int, int, Callable[..., object], tuple[Any, ...]]]


class Alarms:
    """Calls what is to be called once its time has come, by one timer for all.

    There may be as many as tasks and watchers, so none can be taken back: one that no longer matters is for whoever is
    called to recognise.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._by_steady: _Heap = []
        self._by_wall: _Heap = []
        self._numbers = count()
        self._timer: Alarm | None = None

    def __len__(self) -> int:
        return len(self._by_steady) + len(self._by_wall)

    def at(self, when: int, act: Callable[..., object], *arguments: Any, by_wall: bool = False) -> None:
        """Have `act` called when the steady clock, or the wall clock, shows `when` (microseconds)."""
        heap = self._by_wall if by_wall else self._by_steady
        number = next(self._numbers)
        heapq.heappush(heap, (when, number, act, arguments))
        if self._timer is None or heap[0][1] == number:
            self._set()

    def stop(self) -> None:
        """Call nobody any more."""
        self._by_steady.clear()
        self._by_wall.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left = [heap[0][0] - now() for heap, now in self._heaps() if heap]
        if left:
            self._timer = self.clock.call_later(min(*left, LOOK_EVERY), self._ring)

    def _heaps(self) -> tuple[tuple[_Heap, Callable[[], int]], ...]:
        return (self._by_steady, self.clock.steady), (self._by_wall, self.clock.wall)

    def _ring(self) -> None:
        self._timer = None
        # A timer may go off a trifle early: then nothing is due, and it is set again.
        for heap, now in self._heaps():
            moment = now() if heap else 0
            while heap and heap[0][0] <= moment:
                _, _, act, arguments = heapq.heappop(heap)
                act(*arguments)
        if self._timer is None:
            self._set()


class Bell:
    """Wakes the one coroutine that waits on it. A ring while nobody waits is remembered.

    Each watcher has its own: a future shared by several would be cancelled for all of them with the first.
    """

    __slots__ = ("_alarms", "_end", "_future", "_looked_at", "_rung")

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._rung = False
        self._future: asyncio.Future[bool] | None = None
        # When the waiter's time is up, and when an alarm will look; it looks again where the former has moved on.
        self._end = self._looked_at = 0

    def ring(self) -> None:
        """Wake the waiter."""
        if self._future is None or self._future.done():
            self._rung = True
        else:
            self._future.set_result(True)

    def wait(self, length: int) -> asyncio.Future[bool]:
        """Return what to await: until a ring, at most `length` microseconds; it tells whether there was one.

        A future rather than a coroutine, which an idle watcher would keep as well.
        """
        self._future = asyncio.get_running_loop().create_future()
        if self._rung:
            self._rung = False
            self._future.set_result(True)
            return self._future
        self._end = self._alarms.clock.steady() + length
        if not self._looked_at or self._end < self._looked_at:
            self._look_at(self._end)
        return self._future

    def _look_at(self, when: int) -> None:
        self._looked_at = when
        self._alarms.at(when, self._look, when)

    def _look(self, when: int) -> None:
        """Wake the waiter if its time is up; `when` is the time that the alarm was asked for."""
        if when != self._looked_at:
            return  # an earlier time was asked for later
        self._looked_at = 0
        if self._future is None or self._future.done():
            return
        if self._end <= self._alarms.clock.steady():
            self._future.set_result(False)
        else:
            self._look_at(self._end)
