"""A wake-up call for one waiter."""

from __future__ import annotations

import asyncio


class Bell:
    """Wakes the one coroutine that waits on it. A ring while nobody waits is remembered.

    Each watcher has its own: a future shared by several would be cancelled for all of them with the first.
    """

    __slots__ = ("_future", "_rung")

    def __init__(self) -> None:
        self._rung = False
        self._future: asyncio.Future[bool] | None = None

    def ring(self) -> None:
        """Wake the waiter."""
        self._rung = True
        if self._future is not None and not self._future.done():
            self._future.set_result(True)

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most `seconds`; return whether there was one."""
        if not self._rung:
            loop = asyncio.get_running_loop()
            self._future = loop.create_future()
            alarm = loop.call_later(seconds, _time_up, self._future)
            try:
                await self._future
            finally:
                alarm.cancel()
                self._future = None
        rung, self._rung = self._rung, False
        return rung


def _time_up(future: asyncio.Future[bool]) -> None:
    if not future.done():
        future.set_result(False)
