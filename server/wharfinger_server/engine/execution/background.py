"""Work begun on the event loop that nobody awaits: kept, its errors logged, ended with the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Chores:
    """A set of running coroutines."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin `work` on the running loop."""
        chore = asyncio.get_running_loop().create_task(work)
        self._tasks.add(chore)
        chore.add_done_callback(self._done)

    def _done(self, chore: asyncio.Task[None]) -> None:
        self._tasks.discard(chore)
        if not chore.cancelled() and chore.exception() is not None:
            log.error("a chore of the engine failed", exc_info=chore.exception())

    async def close(self) -> None:
        """Cancel what is not done."""
        for chore in list(self._tasks):
            chore.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
