"""A task: its states, the one table of what may follow what, and every decision about its life.

The table is the whole truth: each decision ends in `Task.move`, which refuses a step that is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.failure import Failure
from wharfinger_server.domain.ledger import Counts
from wharfinger_server.domain.policy import OnFailure, Policy
from wharfinger_server.domain.progress import Progress
from wharfinger_server.domain.states import Cause, EntryState, Goal, Phase, TaskState

Q, R, C, RB = TaskState.QUEUED, TaskState.RUNNING, TaskState.CANCELLING, TaskState.ROLLING_BACK
SUCCEEDED, FAILED, CANCELLED = TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED
PARTIAL, ROLLED_BACK, UNDO_FAILED = TaskState.PARTIALLY_FAILED, TaskState.ROLLED_BACK, TaskState.ROLLBACK_FAILED

MAX_ATTEMPTS_KEPT = 10


class Trigger(Enum):
    """What makes a task move."""

    LEASE = "an attempt begins"
    GIVE_UP = "what an attempt left behind could not be settled"
    CANCEL = "cancel"
    RESULT = "a result"
    RETRY = "a failed or lost attempt that may be repeated"
    CONCLUDE = "the ledger is settled"
    RESUME = "resume"
    ROLL_BACK = "roll back"
    UNDO_ENDED = "the rollback ended"
    RESOLVE = "resolve"
    EVIDENCE = "late evidence"
    DELETE = "delete"


TRANSITIONS: dict[tuple[TaskState, Trigger], frozenset[TaskState]] = {
    (Q, Trigger.LEASE): frozenset({R}),
    (Q, Trigger.GIVE_UP): frozenset({R}),
    (Q, Trigger.CANCEL): frozenset({CANCELLED, C}),
    (R, Trigger.CANCEL): frozenset({C}),
    (R, Trigger.RESULT): frozenset({SUCCEEDED, R}),
    (R, Trigger.RETRY): frozenset({Q}),
    (R, Trigger.CONCLUDE): frozenset({SUCCEEDED, FAILED, PARTIAL, RB}),
    (C, Trigger.CONCLUDE): frozenset({CANCELLED, PARTIAL, RB}),
    (PARTIAL, Trigger.RESUME): frozenset({Q}),
    (PARTIAL, Trigger.ROLL_BACK): frozenset({RB}),
    (SUCCEEDED, Trigger.ROLL_BACK): frozenset({RB}),
    (UNDO_FAILED, Trigger.ROLL_BACK): frozenset({RB}),
    (RB, Trigger.CANCEL): frozenset({RB}),
    (RB, Trigger.UNDO_ENDED): frozenset({FAILED, CANCELLED, ROLLED_BACK, PARTIAL, UNDO_FAILED}),
    (PARTIAL, Trigger.RESOLVE): frozenset({PARTIAL, FAILED, CANCELLED, ROLLED_BACK, SUCCEEDED}),
    (UNDO_FAILED, Trigger.RESOLVE): frozenset({UNDO_FAILED, FAILED, CANCELLED, ROLLED_BACK, SUCCEEDED}),
    (SUCCEEDED, Trigger.RESOLVE): frozenset({SUCCEEDED}),
    (FAILED, Trigger.EVIDENCE): frozenset({PARTIAL, FAILED}),
    (CANCELLED, Trigger.EVIDENCE): frozenset({PARTIAL, CANCELLED}),
    (ROLLED_BACK, Trigger.EVIDENCE): frozenset({PARTIAL, ROLLED_BACK}),
    (SUCCEEDED, Trigger.EVIDENCE): frozenset({PARTIAL, SUCCEEDED}),
    (PARTIAL, Trigger.EVIDENCE): frozenset({PARTIAL, SUCCEEDED}),
    (UNDO_FAILED, Trigger.EVIDENCE): frozenset({UNDO_FAILED}),
    (SUCCEEDED, Trigger.DELETE): frozenset({SUCCEEDED}),
    (FAILED, Trigger.DELETE): frozenset({FAILED}),
    (CANCELLED, Trigger.DELETE): frozenset({CANCELLED}),
    (ROLLED_BACK, Trigger.DELETE): frozenset({ROLLED_BACK}),
}
"""(state, trigger) → the states it may lead to. What is not here is refused."""


@dataclass(slots=True)
class Lease:
    """Who may write for the task now. `expire_time` is by the database's clock."""

    phase: Phase
    executor: str
    worker: str
    start_time: int
    expire_time: int


