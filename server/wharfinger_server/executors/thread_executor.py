"""The `thread` executor: every script in a thread of its own."""

from __future__ import annotations

import contextvars
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from wharfinger.worker.one_job import OneJob
from wharfinger_server.sdk.executor import ASYNC, Executor, Host, Job
from wharfinger_server.sdk.options import Options
from wharfinger_server.sdk.taken_jobs import TakenJobs
from wharfinger_server.sdk.threads import JobThreads


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
        self._jobs: TakenJobs[OneJob] = TakenJobs(host)

    async def stop(self, grace: float) -> None:
        """Wait for the jobs, `grace` seconds at most; threads that still run then are abandoned."""
        await self._jobs.wait(grace)
        self._stopping = True

    def submit(self, job: Job) -> None:
        """Begin the job and return at once. Raises RuntimeError when the executor was stopped."""
        if self._stopping:
            raise RuntimeError("the thread executor was stopped; it takes no more jobs")
        module = self._host.module(job)
        one = OneJob(module, job.assignment, job.session, job.stop, asynchronous=job.colour == ASYNC)
        self._jobs.take(job, one)
        try:
            self._threads.start(job.assignment.task, partial(contextvars.Context().run, self._run, job, one))
        except RuntimeError as error:
            self._give_up(job, f"no thread could be started for it: {error}")

    def cancel(self, job: Job) -> None:
        """Interrupt an async script; a plain one can only see that it is asked to stop."""
        one = self._jobs.get(job)
        if one is not None:
            one.interrupt()

    def _run(self, job: Job, one: OneJob) -> None:
        try:
            one.run()
        except BaseException as error:  # noqa: BLE001 - the runtime raises nothing; if it does after all, the job is lost
            self._give_up(job, f"it could not report its outcome: {type(error).__name__}: {error}")
        else:
            self._jobs.free(job)

    def _give_up(self, job: Job, reason: str) -> None:
        self._host.lost(job, reason)
        self._jobs.free(job)
