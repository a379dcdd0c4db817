"""The pruner: deletes ended tasks whose time is up, and purges what was deleted long enough ago."""

from __future__ import annotations

import asyncio
import logging

from wharfinger_server.domain.errors import Fenced, Refused
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND, Clock
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Gone, Store

log = logging.getLogger(__name__)

PAGE = 500
EVERY = 60 * SECOND
"""Between two looks for tasks to be deleted; less where they are kept for a shorter time."""


class Pruner:
    """Deletes what expired; a tombstone is kept for `tombstones` microseconds, for late evidence."""

    def __init__(self, store: Store, life: Lifecycle, clock: Clock, tombstones: int) -> None:
        self._store = store
        self._life = life
        self._clock = clock
        self._tombstones = tombstones

    async def run(self) -> None:
        """Prune for ever."""
        pause = min(EVERY, max(SECOND // 10, min(self._life.retention, self._tombstones) // 2))
        while True:
            try:
                await self.prune(self._clock.wall())
            except Exception as error:  # noqa: BLE001 - it must go on
                log.warning("expired tasks could not be deleted: %s", error)
            await self._clock.sleep(pause)

    async def prune(self, now: int) -> tuple[int, int]:
        """Delete what expired before `now`, and purge tombstones that are old enough; return both counts."""
        deleted = purged = 0
        while tasks := await self._store.expired(now, PAGE):
            results = await asyncio.gather(*(self._delete(task) for task in tasks))
            deleted += sum(results)
            if not any(results):
                break
        while count := await self._store.purge(now - self._tombstones, PAGE):
            purged += count
        return deleted, purged

    async def _delete(self, task: Task) -> bool:
        def decide(work: UnitOfWork) -> bool:
            if not self._life.expires(work.task):
                return False
            work.task.delete(work.now)
            return True

        try:
            return await self._store.change(task.id, decide)
        except (Refused, Fenced, Gone):
            return False