@dataclass(slots=True)
class Attempt:
    """One ended or running attempt, as shown to the caller."""

    epoch: int
    phase: Phase
    executor: str
    worker: str
    start_time: int
    end_time: int = 0
    error: Failure | None = None


@dataclass(slots=True)
class Rollback:
    """A rollback under way: asked by a person or by policy, whole or `only` some keys; `stop` once it was cancelled."""

    by_person: bool
    only: tuple[str, ...] = ()
    stop: bool = False


@dataclass(slots=True)
class Task:
    """A task as the database has it. `revision` rises with state and ledger, never with progress or leases."""

    id: int
    uid: str
    project: str
    task_id: str
    script: str
    script_version: str
    executor: str
    creator: str
    create_time: int
    params: bytes = b"{}"
    labels: dict[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    request_id: str = ""
    request_digest: str = ""
    traceparent: str = ""
    state: TaskState = TaskState.QUEUED
    goal: Goal = Goal.NONE
    cause: Cause = Cause.NONE
    epoch: int = 0
    lease: Lease | None = None
    attempts: list[Attempt] = field(default_factory=list)
    runs: int = 0
    losses: int = 0
    undo_begun: bool = False
    evidence: bool = False
    rollback: Rollback | None = None
    wake_time: int = 0
    counts: Counts = field(default_factory=Counts)
    plan: tuple[str, ...] = ()
    progress: Progress | None = None
    result: bytes = b""
    error: Failure | None = None
    rollback_error: Failure | None = None
    logs: int = 0
    logs_dropped: int = 0
    revision: int = 1
    last_sequence: int = 0
    update_time: int = 0
    start_time: int = 0
    end_time: int = 0
    expire_time: int = 0
    delete_time: int = 0

    @property
    def name(self) -> str:
        """The full resource name."""
        return f"projects/{self.project}/tasks/{self.task_id}"

    @property
    def etag(self) -> str:
        """The version of state and ledger."""
        return f'"{self.id:x}-{self.revision:x}"'

    # ------------------------------------------------------------------ moving

    def allowed(self) -> list[str]:
        """Return what a person may ask of the task in its present state."""
        person = (Trigger.CANCEL, Trigger.RESUME, Trigger.ROLL_BACK, Trigger.DELETE)
        return [t.value for t in person if (self.state, t) in TRANSITIONS]

    def require(self, trigger: Trigger) -> None:
        """Raise FailedPrecondition STATE_FORBIDS unless the table has `trigger` in the present state."""
        if (self.state, trigger) in TRANSITIONS:
            return
        allowed = self.allowed()
        raise FailedPrecondition(
            "STATE_FORBIDS",
            f"{self.name} is {self.state.name}: {trigger.value} is not possible now"
            + (f"; possible: {', '.join(allowed)}" if allowed else ""),
            {"state": self.state.name, "allowed": ",".join(allowed)},
        )

    def move(self, trigger: Trigger, to: TaskState) -> None:
        """Move to `to`; raise FailedPrecondition where the table does not have it."""
        self.require(trigger)
        if to not in TRANSITIONS[self.state, trigger]:
            raise FailedPrecondition(
                "STATE_FORBIDS", f"{self.name}: {trigger.value} does not lead from {self.state.name} to {to.name}"
            )
        self.state = to

    # ------------------------------------------------------------------ leases

    def begin(self, phase: Phase, executor: str, worker: str, now: int, ttl: int) -> None:
        """Give the lease for `phase` to `worker`: a new epoch fences every attempt before it."""
        if self.lease is not None:
            raise FailedPrecondition("STATE_FORBIDS", f"{self.name} is leased already")
        if phase is Phase.RUN:
            # Rule 9: nothing is tried again while what was tried is unsettled.
            if self.counts.of(EntryState.INTENDED, EntryState.UNCERTAIN):
                raise FailedPrecondition("TASK_NOT_SETTLED", f"{self.name} has entries that are not settled")
            self.move(Trigger.LEASE, R)
            self.runs += 1
            self.start_time = self.start_time or now
        self.epoch += 1
        self.lease = Lease(phase, executor, worker, now, now + ttl)
        self.attempts = [*self.attempts, Attempt(self.epoch, phase, executor, worker, now)][-MAX_ATTEMPTS_KEPT:]

    def holds(self, epoch: int) -> bool:
        """Whether the attempt `epoch` holds the lease."""
        return self.lease is not None and self.epoch == epoch

    def _end_lease(self, now: int, error: Failure | None = None) -> None:
        """Take the lease back. Every end raises the epoch (rule 15)."""
        if self.attempts and self.attempts[-1].epoch == self.epoch:
            last = self.attempts[-1]
            self.attempts[-1] = Attempt(last.epoch, last.phase, last.executor, last.worker, last.start_time, now, error)
        self.lease = None
        self.epoch += 1

    # ------------------------------------------------------------------ how a RUN attempt ends

    def finished(self, result: bytes, now: int) -> None:
        """Take a result. With everything settled the task is SUCCEEDED; otherwise it concludes after settling (rule 13)."""
        self.require(Trigger.RESULT) if self.state is not C else None
        self._end_lease(now)
        self.result = result
        if self.state is C:  # rule 15: cancel wins over a result that is pending
            self.result = b""
            self.goal = Goal.CANCEL
        elif self.counts.unsettled:
            self.goal = Goal.SUCCEED
        else:
            self.move(Trigger.RESULT, SUCCEEDED)
            self._rest(Cause.SUCCESS, now)

    def failed(self, error: Failure, now: int) -> bool:
        """Take an attempt's failure; return whether it will be tried again."""
        again = error.retryable and self.runs < self.policy.attempts
        return self._attempt_ended(error, now, again=again)

    def lost(self, error: Failure, now: int, *, resumable: bool) -> bool:
        """Take the loss of an attempt with its executor; return whether it will be tried again."""
        phase = self.lease.phase if self.lease else Phase.RUN
        if phase is not Phase.RUN:
            self._end_lease(now, error)
            return True
        self.losses += 1
        return self._attempt_ended(error, now, again=resumable and self.losses < self.policy.losses)

    def _attempt_ended(self, error: Failure, now: int, *, again: bool) -> bool:
        self._end_lease(now, error)
        if self.state is C:
            self.goal = Goal.CANCEL
            return False
        if again:
            self.move(Trigger.RETRY, Q)
            return True
        self.goal = Goal.FAIL
        self.error = self.error or error
        return False

    def attempt_over(self, now: int, error: Failure | None = None) -> None:
        """End a SETTLE or UNDO attempt without a verdict on the task."""
        self._end_lease(now, error)

    # ------------------------------------------------------------------ settling and concluding

    @property
    def must_settle(self) -> bool:
        """Whether entries may be waiting to be looked for: the ledger then says which."""
        return bool(self.counts.of(EntryState.INTENDED, EntryState.UNCERTAIN))

    def give_up(self, error: Failure, now: int) -> None:
        """A queued task whose leftovers stay UNCERTAIN after settling does not run again: it concludes as failed."""
        self.move(Trigger.GIVE_UP, R)
        self.goal = Goal.FAIL
        self.error = self.error or error
        self.start_time = self.start_time or now

    def conclude(self, now: int) -> None:
        """Bring a task with a goal to rest, once its ledger is settled; or begin the rollback that its policy asks for."""
        goal, counts = self.goal, self.counts
        if goal is Goal.SUCCEED:
            bad = counts.unsettled > 0
            self.move(Trigger.CONCLUDE, PARTIAL if bad else SUCCEEDED)
            self._rest(Cause.FAIL if bad else Cause.SUCCESS, now)
            return
        cause = Cause.FAIL if goal is Goal.FAIL else Cause.CANCEL
        wish = self.policy.on_failure if goal is Goal.FAIL else self.policy.on_cancel
        if not counts.open:
            self.move(Trigger.CONCLUDE, FAILED if goal is Goal.FAIL else CANCELLED)
        elif wish is OnFailure.ROLL_BACK and not self.undo_begun:
            self.move(Trigger.CONCLUDE, RB)
            self.goal, self.cause, self.undo_begun = Goal.NONE, cause, True
            self.rollback = Rollback(by_person=False)
            return
        else:
            self.move(Trigger.CONCLUDE, PARTIAL)
        self._rest(cause, now)

    def _rest(self, cause: Cause, now: int) -> None:
        self.goal, self.cause = Goal.NONE, cause
        self.end_time = now
        self.wake_time = 0

    def rest_state(self) -> TaskState:
        """Return what a resting task is, by its cause and its ledger: after a person's verdict or late evidence."""
        if self.cause is Cause.SUCCESS and not self.undo_begun:
            return PARTIAL if self.counts.unsettled else SUCCEEDED  # rule 14
        if self.counts.open:
            return UNDO_FAILED if self.state is UNDO_FAILED else PARTIAL
        if self.cause is Cause.CANCEL:
            return CANCELLED
        if self.cause is Cause.ROLLBACK or (self.cause is Cause.SUCCESS and self.undo_begun):
            return ROLLED_BACK
        return FAILED

    # ------------------------------------------------------------------ what people ask

    def cancel(self, now: int) -> None:
        """Take a cancel. A queued task with an empty ledger is CANCELLED at once; another first settles and concludes.

        Cancelling again while CANCELLING changes nothing.
        """
        if self.state is C:
            return
        self.require(Trigger.CANCEL)
        if self.state is RB:
            if self.rollback:
                self.rollback.stop = True
            return
        if self.state is Q and not self.counts.total:
            self.move(Trigger.CANCEL, CANCELLED)
            self._rest(Cause.CANCEL, now)
            return
        self.move(Trigger.CANCEL, C)
        if self.lease is None or self.lease.phase is not Phase.RUN:
            self.goal = Goal.CANCEL

    def late_evidence(self, error: Failure, now: int) -> bool:
        """A fenced attempt reported a thing; return whether the task moved (rules 11 and 12)."""
        self.evidence = True
        revived = self.delete_time != 0
        self.delete_time = 0
        if not self.state.resting:
            return False
        to = self.rest_state()
        moved = to is not self.state or revived
        self.move(Trigger.EVIDENCE, to)
        if moved:
            self.error = self.error or error
            self.expire_time = 0
        return moved

    def delete(self, now: int) -> None:
        """Leave a tombstone, with the ledger, so that late evidence can still revive the task (rule 12)."""
        self.require(Trigger.DELETE)
        if self.counts.open:
            raise FailedPrecondition(
                "LEFTOVERS_ALIVE",
                f"{self.name} owns {self.counts.open} thing(s) that may be alive; roll them back, retain them or forget them first",
                {"open": str(self.counts.open)},
            )
        self.delete_time = now

    @property
    def purgeable(self) -> bool:
        """Whether it may be deleted by retention: at rest and nothing owned may be alive (invariant 11)."""
        return (self.state, Trigger.DELETE) in TRANSITIONS and not self.counts.open
