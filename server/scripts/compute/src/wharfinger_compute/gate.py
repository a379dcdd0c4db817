"""So many calls at once, those of the first nodes before those of the later ones."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Shut(Exception):
    """Something failed: no further call is begun."""


class Gate:
    """Lets `width` in at once; who waits goes in by place, lowest first, so that what was begun is finished first."""

    def __init__(self, width: int) -> None:
        self._free = width
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._turn = 0
        self._shut = False

    @asynccontextmanager
    async def passed(self, place: int) -> AsyncIterator[None]:
        """Be in for the length of the block. Raises Shut once the gate is shut, and shuts it when the block raises."""
        await self._enter(place)
        try:
            yield
        except BaseException:
            self.shut()
            raise
        finally:
            self._leave()

    def shut(self) -> None:
        """Let nobody in any more; those that are in may end."""
        self._shut = True
        for _, _, turn in self._waiting:
            if not turn.done():
                turn.set_exception(Shut())
        self._waiting.clear()

    async def _enter(self, place: int) -> None:
        if self._shut:
            raise Shut
        if self._free and not (self._waiting and self._waiting[0][0] < place):
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turn += 1
        heapq.heappush(self._waiting, (place, self._turn, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._leave()  # it was this one's turn
            raise

    def _leave(self) -> None:
        """Make room, and give it away a moment later: who leaves may be the first to come back."""
        self._free += 1
        asyncio.get_running_loop().call_soon(self._admit)

    def _admit(self) -> None:
        while self._free and self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
