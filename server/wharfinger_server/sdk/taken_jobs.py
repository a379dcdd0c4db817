"""The jobs that an executor has taken, each given back exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from wharfinger_server.sdk.executor import Host, Job

R = TypeVar("R")
_GONE: Any = object()


class TakenJobs(Generic[R]):
    """TakenJobs by identity, with what the executor notes about each. Every method may be called from any thread."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._taken: dict[Job, R] = {}
        self._idle: Future[None] | None = None

    def __len__(self) -> int:
        return len(self._taken)

    def __iter__(self) -> Iterator[tuple[Job, R]]:
        """Iterate over the jobs as they are at this moment."""
        return iter(list(self._taken.items()))

    def take(self, job: Job, note: R) -> None:
        """Keep the job until it is freed."""
        self._taken[job] = note

    def get(self, job: Job) -> R | None:
        """Return the note of a job, None once it was freed."""
        return self._taken.get(job)

    def free(self, job: Job) -> bool:
        """Tell the host that nothing of the job runs any more; return False if it was told already."""
        # One step of the interpreter, so that of two threads that get here one finds the job.
        if self._taken.pop(job, _GONE) is _GONE:
            return False
        self._host.freed(job)
        if not self._taken and self._idle is not None:
            self._set_idle(self._idle)
        return True

    async def wait(self, grace: float) -> bool:
        """Wait until no job is left, `grace` seconds at most; return whether that came true."""
        self._idle = Future()
        if not self._taken:
            self._set_idle(self._idle)
        await asyncio.wait((asyncio.wrap_future(self._idle),), timeout=max(grace, 0.0))
        return not self._taken

    @staticmethod
    def _set_idle(idle: Future[None]) -> None:
        if not idle.done() and idle.set_running_or_notify_cancel():
            idle.set_result(None)
