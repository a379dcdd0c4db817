"""The values that a watch yields: a task's numbered events, each once and in order, progress and snapshots."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wharfinger._model import Model
from wharfinger.models import Failure, LedgerEntry, Progress, Task, TaskState


@dataclass(frozen=True, slots=True, repr=False)
class _News(Model):
    """What everything told by a watch has in common.

    `name` is the task's full name. `sequence` is the event's number, 1, 2, 3 … without a gap; for what is no event
    (`Snapshot`, `ProgressUpdate`) that of the last event told before it. `time` is the server's. `attempt` is the epoch
    of the attempt it belongs to, 0 for none. `resume_token` is set by project watches only: give it back to go on after
    this.
    """

    name: str
    sequence: int
    time: datetime | None
    attempt: int = field(default=0, kw_only=True)
    resume_token: bytes = field(default=b"", repr=False, compare=False, kw_only=True)
    raw: Any = field(default=None, repr=False, compare=False, kw_only=True)

    def to_dict(self) -> dict[str, Any]:
        """Return it as what JSON has, with its `kind`, such as "state_changed"; without a token that is not set."""
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        told: dict[str, Any] = {"kind": kind, **Model.to_dict(self)}
        if not told["resume_token"]:
            del told["resume_token"]
        return told


@dataclass(frozen=True, slots=True, repr=False)
class StateChanged(_News):
    """The task came into `state`; `actor` caused it ("system" or a creator's name) and perhaps told a `reason`."""

    state: TaskState
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class EntryChanged(_News):
    """An entry of the ledger changed; `resource` is the whole entry as it then was."""

    entry: LedgerEntry


@dataclass(frozen=True, slots=True, repr=False)
class LogLine(_News):
    """A line that the script told or printed.

    `level` is DEBUG, INFO, WARNING or ERROR; `dropped` lines before it were left out by the task's limit.
    """

    level: str
    text: str
    dropped: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class ErrorEvent(_News):
    """An attempt, a search or an undo failed; later events say what that led to."""

    failure: Failure


@dataclass(frozen=True, slots=True, repr=False)
class UnknownEvent(_News):
    """An event of a kind that this client is too old to know; `raw` has it."""


@dataclass(frozen=True, slots=True, repr=False)
class ProgressUpdate(_News):
    """The latest progress; values in between may have been left out."""

    progress: Progress


@dataclass(frozen=True, slots=True, repr=False)
class Snapshot(_News):
    """The whole task as it is: told first, and `final` last of all when the task is at rest."""

    task: Task
    final: bool = False


Event = StateChanged | EntryChanged | LogLine | ErrorEvent | UnknownEvent | ProgressUpdate | Snapshot
"""Everything a watch can tell."""
