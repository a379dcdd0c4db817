"""The server's side of the conformance suite: sessions and a host that note all they are told."""

from __future__ import annotations

import asyncio
import copy
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from wharfinger.runtime.protocol import Entry, Intent, Outcome, Session
from wharfinger.testing import Done, MemorySession
from wharfinger_server.sdk.executor import Executor, Job


class RecordingSession(MemorySession):
    """A session in memory that takes `delay` seconds until something is durable, and then writes a line to `trace`.

    The lines are `durable KEY STATE` for entries and `finished` for the outcome. `blocks`: it is for a thread.
    Set `unreachable` to let `finish` fail with OSError.
    """

    def __init__(self, trace: Path, delay: float = 0.002) -> None:
        super().__init__(Done())
        self._trace = trace
        self._delay = delay
        self.blocks = False
        self.unreachable = False

    def blocking(self) -> Session:
        """Return the same session for a thread: it sleeps instead of waiting."""
        twin = copy.copy(self)
        twin.blocks = True
        return twin

    async def intend(self, intents: Sequence[Intent]) -> list[Entry]:
        """Write the intents."""
        entries = await super().intend(intents)
        await self._durable(*(f"durable {entry.key} {entry.state}" for entry in entries))
        return entries

    async def created(self, key: str, generation: int, external_id: str) -> None:
        """Write what was made."""
        await super().created(key, generation, external_id)
        await self._durable(f"durable {key} CREATED")

    async def finish(self, outcome: Outcome) -> None:
        """Write the outcome: a second one is an AssertionError."""
        self._live()
        if self.unreachable:
            raise OSError("the ledger can't be reached")
        await self._durable("finished")
        await super().finish(outcome)

    async def _durable(self, *lines: str) -> None:
        if self.blocks:
            time.sleep(self._delay)  # noqa: ASYNC251 - a blocking session's coroutines never suspend
        else:
            await asyncio.sleep(self._delay)
        with self._trace.open("a") as file:
            file.write("".join(line + "\n" for line in lines))


@dataclass(frozen=True, slots=True)
class Blocked:
    """One call of `Host.blocked`."""

    jobs: tuple[Job, ...]
    seconds: float
    culprit: str


class RecordingHost:
    """A host that notes what it is told, from any thread, and has the scripts of `modules` installed, by name."""

    def __init__(self, modules: Mapping[str, ModuleType]) -> None:
        self.modules = dict(modules)
        self.resizes = 0
        self.freed_jobs: list[Job] = []
        self.lost_jobs: list[tuple[Job, str]] = []
        self.blocks: list[Blocked] = []
        self._lock = threading.Lock()

    def module(self, job: Job) -> ModuleType:
        """Return the module. Raises LookupError for a script that is not there."""
        return self.modules[job.assignment.script]

    def freed(self, job: Job) -> None:
        """Note it."""
        with self._lock:
            self.freed_jobs.append(job)

    def resized(self, executor: Executor) -> None:
        """Count it."""
        with self._lock:
            self.resizes += 1

    async def fenced(self, task: str, uid: str, epoch: int) -> Session | None:
        """Know nothing of attempts that have ended."""
        return None

    def lost(self, job: Job, reason: str) -> None:
        """Note it."""
        with self._lock:
            self.lost_jobs.append((job, reason))

    def blocked(self, jobs: tuple[Job, ...], seconds: float, culprit: str) -> None:
        """Note it."""
        with self._lock:
            self.blocks.append(Blocked(jobs, seconds, culprit))


async def eventually(condition: Callable[[], Any], what: str, patience: float) -> None:
    """Wait until `condition` is true. Raises AssertionError, with `what` was waited for, after `patience` seconds."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {patience:g} s")
        await asyncio.sleep(0.005)
