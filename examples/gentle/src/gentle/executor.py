"""The `gentle` executor: plain scripts in threads that the system gives less of the processor."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from types import ModuleType
from typing import Any, ClassVar

from wharfinger import runtime
from wharfinger_server.sdk.executor import PLAIN, Executor, Host, Job
from wharfinger_server.sdk.options import Options
from wharfinger_server.sdk.taken_jobs import TakenJobs
from wharfinger_server.sdk.threads import JobThreads


class GentleExecutor(Executor):
    """Options: `slots` (4), jobs at once; `nice` (10), how much its threads give way, 1 to 19."""

    summary: ClassVar[str] = "A thread of low priority for each plain script"
    colours: ClassVar[frozenset[str]] = frozenset({PLAIN})

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the options. Raises ValueError, naming the option, when one is wrong or unknown."""
        given = Options("gentle", options, ("slots", "nice"))
        self._slots = given.whole("slots", 4, most=1000)
        self._nice = given.whole("nice", 10, most=19)
        self._threads = JobThreads(self._slots)

    @property
    def slots(self) -> int:
        """How many jobs may run at once."""
        return self._slots

    async def start(self, host: Host) -> None:
        """Get ready; threads are started as jobs come."""
        self._host = host
        self._jobs: TakenJobs[None] = TakenJobs(host)

    def submit(self, job: Job) -> None:
        """Begin the job and return at once. What it raises is the job's end."""
        module = self._host.module(job)  # a script that is not here is refused at once
        self._jobs.take(job, None)
        # A context with nothing in it: the job sees no variable of the server, or of another job.
        self._threads.start(job.assignment.task, partial(contextvars.Context().run, self._run, job, module))

    def cancel(self, job: Job) -> None:
        """Do nothing: a thread can't be stopped. The script sees `task.cancelled`, for `job.stop` is set already."""

    async def stop(self, grace: float) -> None:
        """Wait for the jobs, `grace` seconds at most."""
        await self._jobs.wait(grace)

    def _run(self, job: Job, module: ModuleType) -> None:
        if hasattr(os, "setpriority"):
            with suppress(OSError):  # a system that has no priorities of threads
                thread = threading.get_native_id()
                # A server that gives way itself is not overtaken by them.
                os.setpriority(os.PRIO_PROCESS, thread, max(self._nice, os.getpriority(os.PRIO_PROCESS, thread)))
        try:
            runtime.run_blocking(module, job.assignment, job.session, job.stop)
        except BaseException as error:  # noqa: BLE001 - the outcome could not be reported: the engine must hear of it
            self._host.lost(job, f"it could not report its outcome: {type(error).__name__}: {error}")
        self._jobs.free(job)
