"""The server's answers as frozen values. Each keeps the message it was made from as `raw`, and is JSON by `to_dict`.

Times are aware datetimes in UTC, durations are seconds, money is exact. A time that is not set is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from wharfinger._model import Model, told
from wharfinger.prices import Estimate, Money


class TaskState(StrEnum):
    """Where a task is in its life. UNKNOWN stands for a state that this client is too old to know."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    ROLLING_BACK = "ROLLING_BACK"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    PARTIALLY_FAILED = "PARTIALLY_FAILED"
    ROLLED_BACK = "ROLLED_BACK"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    UNKNOWN = "UNKNOWN"

    @property
    def resting(self) -> bool:
        """Whether nothing happens any more by itself; late evidence can still reopen such a task."""
        return self in _RESTING

    @property
    def left_over(self) -> bool:
        """Whether the task ended with things that may be alive."""
        return self in (TaskState.PARTIALLY_FAILED, TaskState.ROLLBACK_FAILED)


_RESTING = frozenset(
    {
        TaskState.SUCCEEDED,
        TaskState.FAILED,
        TaskState.CANCELLED,
        TaskState.PARTIALLY_FAILED,
        TaskState.ROLLED_BACK,
        TaskState.ROLLBACK_FAILED,
    }
)


class LedgerEntryState(StrEnum):
    """What is known of one entry of a ledger. UNKNOWN stands for a state that this client is too old to know."""

    INTENDED = "INTENDED"
    CREATED = "CREATED"
    UNCERTAIN = "UNCERTAIN"
    NOT_CREATED = "NOT_CREATED"
    UNDOING = "UNDOING"
    UNDONE = "UNDONE"
    UNDO_FAILED = "UNDO_FAILED"
    RETAINED = "RETAINED"
    FORGOTTEN = "FORGOTTEN"
    MISSING = "MISSING"
    UNKNOWN = "UNKNOWN"

    @property
    def uncertain(self) -> bool:
        """Whether nobody can tell if the thing exists."""
        return self in _UNCERTAIN

    @property
    def closed(self) -> bool:
        """Whether the task has nothing more to do with the thing."""
        return self in _CLOSED


_UNCERTAIN = frozenset(
    {LedgerEntryState.INTENDED, LedgerEntryState.UNCERTAIN, LedgerEntryState.MISSING, LedgerEntryState.UNKNOWN}
)
_CLOSED = frozenset(
    {LedgerEntryState.NOT_CREATED, LedgerEntryState.UNDONE, LedgerEntryState.RETAINED, LedgerEntryState.FORGOTTEN}
)


class Verdict(StrEnum):
    """What a person can say of one entry of a ledger, after a look at the provider.

    CREATED: it exists. NOT_CREATED: it does not. RETAIN: it exists and is to stay, no longer the task's. FORGET: the
    task need not care any more. GONE: it existed, and is gone; the server makes sure before it is made again.
    """

    CREATED = "CREATED"
    NOT_CREATED = "NOT_CREATED"
    RETAIN = "RETAIN"
    FORGET = "FORGET"
    GONE = "GONE"


@dataclass(frozen=True, slots=True, repr=False)
class Failure(Model):
    """Why something failed: `code` is a canonical status ("UNAVAILABLE"), `reason` a word of the API's ErrorReason.

    `step` is where it happened, "" outside of steps; `retryable` says that trying again might help.
    """

    code: str
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    domain: str = ""
    step: str = ""
    retryable: bool = False
    raw: Any = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.message} ({self.reason or self.code})" if self.message else self.reason or self.code


@dataclass(frozen=True, slots=True, repr=False)
class Progress(Model):
    """How far the present step is, in `unit`s. `total` and `eta` (seconds left) are None where nobody knows."""

    step: str = ""
    done: int = 0
    total: int | None = None
    unit: str = ""
    message: str = ""
    eta: float | None = None
    time: datetime | None = field(default=None, metadata=told("update_time"))
    raw: Any = field(default=None, repr=False, compare=False)

    @property
    def fraction(self) -> float | None:
        """How much of the step is done, from 0.0 to 1.0; None without a total."""
        if not self.total:
            return None
        return min(1.0, self.done / self.total)


