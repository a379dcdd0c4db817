"""Writes and shows what running scripts say in passing: progress and log lines, a few times a second and merged."""

from __future__ import annotations

import asyncio
import logging

from wharfinger.ledger.progress import Progress
from wharfinger.ledger.states import Phase
from wharfinger.runtime.protocol import LeaseLost
from wharfinger_server.domain.timing import SECOND, Clock
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.watching.broadcast import Broadcast
from wharfinger_server.store.store import Store

log = logging.getLogger(__name__)

SHOW_EVERY = SECOND // 10
"""Between two tellings of a task's progress, and between its log line and its commit."""
SAVE_EVERY = SECOND
"""Between two writings of a task's progress."""


class ProgressWriter:
    """Beats while some attempt has something new, and rests when none has."""

    def __init__(self, store: Store, hub: Broadcast, clock: Clock) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stirred: set[Attempt] = set()
        self._unsaved: dict[Attempt, Progress] = {}
        self._beating: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to beat on the running loop."""
        self._loop = asyncio.get_running_loop()

    def stirred(self, attempt: Attempt) -> None:
        """Hear that an attempt has new progress or log lines; called from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._note, attempt)

    def _note(self, attempt: Attempt) -> None:
        self._stirred.add(attempt)
        if self._beating is None or self._beating.done():
            self._beating = asyncio.get_running_loop().create_task(self._beat())

    async def _beat(self) -> None:
        last_saved = 0
        steady = self._clock.steady
        while self._stirred or self._unsaved:
            stirred, self._stirred = self._stirred, set()
            for attempt in stirred:
                attempt.unshown = False
                if attempt.latest is not None and attempt.phase is Phase.RUN:
                    self._hub.show_progress(attempt.task, attempt.latest)
                    self._unsaved[attempt] = attempt.latest
            await self._write_logs([attempt for attempt in stirred if attempt.lines])
            if self._unsaved and steady() - last_saved >= SAVE_EVERY:
                last_saved = steady()
                await self._save()
            await self._clock.sleep(SHOW_EVERY)

    async def _write_logs(self, attempts: list[Attempt]) -> None:
        results = await asyncio.gather(*(a.flush() for a in attempts), return_exceptions=True)
        for attempt, result in zip(attempts, results, strict=True):
            if isinstance(result, Exception) and not isinstance(result, LeaseLost):
                log.warning("%s: log lines could not be written yet: %s", attempt.task.name, result)
                self._stirred.add(attempt)

    async def _save(self) -> None:
        unsaved, self._unsaved = self._unsaved, {}
        try:
            await self._store.save_progress([(a.task.id, a.epoch, progress) for a, progress in unsaved.items()])
        except Exception as error:  # noqa: BLE001 - a chore that must go on
            log.warning("progress could not be saved: %s", error)

    async def close(self) -> None:
        """Beat no more."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
