"""The `process` executor: every script in a child process, which can be killed."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from wharfinger.worker.marked import MARK
from wharfinger_server.executors.child_process import ChildProcess, Limits, Setup
from wharfinger_server.sdk.executor import ASYNC, Executor, Host, Job
from wharfinger_server.sdk.options import Options
from wharfinger_server.sdk.taken_jobs import TakenJobs

log = logging.getLogger(__name__)

_OPTIONS = ("slots", "jobs", "recycle_memory", "memory", "processor_time", "kill_after")


class ProcessExecutor(Executor):
    """Runs every script in a child process, one at a time in each; a child that does not stop is killed.

    Options: `slots` (8), jobs at once, and the most children; `jobs` (200), after how many a child is replaced by a
    fresh one; `recycle_memory` (512 MiB), or after a job that leaves it larger; `memory` (0: no limit), the most
    address space of a child; `processor_time` (0: no limit), the processor's seconds that one job may use; `kill_after`
    (5 s), how long a job that is asked to stop may take, less than `[limits] cancel_grace`.
    """

    summary: ClassVar[str] = "A child process for each script, which can be killed"
    shares_process: ClassVar[bool] = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the options. Raises ValueError, naming the option, when one is wrong or unknown."""
        checked = Options("process", options, _OPTIONS)
        self._slots = checked.whole("slots", 8, most=1000)
        self._limits = Limits(
            jobs=checked.whole("jobs", 200, most=1_000_000),
            recycle_memory=checked.size("recycle_memory", 512 << 20),
            memory=checked.size("memory", 0),
            processor_time=int(checked.seconds("processor_time", 0, least=0)),
        )
        self._kill_after = checked.seconds("kill_after", 5.0, least=0)
        self._mark = secrets.token_hex(8)
        self._children: set[ChildProcess] = set()
        self._idle: list[ChildProcess] = []
        self._waiting: deque[Job] = deque()
        self._keeper: asyncio.subprocess.Process | None = None
        self._chores: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._keeping = asyncio.Lock()

    @property
    def slots(self) -> int:
        """How many jobs may run at once."""
        return self._slots

    def children(self) -> list[int]:
        """Return the numbers of the processes that have a job."""
        return [child.number for child in self._children if child.job is not None]

    # ------------------------------------------------------------------ its life

    async def start(self, host: Host) -> None:
        """Get ready; processes are started as jobs come."""
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._jobs: TakenJobs[ChildProcess | None] = TakenJobs(host)

    async def stop(self, grace: float) -> None:
        """Wait for the jobs, `grace` seconds at most; then end the children, whatever they do."""
        if self._stopping:
            return
        if len(self._jobs):
            await self._jobs.wait(grace)
        self._stopping = True
        for child in list(self._children):
            child.kill("the server ends")
        for chore in list(self._chores):
            chore.cancel()
        await asyncio.gather(*(child.gone() for child in list(self._children)), *self._chores, return_exceptions=True)
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()  # it ends what is left
            await self._keeper.wait()

    def _do(self, work: Any) -> None:
        chore = self._loop.create_task(work)
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    def _on_loop(self, act: Callable[..., None], *what: Any) -> None:
        if threading.get_ident() == self._thread:
            act(*what)
        else:
            self._loop.call_soon_threadsafe(act, *what)

    # ------------------------------------------------------------------ jobs

    def submit(self, job: Job) -> None:
        """Begin the job and return at once. Raises RuntimeError when the executor was stopped."""
        if self._stopping:
            raise RuntimeError("the process executor was stopped; it takes no more jobs")
        self._host.module(job)  # raises LookupError
        self._jobs.take(job, None)
        self._on_loop(self._begin, job)

    def cancel(self, job: Job) -> None:
        """Ask the job to stop, and kill its child if it does not."""
        self._on_loop(self._cancel, job)

    def _begin(self, job: Job) -> None:
        self._waiting.append(job)
        self._pump()

    def _pump(self) -> None:
        """Give the jobs that wait to idle children; start one where there is none."""
        while self._waiting and self._idle:
            child = self._idle.pop()
            if child.usable:
                self._give(child, self._waiting.popleft())
        starting = len(self._children) - len([child for child in self._children if child.started])
        for _ in range(min(len(self._waiting) - starting, self._slots - len(self._children))):
            self._do(self._add_idle())

    def _give(self, child: ChildProcess, job: Job) -> None:
        module = self._host.module(job)
        own_file = getattr(module, "__spec__", None) is None
        setup = Setup(module.__name__, str(module.__file__) if own_file else "", asynchronous=job.colour == ASYNC)
        self._jobs.take(job, child)
        child.give(job, setup)
        if job.stop.requested:
            self._cancel(job)

    def _cancel(self, job: Job) -> None:
        child = self._jobs.get(job)
        if child is None:
            return  # it waits for a child, which hears of it with the job; or it is over
        child.cancel(job)
        self._loop.call_later(self._kill_after, self._kill, job, child)

    def _kill(self, job: Job, child: ChildProcess) -> None:
        if self._jobs.get(job) is child and child.job is job:
            child.kill(f"it was asked to stop, and did not within {self._kill_after:g} s; its process was killed")

    # ------------------------------------------------------------------ children

    async def _add_idle(self) -> None:
        """Start a child and let it take a job; before the first one the keeper, which outlives the server."""
        child = ChildProcess(self, self._limits)
        self._children.add(child)
        try:
            async with self._keeping:
                if self._keeper is None:
                    self._keeper = await _start_keeper(self._mark)
            await child.start({**os.environ, MARK: f"{self._mark}-{child.mark}"}, f"{self._mark}-{child.mark}")
        except OSError as error:
            self._children.discard(child)
            log.warning("no child process could be started: %s", error)
            if not self._children:
                while self._waiting:
                    self._give_up(self._waiting.popleft(), f"no process could be started for it: {error}")
            return
        self.idle(child)

    def idle(self, child: ChildProcess) -> None:
        """Hear that a child can take a job."""
        self._idle.append(child)
        self._pump()

    def ended(self, job: Job, lost: str) -> None:
        """Hear that nothing of a job runs any more."""
        if lost:
            self._host.lost(job, lost)
        self._jobs.free(job)

    def broken(self, job: Job, why: str) -> None:
        """Hear that a job can report nothing more."""
        self._host.lost(job, why)

    def gone(self, child: ChildProcess) -> None:
        """Hear that a child has ended, and all that it left behind."""
        self._children.discard(child)
        with suppress(ValueError):
            self._idle.remove(child)
        if not self._stopping:
            self._pump()

    def _give_up(self, job: Job, reason: str) -> None:
        self._host.lost(job, reason)
        self._jobs.free(job)


async def _start_keeper(mark: str) -> asyncio.subprocess.Process:
    """Start the process that kills whatever has the mark when this one ends, however it ends."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "wharfinger.worker.marked", mark),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