@dataclass(frozen=True, slots=True, repr=False)
class LeftoverCost(Model):
    """What leftovers cost while they live: `known_hourly` is a lower bound while `unpriced` or `uncertain` is not 0."""

    known_hourly: tuple[Money, ...] = ()
    unpriced: int = 0
    uncertain: int = 0
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class LeftoverGroup(Model):
    """Leftovers that have `key` in common: how many half-done tasks left them, how many exist, and what they cost."""

    key: str = ""
    task_count: int = 0
    alive_count: int = 0
    cost: LeftoverCost | None = None
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Leftovers(Model):
    """What half-done tasks left behind: groups by their keys, and the sum of all."""

    groups: tuple[LeftoverGroup, ...] = ()
    total: LeftoverGroup | None = None
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class LedgerSummary(Model):
    """A ledger in numbers; `leftover` is None where nothing is left over."""

    created: int = 0
    uncertain: int = 0
    undone: int = 0
    undo_failed: int = 0
    retained: int = 0
    missing: int = 0
    leftover: LeftoverCost | None = None
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class LedgerEntry(Model):
    """One entry of a task's ledger: a thing that it made, changed or adopted, or was about to."""

    key: str
    type: str
    state: LedgerEntryState
    external_id: str = ""
    step: str = ""
    owned: bool = True
    ordinal: int = 0
    generation: int = 1
    token: str = ""
    profile: str = ""
    region: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    depends_on: tuple[str, ...] = ()
    failure: Failure | None = None
    undo_attempts: int = 0
    blocked_by: str = ""
    hourly: Money | None = None
    truncated: bool = False
    epoch: int = 0
    intent_time: datetime | None = None
    send_by_time: datetime | None = None
    update_time: datetime | None = None
    evidence_of: str = ""
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Attempt(Model):
    """One go at a task by one executor: `phase` is RUN, SETTLE or UNDO; `end_time` None while it runs."""

    epoch: int
    phase: str
    executor: str
    worker: str
    start_time: datetime | None
    end_time: datetime | None
    failure: Failure | None
    raw: Any = field(default=None, repr=False, compare=False)


LEFT_OUT = ("params", "result", "attempts", "estimate", "waiting_reason")
"""What is not told of a task in brief."""


