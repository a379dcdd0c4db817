"""One decision of the engine, as the checks see it: what was, what is, and who wanted it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.campaigns.sim.cloud import Cloud

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.failure import Failure
from wharfinger.ledger.states import EntryState as E
from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.domain.attempt import Rollback
from wharfinger_server.domain.task import Task
from wharfinger_server.store.store import UnitOfWork

CLOSED = (E.NOT_CREATED, E.UNDONE, E.RETAINED, E.FORGOTTEN)


@dataclass(frozen=True, slots=True)
class Who:
    """Who decides: an attempt by its epoch and what it reports, or 0 and what a person asks; empty: the engine.

    `stopped`: the attempt had been asked to stop when it reported.
    """

    epoch: int = 0
    verb: str = ""
    said: tuple[Any, ...] = ()
    stopped: bool = False

    def __str__(self) -> str:
        return f"{self.epoch}/{self.verb}" if self.verb else "engine"


ENGINE = Who()


@dataclass(frozen=True, slots=True)
class Before:
    """A task before a decision."""

    state: TaskState
    epoch: int
    phase: Phase | None
    error: Failure | None
    revision: int
    undo_begun: bool
    rollback: Rollback | None
    deleted: bool
    losses: int

    @classmethod
    def of(cls, task: Task) -> Before:
        """Return what a decision about `task` starts from."""
        phase = task.lease.phase if task.lease else None
        return cls(
            task.state,
            task.epoch,
            phase,
            task.error,
            task.revision,
            task.undo_begun,
            task.rollback,
            task.delete_time != 0,
            task.losses,
        )


@dataclass(slots=True)
class Known:
    """What the trace knows of a task: it as it is, its ledger, and the sequence of its last committed event.

    `handed`: the ids (or tokens, where there was no id) that a person took over. `settles`: from when on "not there"
    counts, by token, and `undos`: until when a deletion may be on its way, by key, both in true time. `tokens`: of
    which request each token is. `tried`: how often each thing, by its id, had been undone when the rollback under way
    began, and `begun`: how often each began to be undone since. `succeeded`: it once was, and nothing of that was
    undone since. `resumed`: when a person had it run again (true time), which it has not yet; `unlooked`: the ids of
    which no look could tell since then. `lost`: the keys whose own thing was found to be gone, and `freed` the tokens
    that are free by that.
    """

    task: Task
    entries: dict[str, Entry] = field(default_factory=dict)
    sequence: int = 0
    handed: set[str] = field(default_factory=set)
    settles: dict[str, int] = field(default_factory=dict)
    undos: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, tuple[str, int]] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)
    succeeded: bool = False
    bodies: list[bytes] = field(default_factory=list)
    resumed: int = 0
    unlooked: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)
    spent: set[tuple[str, str]] = field(default_factory=set)

    def copy(self) -> Known:
        """Return what a decision may change without harm to this."""
        return Known(
            self.task,
            dict(self.entries),
            self.sequence,
            set(self.handed),
            dict(self.settles),
            dict(self.undos),
            dict(self.tokens),
            dict(self.tried),
            dict(self.begun),
            self.succeeded,
            self.bodies,
            self.resumed,
            set(self.unlooked),
            set(self.lost),
            set(self.freed),
            set(self.spent),
        )

    def holds(self, external_id: str) -> bool:
        """Whether an entry has that id."""
        return any(entry.external_id == external_id for entry in self.entries.values())

    def children(self, entry: Entry) -> list[Entry]:
        """Return what came after `entry`; nothing comes after evidence."""
        if "~" in entry.key:
            return []
        return [e for e in self.entries.values() if entry.key in e.depends_on and e.base != entry.key]


@dataclass(slots=True)
class Decision:
    """What is checked: `old` is the ledger before, `known` the task and its ledger after; `real` is what changed.

    `now` is the true time, in microseconds since the history began.
    """

    work: UnitOfWork
    before: Before
    who: Who
    old: dict[str, Entry]
    real: dict[str, Entry]
    removed: Sequence[str]
    known: Known
    cloud: Cloud
    now: int
    say: Callable[[str], None]

    @property
    def task(self) -> Task:
        """The task after the decision."""
        return self.work.task

    @property
    def fenced(self) -> bool:
        """Whether it is the report of an attempt that does not hold the lease."""
        return self.who.epoch > 0 and not (self.before.phase is not None and self.before.epoch == self.who.epoch)

    def wrong(self, what: str) -> None:
        """Note a violation."""
        self.say(f"{self.task.task_id}: {what} (by {self.who})")


MOMENTS = ("settle_time", "undo_deadline", "undo_failed_time", "look_time", "denied_time")
"""What of an entry is a moment of the server's steady clock: our own words, not the product's."""


def untimed(entry: Entry) -> Entry:
    """Return an entry of whose moments is told only whether there are any: each server's clock has its own."""
    return replace(entry, **{name: min(getattr(entry, name), 1) for name in MOMENTS})


def is_open(entry: Entry) -> bool:
    """Whether it is ours and may be alive: our own words, not the product's."""
    return entry.owned and entry.state not in CLOSED
