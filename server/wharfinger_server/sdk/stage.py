"""The stage of the conformance suite: an executor, a host, and the jobs given to it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wharfinger.runtime.protocol import Assignment, Entry, Phase
from wharfinger.script.context import Context
from wharfinger.testing import Done
from wharfinger_server.sdk.executor import ASYNC, PLAIN, Executor, Job, Stop
from wharfinger_server.sdk.recording import RecordingHost, RecordingSession, eventually
from wharfinger_server.sdk.trial_scripts import awaiting, plain


class Play:
    """One job on the stage, and what its session was told."""

    def __init__(self, stage: Stage, job: Job, done: Done) -> None:
        self.job = job
        self.done = done
        self._stage = stage

    def cancel(self) -> None:
        """Ask the job to stop, as the engine does."""
        self.job.stop.request("the test asks for it")
        self._stage.executor.cancel(self.job)

    @property
    def is_free(self) -> bool:
        """Whether its slot was given back."""
        return self.job in self._stage.host.freed_jobs

    async def says(self, line: str) -> None:
        """Wait until the script's log has the line."""
        await eventually(lambda: line in self.done.lines, f"the script says {line!r}", self._stage.patience)

    async def ended(self) -> None:
        """Wait until the outcome is reported."""
        await eventually(lambda: self.done.outcome is not None, "the script ends", self._stage.patience)

    async def freed(self) -> None:
        """Wait until the slot is given back."""
        await eventually(lambda: self.is_free, "the slot is free", self._stage.patience)


class Stage:
    """An executor with the jobs given to it. Scripts write to `trace`; stubborn ones run until `gate` exists."""

    def __init__(self, executor: Executor, folder: Path, patience: float) -> None:
        self.executor = executor
        self.host = RecordingHost({f"trial.{ASYNC}": awaiting, f"trial.{PLAIN}": plain})
        self.patience = patience
        self.plays: list[Play] = []
        self.trace = folder / "trace"
        self.gate = folder / "gate"
        self._numbers = itertools.count(1)

    def release(self) -> None:
        """Let the stubborn scripts go."""
        self.gate.touch()

    def lines(self) -> list[str]:
        """Return what is in the trace."""
        return self.trace.read_text().splitlines() if self.trace.exists() else []

    def play(
        self,
        colour: str,
        do: str,
        *,
        phase: Phase = Phase.RUN,
        ledger: Sequence[Entry] = (),
        lease_lost: bool = False,
        unreachable: bool = False,
        **params: Any,
    ) -> Play:
        """Submit a job that does `do` with the params.

        With `lease_lost` every report of it finds the lease lost; with `unreachable` its outcome can't be reported.
        """
        number = next(self._numbers)
        name = f"projects/trial/tasks/t{number}"
        session = RecordingSession(self.trace)
        session.done.ledger.update((entry.key, entry) for entry in ledger)
        session.lease_lost = lease_lost
        session.unreachable = unreachable
        assignment = Assignment(
            task=name,
            uid=f"trial{number}",
            epoch=1,
            phase=phase,
            script=f"trial.{colour}",
            attempt=1,
            params={"do": do, **params},
            context=Context("trial"),
            ledger=tuple(ledger),
            targets=tuple(entry.key for entry in ledger),
        )
        job = Job(assignment, "1", colour, session, Stop())
        play = Play(self, job, session.done)
        self.plays.append(play)
        self.executor.submit(job)
        return play
