"""One alarm for many tasks: each is woken once its time has come."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

from wharfinger_server.engine.execution import script_values

LOOK_EVERY = 15_000_000
"""How long the alarm is set for at most: the wall clock may be set, and the loop's own clock stands while the machine
sleeps."""


class Timers:
    """Calls `wake(task id)` on the event loop at the times asked for (microseconds).

    `steady` reads the steady clock. A task may be asked for several times; a time that no longer matters is for `wake`
    to recognise.
    """

    def __init__(self, wake: Callable[[int], None], steady: Callable[[], int]) -> None:
        self._wake = wake
        self._steady = steady
        self._by_steady: list[tuple[int, int]] = []
        self._by_wall: list[tuple[int, int]] = []
        self._alarm: asyncio.TimerHandle | None = None

    def add(self, when: int, task_id: int, *, by_wall: bool = False) -> None:
        """Wake `task_id` when the steady clock, or the wall clock, shows `when`."""
        heap = self._by_wall if by_wall else self._by_steady
        heapq.heappush(heap, (when, task_id))
        if self._alarm is None or heap[0] == (when, task_id):
            self._arm()

    def stop(self) -> None:
        """Wake nobody any more."""
        self._by_steady.clear()
        self._by_wall.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _clocks(self) -> tuple[tuple[list[tuple[int, int]], int], ...]:
        return (self._by_steady, self._steady()), (self._by_wall, script_values.now())

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        left = [heap[0][0] - now for heap, now in self._clocks() if heap]
        if left:
            delay = min(max(0, min(left)), LOOK_EVERY)
            self._alarm = asyncio.get_running_loop().call_later(delay / 1_000_000, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        for heap, now in self._clocks():
            while heap and heap[0][0] <= now:
                self._wake(heapq.heappop(heap)[1])
        self._arm()
