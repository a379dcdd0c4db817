"""One alarm for many tasks: each is woken once its time has come."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

from wharfinger_server.engine import wording


class Timers:
    """Calls `wake(task id)` on the event loop at the times asked for (microseconds since the epoch).

    A task may be asked for several times; a time that no longer matters is for `wake` to recognise.
    """

    def __init__(self, wake: Callable[[int], None]) -> None:
        self._wake = wake
        self._heap: list[tuple[int, int]] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._set_for = 0

    def add(self, when: int, task_id: int) -> None:
        """Wake `task_id` at `when`."""
        heapq.heappush(self._heap, (when, task_id))
        if self._alarm is None or when < self._set_for:
            self._arm()

    def stop(self) -> None:
        """Wake nobody any more."""
        self._heap.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._heap:
            self._set_for = self._heap[0][0]
            delay = max(0.0, (self._set_for - wording.now()) / 1_000_000)
            self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now = wording.now()
        while self._heap and self._heap[0][0] <= now:
            self._wake(heapq.heappop(self._heap)[1])
        self._arm()
