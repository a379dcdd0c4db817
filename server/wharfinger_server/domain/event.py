"""One numbered fact of a task. Progress is not an event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from wharfinger.ledger.failure import Failure
from wharfinger.ledger.ledger import Entry
from wharfinger.ledger.states import TaskState


class LogLevel(IntEnum):
    """How loud a log line is; numbers as on the wire."""

    UNSPECIFIED = 0
    DEBUG = 1
    INFO = 2
    WARNING = 3
    ERROR = 4


@dataclass(frozen=True, slots=True)
class StateChange:
    """The task moved to `state`; `actor` is a creator's name or "server", `reason` a short sentence."""

    state: TaskState
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the task's log; `dropped` counts the lines left out before it, the task's limit being reached."""

    level: LogLevel
    text: str
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class EntryChange:
    """A ledger entry as it stands after a change: a copy, so that later changes do not alter the event."""

    entry: Entry

    @classmethod
    def of(cls, entry: Entry) -> EntryChange:
        """Return the event of `entry` as it is now."""
        return cls(replace(entry))


EventDetail = StateChange | LogLine | EntryChange | Failure


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the task `project`/`task_id`.

    `sequence` counts from 1 without a gap; `attempt` is the epoch, 0 for none.
    """

    project: str
    task_id: str
    sequence: int
    time: int
    attempt: int
    detail: EventDetail
