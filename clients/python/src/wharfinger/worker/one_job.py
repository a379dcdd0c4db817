"""One attempt in one thread: a plain script as it is, an async one on an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from types import ModuleType
from typing import Any

from wharfinger import runtime
from wharfinger.runtime.endings import Stop
from wharfinger.runtime.protocol import Assignment, Session
from wharfinger.worker.threads import Helpers

HELPERS = 32
"""Threads that one script's `asyncio.to_thread` may use."""


class OneJob:
    """One attempt, in the thread that calls `run`."""

    def __init__(
        self, module: ModuleType, assignment: Assignment, session: Session, stop: Stop, *, asynchronous: bool
    ) -> None:
        self._work = (module, assignment, session, stop)
        self._asynchronous = asynchronous
        self._lock = threading.Lock()
        self._interrupted = False
        self._main: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Run the attempt; return when nothing of it runs any more. Raises what the runtime made no outcome of."""
        if not self._asynchronous:
            runtime.run_blocking(*self._work)
            return
        helpers = Helpers(HELPERS)
        loop = asyncio.new_event_loop()  # for one job, made twice as fast as uvloop's
        loop.set_default_executor(helpers)
        main = loop.create_task(self._run_async(), name=self._work[1].task)
        _run_until_done(loop, {main})
        while left := asyncio.all_tasks(loop):  # tasks that the script started and did not wait for
            for task in left:
                task.cancel()
            _run_until_done(loop, left)
        helpers.shutdown(wait=True, cancel_futures=True)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        main.result()

    async def _run_async(self) -> None:
        with self._lock:
            self._main = asyncio.current_task()
            if self._interrupted and self._main is not None:
                self._main.cancel()
        await runtime.run(*self._work)

    def interrupt(self) -> None:
        """Cancel an async script, at its first step if it has not begun. Any thread may call."""
        with self._lock:
            self._interrupted = True
            main = self._main
        if main is not None:
            # It may have ended meanwhile, and its loop with it.
            with suppress(RuntimeError):
                main.get_loop().call_soon_threadsafe(main.cancel)


def _run_until_done(loop: asyncio.AbstractEventLoop, tasks: set[asyncio.Task[Any]]) -> None:
    """Run the loop until all of `tasks` have ended, however they end; nobody else will ask how that was."""
    while not all(task.done() for task in tasks):
        # A task's SystemExit goes through the loop, and any script may stop the loop: on with the others.
        with suppress(SystemExit, KeyboardInterrupt, RuntimeError):
            loop.run_until_complete(asyncio.wait(tasks))
    for task in tasks:
        if not task.cancelled():
            task.exception()