@dataclass(frozen=True, slots=True, repr=False)
class Task(Model):
    """A task as it stood when the server answered.

    `failure` is the first cause of a failed, cancelled or half-done task, `rollback_failure` why its latest rollback
    stopped. `result` is None unless the task SUCCEEDED, and `estimate` where nobody could tell what it would cost.

    Lists, batches and project watches tell tasks in brief: `full` is then False, and `params`, `result`, `attempts`,
    `estimate` and `waiting_reason` are None whatever the task has; `Client.get`, or `Client.list` with `full`, tells
    them.
    """

    name: str
    uid: str = field(repr=False)
    etag: str = field(repr=False)
    script: str
    state: TaskState
    script_version: str = ""
    executor: str = ""
    creator: str = ""
    params: Mapping[str, Any] | None = field(default_factory=dict, repr=False, hash=False)
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    waiting_reason: str | None = ""
    progress: Progress | None = None
    result: Mapping[str, Any] | None = field(default=None, repr=False, hash=False)
    failure: Failure | None = None
    rollback_failure: Failure | None = None
    ledger: LedgerSummary = field(default_factory=LedgerSummary)
    attempts: tuple[Attempt, ...] | None = field(default=(), repr=False)
    estimate: Estimate | None = field(default=None, repr=False)
    create_time: datetime | None = None
    update_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    expire_time: datetime | None = None
    last_sequence: int = 0
    full: bool = field(default=True, metadata=told(None))
    raw: Any = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it as what JSON has; what a task in brief does not tell is left out."""
        told = Model.to_dict(self)
        return told if self.full else {key: value for key, value in told.items() if key not in LEFT_OUT}

    @property
    def id(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]

    @property
    def resting(self) -> bool:
        """Whether nothing happens any more by itself: also in a state that this client is too old to know."""
        return self.state.resting or (self.state is TaskState.UNKNOWN and self.end_time is not None)

    @property
    def project(self) -> str:
        """The project, the second part of the name."""
        parts = self.name.split("/")
        return parts[1] if len(parts) > 1 else ""


@dataclass(frozen=True, slots=True, repr=False)
class RollbackPlan(Model):
    """What a rollback would do if every undo succeeds, all by key.

    `waves` are in the order of undo, and those of one wave go at once. `retained` is what would be kept: what was asked
    for and all that it depends on. `sought` would be looked for first, since nobody knows whether it exists. `blocked`
    can't be undone, each with the reason.
    """

    waves: tuple[tuple[str, ...], ...] = field(
        default=(), metadata=told(lambda plan: tuple(tuple(wave.keys) for wave in plan.waves))
    )
    retained: tuple[str, ...] = ()
    sought: tuple[str, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict, hash=False)
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Script(Model):
    """A script of the server. `name` is the plain one that tasks take; `broken_reason` is empty if it is well."""

    name: str = field(metadata=told(lambda script: script.name.removeprefix("scripts/")))
    version: str = ""
    distribution: str = ""
    summary: str = ""
    params_schema: Mapping[str, Any] = field(default_factory=dict, hash=False)
    result_schema: Mapping[str, Any] = field(default_factory=dict, hash=False)
    can_undo: bool = False
    can_find: bool = False
    can_look: bool = False
    can_estimate: bool = False
    resumable: bool = False
    run_compatible_since: str = ""
    undo_compatible_since: str = ""
    executors: tuple[str, ...] = ()
    broken_reason: str = ""
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class ScheduleFiring(Model):
    """What became of one instant of a schedule.

    `task` is the full name of the task that it made, "" where it made none: because the one before had not ended
    (`overlapped`), or because it was refused (`failure`).
    """

    instant_time: datetime | None
    task: str = ""
    failure: Failure | None = None
    overlapped: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Schedule(Model):
    """Tasks that are asked for at times: by `cron` in `time_zone`, or each `every` seconds.

    `name` is the full one, `task` what each firing asks for. `next_time` is None while it is paused.
    """

    name: str
    task: Task
    uid: str = ""
    cron: str = ""
    every: float | None = None
    time_zone: str = ""
    overlap: str = ""
    catch_up_window: float | None = None
    jitter: float | None = None
    paused: bool = False
    creator: str = ""
    create_time: datetime | None = None
    update_time: datetime | None = None
    next_time: datetime | None = None
    last_firing: ScheduleFiring | None = None
    fired_count: int = 0
    skipped_count: int = 0
    raw: Any = field(default=None, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The last part of its name."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True, repr=False)
class Worker(Model):
    """A process that runs scripts for an executor."""

    id: str
    host: str
    language: str
    slots: int
    running: int
    scripts: tuple[str, ...]
    connect_time: datetime | None
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Executor(Model):
    """Where scripts run; `name` is the plain one that tasks take. `unavailable_reason` is empty if it is well."""

    name: str = field(metadata=told(lambda executor: executor.name.removeprefix("executors/")))
    version: str = ""
    summary: str = ""
    slots: int = 0
    running: int = 0
    queued: int = 0
    draining: bool = False
    workers: tuple[Worker, ...] = ()
    unavailable_reason: str = ""
    raw: Any = field(default=None, repr=False, compare=False)


class Role(StrEnum):
    """What a caller may do; each may do what those before it may. UNKNOWN stands for one of a newer server."""

    VIEWER = "VIEWER"
    OPERATOR = "OPERATOR"
    ADMIN = "ADMIN"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, repr=False)
class Caller(Model):
    """Who calls, as the server knows it: `identity` is NONE, TOKEN, CERTIFICATE or OIDC, how that was shown.

    `role` is what the credential may do in its `projects` (in every one, where `all_projects`), but for those that
    `project_roles` names.
    """

    creator: str
    identity: str
    role: Role
    all_projects: bool = False
    projects: tuple[str, ...] = ()
    project_roles: Mapping[str, Role] = field(default_factory=dict, hash=False)
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class ServerInfo(Model):
    """What a server says of itself: its address, version and database schema; empty where it does not say.

    `instance` is another one after each start of the server.
    """

    server: str
    version: str = ""
    schema: str = ""
    instance: str = ""
