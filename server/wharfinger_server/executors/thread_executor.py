"""The `thread` executor: every script in a thread of its own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from types import ModuleType
from typing import Any, ClassVar

from wharfinger import runtime
from wharfinger_server.sdk.executor import ASYNC, Executor, Host, Job
from wharfinger_server.sdk.options import Options
from wharfinger_server.sdk.taken_jobs import TakenJobs
from wharfinger_server.sdk.threads import Helpers, JobThreads

HELPERS = 32
"""Threads that one script's `asyncio.to_thread` may use."""


class _InThread:
    """A job in its thread; `main` is its task on the loop there, once there is one."""

    def __init__(self, job: Job, module: ModuleType) -> None:
        self.job = job
        self._module = module
        self._lock = threading.Lock()
        self._interrupted = False
        self._main: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Run the attempt; return when nothing of it runs any more. Raises what the runtime made no outcome of."""
        job = self.job
        if job.colour != ASYNC:
            runtime.run_blocking(self._module, job.assignment, job.session, job.stop)
            return
        helpers = Helpers(HELPERS)
        loop = asyncio.new_event_loop()  # for one job, made twice as fast as uvloop's
        loop.set_default_executor(helpers)
        main = loop.create_task(self._run_async(), name=job.assignment.task)
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
        job = self.job
        with self._lock:
            self._main = asyncio.current_task()
            if self._interrupted and self._main is not None:
                self._main.cancel()
        await runtime.run(self._module, job.assignment, job.session, job.stop)

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


class ThreadExecutor(Executor):
    """Runs every script in a fresh thread; an async one on an event loop of its own there.

    A thread can't be stopped from outside: a script that does not end keeps its slot. Option: `slots` (32), jobs at
    once.
    """

    summary: ClassVar[str] = "A thread for each script"

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the options. Raises ValueError, naming the option, when one is wrong or unknown."""
        self._slots = Options("thread", options, ("slots",)).whole("slots", 32, most=10_000)
        self._threads = JobThreads(self._slots)
        self._stopping = False

    @property
    def slots(self) -> int:
        """How many jobs may run at once."""
        return self._slots

    async def start(self, host: Host) -> None:
        """Get ready; threads are started as jobs come."""
        self._host = host
        self._jobs: TakenJobs[_InThread] = TakenJobs(host)

    async def stop(self, grace: float) -> None:
        """Wait for the jobs, `grace` seconds at most; threads that still run then are abandoned."""
        await self._jobs.wait(grace)
        self._stopping = True

    def submit(self, job: Job) -> None:
        """Begin the job and return at once. Raises RuntimeError when the executor was stopped."""
        if self._stopping:
            raise RuntimeError("the thread executor was stopped; it takes no more jobs")
        in_thread = _InThread(job, self._host.module(job))
        self._jobs.take(job, in_thread)
        try:
            self._threads.start(job.assignment.task, partial(contextvars.Context().run, self._run, in_thread))
        except RuntimeError as error:
            self._give_up(job, f"no thread could be started for it: {error}")

    def cancel(self, job: Job) -> None:
        """Interrupt an async script; a plain one can only see that it is asked to stop."""
        in_thread = self._jobs.get(job)
        if in_thread is not None:
            in_thread.interrupt()

    def _run(self, in_thread: _InThread) -> None:
        try:
            in_thread.run()
        except BaseException as error:  # noqa: BLE001 - the runtime raises nothing; if it does after all, the job is lost
            self._give_up(in_thread.job, f"it could not report its outcome: {type(error).__name__}: {error}")
        else:
            self._jobs.free(in_thread.job)

    def _give_up(self, job: Job, reason: str) -> None:
        self._host.lost(job, reason)
        self._jobs.free(job)
