"""A world for walks: the real task, ledger and lives of attempts, on a small cloud, with workers that pause and die.

Every commit is one call of `change`, on copies, as the store does it. Between two commits anything may happen: each
actor is a record of what it knows, and forgetting the record is its death. Time stands still unless the walk moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.domain.cloud import Cloud

from wharfinger.ledger.entry import Counts, Entry, Intent
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.states import Phase
from wharfinger_server.domain.event import EventDetail
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.task_spec import TaskSpec
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle

T = TypeVar("T")

Move = tuple[float, str, Callable[[], object]]
"""A weight, a label, and what it does."""

SEND_WINDOW, CALL_TIMEOUT, SETTLING, UNDO_WINDOW = 10, 20, 10, 25
TTL = 60
WALL = 1_000_000
"""What the wall clock shows when the steady clock is at 0: nothing may take one for the other."""
BROKEN = Failure(Code.UNKNOWN, "SCRIPT_RAISED", "it failed", retryable=True)
LOST = Failure(Code.UNAVAILABLE, "EXECUTOR_LOST", "it is lost")
DOUBT = Failure(Code.ABORTED, "RESOURCE_UNCERTAIN", "no answer")
NO_TELLING = Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", "find failed")
REFUSAL = Failure(Code.RESOURCE_EXHAUSTED, "REFUSED", "the cloud refused")
TOO_LATE = Failure(Code.DEADLINE_EXCEEDED, "UNDO_TIMEOUT", "the rollback took too long")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the script does: CREATE its keys (several: in one call), ADOPT or REMOVE its key."""

    verb: str
    keys: tuple[str, ...]
    after: tuple[str, ...] = ()


@dataclass(slots=True)
class Setup:
    """What a walk is about. `faults`: how often each kind of trouble may strike."""

    steps: tuple[Step, ...] = (Step("create", ("a",)),)
    tokens: bool = True
    faults: dict[str, int] = field(default_factory=dict)
    on_failure: LeftoverPolicy = LeftoverPolicy.KEEP
    on_cancel: LeftoverPolicy = LeftoverPolicy.KEEP
    attempts: int = 2
    losses: int = 3
    resumable: bool = True
    swallow: bool = False
    adopts_what_it_sees: bool = False
    lured: bool = False
    undo_timeout: int = 0

    def group(self, key: str) -> str:
        """Return the group that `key` is made in, "" for none."""
        for step in self.steps:
            if key in step.keys and len(step.keys) > 1:
                return "+".join(step.keys)
        return ""

    @property
    def families(self) -> list[tuple[str, ...]]:
        """The keys that share tokens: the members of each group, and each other key alone."""
        return list(dict.fromkeys(step.keys for step in self.steps))


@dataclass(slots=True)
class Call:
    """A create call that a worker is about to make or has made: the keys that share a token."""

    token: str
    keys: tuple[str, ...]
    generations: dict[str, int]
    parents: tuple[str, ...]
    lands_by: int
    epoch: int = 0


@dataclass(slots=True)
class Worker:
    """A RUN attempt: where it is in the script, and what it knows."""

    epoch: int
    at: int = 0
    doing: str = "next"
    begun: int = 0
    calls: list[Call] = field(default_factory=list)
    reports: list[tuple[str, str]] = field(default_factory=list)
    failed: bool = False
    deadline: int = 0
    id: str = ""


@dataclass(slots=True)
class Finder:
    """A SETTLE attempt: what it has still to look for, and what it was shown but has not told yet."""

    epoch: int
    left: list[str]
    shown: dict[str, tuple[Any, list[str], int]] = field(default_factory=dict)


@dataclass(slots=True)
class Undoer:
    """An UNDO attempt: the undos at work, by key: id, window, version, and how the delete ended."""

    epoch: int
    calls: dict[str, tuple[str, int, Any, str]] = field(default_factory=dict)


class Work:
    """One decision's view of task and ledger, as the store's: private copies, and only the keys asked for."""

    def __init__(self, world: World) -> None:
        counts = world.task.counts
        self.now = world.now + world.ahead
        self.steady = world.now
        self.task: Task = copy(world.task)
        self.task.counts = Counts(dict(counts.owned), counts.foreign, counts.last_ordinal, looks=counts.looks)
        self.events: list[EventDetail] = []
        self._stored = world.entries
        self.opened = Ledger(self.task.uid, self.task.counts, steady=self.steady)

    def ledger(self, *bases: str) -> Ledger:
        """Return the ledger, with at least the entries of `bases`; with all if none is named."""
        held = self.opened
        for entry in self._stored.values():
            wanted = not bases or entry.base in bases
            if wanted and entry.key not in held.entries and entry.key not in held.removed:
                held.entries[entry.key] = entry
        return held

    def event(self, detail: EventDetail, attempt: int = 0) -> None:
        """Note an event."""
        self.task.last_sequence += 1
        self.events.append(detail)

    def touch(self) -> None:
        """Note that there is a new version."""
        self.task.revision += 1


