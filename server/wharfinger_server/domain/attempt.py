"""Attempts at a task, the lease that one of them holds, and the rollback that attempts may be for."""

from __future__ import annotations

from dataclasses import dataclass

from wharfinger.ledger.failure import Failure
from wharfinger.ledger.states import Phase


@dataclass(slots=True)
class Lease:
    """Who may write for the task now. `expire_time` is by the database's clock, for showing.

    `order_time`: by the steady clock, when the order was given that the attempt carries out: a look that it takes was
    asked then (rule 34). `revision`: the task's, at that time.
    """

    phase: Phase
    executor: str
    worker: str
    start_time: int
    expire_time: int
    order_time: int = 0
    revision: int = 0


@dataclass(slots=True)
class AttemptRecord:
    """One ended or running attempt, as shown to the caller."""

    epoch: int
    phase: Phase
    executor: str
    worker: str
    start_time: int
    end_time: int = 0
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Rollback:
    """A rollback under way: asked by a person or by policy, whole or `only` some keys; `stop` once it was cancelled.

    One that nobody asked for, of `only` some keys, is of what is `temporary` in a task that was cancelled.

    `deadline`: by the steady clock, when it has to be over, 0 for never.
    """

    by_person: bool
    only: tuple[str, ...] = ()
    stop: bool = False
    begin_time: int = 0
    deadline: int = 0

    @property
    def temporary(self) -> bool:
        """Whether it is of what is temporary, so that the task ends as it would without it."""
        return bool(self.only) and not self.by_person

    @property
    def aside(self) -> bool:
        """Whether it is about evidence (`KEY~n`) alone, so that the task's own things stay as they were."""
        return bool(self.only) and all("~" in key for key in self.only)
