"""The store whose writes are repeated until the database is well again.

A script's report and dispatch's own steps have nobody to be refused to: given up, they would leave a task that nothing
sees to until the server is started again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from wharfinger_server.domain.errors import Unavailable
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND, Clock
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Sealed, Store

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = SECOND // 20, SECOND
"""Between two tries, doubling."""

_going_on: set[asyncio.Future[Any]] = set()


class RetryingStore:
    """Asks the store again while it is unavailable, and raises Unavailable only once it was closed.

    An earlier try may have been written though its answer was lost: a decision must do no harm the second time. `once`
    is the store itself, for what people ask and may be refused.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.once = self._store = store
        self._clock = clock

    async def change(self, task_id: int, decide: Callable[[UnitOfWork], T]) -> T:
        """Do as `Store.change`."""
        pause = FIRST_PAUSE
        while True:  # written out: this is on the way of every report
            try:
                return await self._store.change(task_id, decide)
            except Unavailable:
                if self._store.closed:
                    raise
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def task_by_id(self, id: int) -> Task | None:  # noqa: A002 - the task's own word
        """Do as `Store.task_by_id`."""
        return await self._answered(lambda: self._store.task_by_id(id))

    async def queued(self, executor: str, limit: int, after: tuple[int, int] | None = None) -> list[Task]:
        """Do as `Store.queued`."""
        return await self._answered(lambda: self._store.queued(executor, limit, after))

    async def sealed(self, task: int) -> Sealed | None:
        """Do as `Store.sealed`."""
        return await self._answered(lambda: self._store.sealed(task))

    async def memos(self, task: int) -> dict[str, bytes]:
        """Do as `Store.memos`."""
        return await self._answered(lambda: self._store.memos(task))

    async def _answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        pause = FIRST_PAUSE
        while True:
            try:
                return await ask()
            except Unavailable:
                if self._store.closed:
                    raise
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def change_blocking(self, task_id: int, decide: Callable[[UnitOfWork], T]) -> T:
        """Do as `Store.change_blocking`."""
        pause = FIRST_PAUSE
        while True:
            try:
                return self._store.change_blocking(task_id, decide)
            except Unavailable:
                if self._store.closed:
                    raise
            time.sleep(pause / SECOND)
            pause = min(pause * 2, LONGEST_PAUSE)


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; it goes on to its end though the caller is cancelled meanwhile."""
    inner = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(inner)
    except asyncio.CancelledError:
        _going_on.add(inner)
        inner.add_done_callback(_ended)
        raise


def _ended(inner: asyncio.Future[Any]) -> None:
    _going_on.discard(inner)
    if not inner.cancelled():
        inner.exception()  # nobody is left to hear of it