class World:
    """All there is.

    `reported`: the ids that some worker told, in time or late; `handed`: those a person took over. `wrong`: what went
    wrong on the way. `coin` falls anew before each move, for moves that may go two ways. `commits` counts.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.now = 1000
        self.ahead = WALL
        self.cloud = Cloud(setup.tokens)
        self.faults = dict(setup.faults)
        self.life = Lifecycle(retention=1000, lease_ttl=TTL)
        self.entries: dict[str, Entry] = {}
        self.workers: list[Worker] = []
        self.finders: list[Finder] = []
        self.undoers: list[Undoer] = []
        self.wrong: list[str] = []
        self.reported: set[str] = set()
        self.handed: set[str] = set()
        self.coin = False
        self.commits = 0
        self.families = setup.families
        policy = Policy(
            on_failure=setup.on_failure,
            on_cancel=setup.on_cancel,
            max_attempts=setup.attempts,
            max_lost_attempts=setup.losses,
            retry_backoff=5,
            undo_timeout=setup.undo_timeout,
        )
        self.task = Task(1, "uid", "p", "t", TaskSpec("s", "me", policy=policy), "1", "x", self.now)
        for step in setup.steps:
            if step.verb == "adopt":
                self.cloud.put(step.keys[0], "", ours=False)

    # ------------------------------------------------------------------ commits

    def change(self, decide: Callable[[Any], T]) -> T:
        """Commit what `decide` does to a private copy; when it raises, nothing happened."""
        work = Work(self)
        result = decide(work)
        if (work.opened.changed or work.opened.removed) and work.task.revision == self.task.revision:
            work.touch()  # as whoever notes the change does
        if work.task.epoch < self.task.epoch:
            self.wrong.append("the epoch went back")
        for key in work.opened.removed:
            self.entries.pop(key, None)
        self.entries.update(work.opened.changed)
        self.task = work.task
        self.commits += 1
        return result

    def ledger(self) -> Ledger:
        """Return the whole ledger, to be looked at."""
        return Work(self).ledger()

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that the script names."""
        return tuple(dict.fromkeys(key for step in self.setup.steps for key in step.keys))

    @property
    def deleted(self) -> bool:
        """Whether the task is a tombstone."""
        return self.task.delete_time != 0

    def spend(self, fault: str) -> bool:
        """Whether trouble of this kind may still strike."""
        return self.faults.get(fault, 0) > 0

    def strike(self, fault: str) -> None:
        """Count one trouble."""
        self.faults[fault] = self.faults.get(fault, 0) - 1

    def intent(self, step: Step, key: str) -> Intent:
        """Return what the script asks for under `key`."""
        return Intent(
            key,
            "thing",
            request_digest=f"d-{key}",
            group=self.setup.group(key),
            depends_on=step.after,
            idempotent=self.setup.tokens,
            send_window=SEND_WINDOW,
            call_timeout=CALL_TIMEOUT,
            settling=SETTLING,
        )

    # ------------------------------------------------------------------ time

    def horizon(self) -> int:
        """Return the time before which every request that was sent in time must have landed (A1)."""
        return min((r.lands_by for r in self.cloud.requests if not r.stale), default=1 << 60)

    def moments(self) -> list[int]:
        """Return the moments at which something changes by time alone."""
        times = [self.task.wake_time, self.task.undo_end]
        for entry in self.entries.values():
            times += [entry.settle_time, entry.undo_deadline, entry.send_by - WALL]
            times += [entry.look_time] if entry.awaits_look else []
        later = sorted({t for t in times if t > self.now} | {t + 1 for t in times if t + 1 > self.now})
        return [t for t in later if t < self.horizon()]

    # ------------------------------------------------------------------ ends

    def is_current(self, epoch: int, phase: Phase) -> bool:
        """Whether the attempt `epoch` holds the lease."""
        return self.task.holds(epoch) and self.task.lease is not None and self.task.lease.phase is phase

    @property
    def quiet(self) -> bool:
        """Whether nobody knows or does anything that the ledger may not have."""
        return not (self.workers or self.cloud.requests or self.finders or self.undoers)

    def family(self, keys: Sequence[str]) -> list[Entry]:
        """Return the entries of these keys, evidence included."""
        return [entry for entry in self.entries.values() if entry.base in keys]
