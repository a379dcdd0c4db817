"""The interface between the engine and an executor, a plug-in that decides where a script's `main` runs.

An executor is registered under the entry-point group `wharfinger.executors` and made once per server with the
options of its `[executors.NAME]` table. It takes jobs and gives their slots back; everything a job reports goes through
the job's session.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar, Protocol

from wharfinger.runtime.protocol import Assignment, Session

ASYNC = "async"
PLAIN = "plain"


class Stop:
    """Tells a job to stop; the engine sets it, the executor and the script's facade read it. `reason` is for people."""

    def __init__(self) -> None:
        self.reason = ""
        self.requested = False

    def request(self, reason: str) -> None:
        """Ask the job to stop."""
        self.reason = reason
        self.requested = True


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """One attempt to be run: the assignment, the script's version and colour, its session and its stop flag.

    `assignment.script` and `version` name the script; whoever runs it in the server's process has `Host.module` give
    the module, and whoever runs it elsewhere finds the same version installed there.
    """

    assignment: Assignment
    version: str
    colour: str
    session: Session
    stop: Stop


class Host(Protocol):
    """What an executor may ask and tell the server. Every method may be called from any thread and returns at once."""

    def module(self, job: Job) -> ModuleType:
        """Return the module of the job's script, for an executor that runs it in the server's process.

        Raises LookupError when the script is not installed in the job's version.
        """
        ...

    def freed(self, job: Job) -> None:
        """Say that the job's slot is free again. Exactly once for each job, when nothing of it runs any more."""
        ...

    def resized(self, executor: Executor) -> None:
        """Say that the executor may have other slots than before, or other scripts that it can run."""
        ...

    async def fenced(self, task: str, uid: str, epoch: int) -> Session | None:
        """Return a session for what an attempt may tell whose lease is lost, None for an attempt that nobody knows.

        All that it changes is that evidence of what was made is kept.
        """
        ...

    def lost(self, job: Job, reason: str) -> None:
        """Say that the job will report nothing more because what ran it is gone. Its slot is freed separately."""
        ...

    def blocked(self, jobs: tuple[Job, ...], seconds: float, culprit: str) -> None:
        """Say that the executor has been held up for `seconds`.

        `jobs` are those that it keeps from running, the culprit first where it is known. `culprit` is for people: "TASK
        at FILE:LINE in FUNCTION", without the task if that is not known. Called again for another culprit, and with
        `seconds` 0 when the executor moves again.
        """
        ...


class Executor(ABC):
    """An executor. `summary` is one line for people; `colours` tells which scripts it runs (ASYNC, PLAIN or both)."""

    summary: ClassVar[str] = ""
    colours: ClassVar[frozenset[str]] = frozenset({ASYNC, PLAIN})
    shares_process: ClassVar[bool] = True
    """Whether scripts run in the server's own process, so that one that ends the process ends all of them."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the options of `[executors.NAME]`. Raises ValueError, naming the option, if one is wrong or unknown.

        This one is for executors without options: it refuses every one. Others don't call it.
        """
        for name in options:
            raise ValueError(f"option {name} is unknown; {type(self).__name__} has no options")

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many jobs may run at once; the engine never submits more. `Host.resized` tells that it changed."""

    def why_not(self, script: str, version: str, project: str) -> str:
        """Return why a project's task of that script can't run here now, "" if it can; by default it can."""
        return ""

    @abstractmethod
    async def start(self, host: Host) -> None:
        """Get ready to take jobs."""

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Begin the job and return at once; `wharfinger.runtime` does the work, given `Host.module(job)`.

        `run` is for scripts whose colour is ASYNC, `run_blocking` for PLAIN ones. Any thread may call. What it raises
        is the job's end: it is told lost, and its slot is free.
        """

    @abstractmethod
    def cancel(self, job: Job) -> None:
        """Interrupt the job if that is possible here, and return at once; any thread may call.

        `job.stop` is set already. A job that is over is left alone.
        """

    @abstractmethod
    async def stop(self, grace: float) -> None:
        """Stop within `grace` seconds. Jobs that still run then are abandoned: the server is about to end.

        Stopping again does nothing.
        """
