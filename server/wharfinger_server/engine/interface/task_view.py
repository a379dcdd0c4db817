"""A task as it is shown: the stored task with what is known only now."""

from __future__ import annotations

from dataclasses import dataclass

from wharfinger.ledger.ledger import Entry
from wharfinger.ledger.progress import Progress
from wharfinger_server.domain.estimate import Estimate
from wharfinger_server.domain.task import Task


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with its latest progress, why it waits, and — where something is left over — the first open entries.

    `left_over` holds at most 100 entries, `task.counts.open` counts them all; `not_attempted` are planned keys never
    begun; `allowed_actions` are "RESUME", "ROLL_BACK", "RESOLVE", and `resume_version` the version that RESUME has to
    name, "" for none. With `full` False only the basic view was asked for;
    that has no `estimate`.
    """

    task: Task
    progress: Progress | None = None
    waiting_reason: str = ""
    left_over: tuple[Entry, ...] = ()
    not_attempted: tuple[str, ...] = ()
    allowed_actions: tuple[str, ...] = ()
    full: bool = True
    estimate: Estimate | None = None
    resume_version: str = ""
