"""A task: what changes of it, and every decision about its life.

Each decision ends in `Task.move`, which refuses a step that is not in the table of `transitions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from wharfinger.ledger.costs import Sums, together
from wharfinger.ledger.entry import Counts
from wharfinger.ledger.failure import Failure
from wharfinger.ledger.progress import Progress
from wharfinger.ledger.refusals import FailedPrecondition, StateForbids
from wharfinger.ledger.states import Cause, Goal, Phase, TaskState
from wharfinger_server.domain.attempt import AttemptRecord, Lease, Rollback
from wharfinger_server.domain.leftover import Leftover
from wharfinger_server.domain.policy import LeftoverPolicy
from wharfinger_server.domain.task_spec import TaskSpec
from wharfinger_server.domain.transitions import (
    CANCELLED,
    FAILED,
    PARTIAL,
    PERSON,
    RB,
    ROLLED_BACK,
    SUCCEEDED,
    TRANSITIONS,
    UNDO_FAILED,
    C,
    Q,
    R,
    Trigger,
)

__all__ = ["AttemptRecord", "Lease", "Rollback", "Task"]

MAX_ATTEMPTS_KEPT = 10


@dataclass(frozen=True, slots=True)
class TakenRequest:
    """A request of a person that the task took: its id, what tells requests of one id apart, and its etag."""

    request_id: str
    digest: str
    etag: str = ""


@dataclass(slots=True)
class Task:
    """A task as the database has it. `revision` rises with state and ledger, never with progress or leases.

    `runs` counts RUN attempts; `failures` those that failed and `losses` those lost with their executor, both since a
    person last resumed the task; `settle_losses` the SETTLE attempts lost one after the other. `crashes`: in how many
    crashes of the server it ran since it last ended an attempt, or ran alone for long enough: it may have been the
    cause. `retry_time`: the next RUN attempt waits until then, for `retry_wait` in all. `wake_time`: when to look at
    the task again. `deadline`: when `total_timeout` is over, 0 for never. These four are by the steady clock (rule 33),
    all other times by the wall clock. `seal_key` is the id of the key that the values of its sealed params are under,
    "" once they are erased. `spec` never changes, nor do the five that name the task and say when it was created.
    """

    id: int
    uid: str
    project: str
    task_id: str
    spec: TaskSpec
    script_version: str
    executor: str
    create_time: int
    seal_key: str = ""
    last_request: str = ""
    last_digest: str = ""
    last_etag: str = ""
    taken_before: tuple[TakenRequest, ...] = ()
    state: TaskState = TaskState.QUEUED
    goal: Goal = Goal.NONE
    cause: Cause = Cause.NONE
    epoch: int = 0
    lease: Lease | None = None
    attempts: list[AttemptRecord] = field(default_factory=list)
    runs: int = 0
    failures: int = 0
    losses: int = 0
    settle_losses: int = 0
    crashes: int = 0
    retry_time: int = 0
    retry_wait: int = 0
    deadline: int = 0
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

    @property
    def undo_end(self) -> int:
        """When the rollback under way has to be over by the steady clock, 0 for never or if there is none."""
        return self.rollback.deadline if self.rollback else 0

    def _rollback(self, by_person: bool, only: tuple[str, ...], now: int, steady: int) -> Rollback:
        limit = self.spec.policy.undo_timeout
        return Rollback(by_person, only, begin_time=now, deadline=steady + limit if limit else 0)

    # ------------------------------------------------------------------ what it costs

    @property
    def leftover(self) -> Leftover | None:
        """What its leftovers cost; None where nothing is left over, before it rests, and for one that succeeded."""
        if self.state in (PARTIAL, UNDO_FAILED) and self.counts.open:
            return Leftover.of(self.counts)
        return None

    @property
    def committed(self) -> Sums:
        """What it counts for in its project's budget, by the hour.

        While it may make things, that is all it is expected to cost and what earlier attempts left beside; otherwise
        all that may be alive.
        """
        costs = self.counts.costs
        if self.state is Q or (self.state is R and self.goal is Goal.NONE):
            return together(self.spec.expected or {}, costs.beside if costs else {})
        return costs.open if costs else {}

    # ------------------------------------------------------------------ moving

    def allowed(self) -> list[str]:
        """Return what a person may ask of the task as it stands."""
        return [trigger.value for trigger in PERSON if (self.state, trigger) in TRANSITIONS and not self._but(trigger)]

    def _but(self, trigger: Trigger) -> str:
        """Return what beside the state stands against what a person asks, "" if nothing does."""
        if trigger is Trigger.RESUME and self.undo_begun:
            return "all that it made has begun to be undone"
        if trigger is Trigger.RESUME and self.spec.sealed and not self.seal_key:
            return "its sealed params were erased when it ended, so it can't run again"
        if trigger in (Trigger.ROLL_BACK, Trigger.RESOLVE) and not self.counts.open:
            return "nothing that it made may be alive"
        if trigger is Trigger.DELETE and self.counts.open:
            return "something that it made may be alive"
        return ""

    def require(self, trigger: Trigger) -> None:
        """Raise FailedPrecondition STATE_FORBIDS unless `trigger` is possible for the task as it stands."""
        why = self._but(trigger)
        if (self.state, trigger) in TRANSITIONS and not why:
            return
        states = [state.name for state, known in TRANSITIONS if known is trigger]
        possible = self.allowed()
        raise StateForbids(
            f"{self.name} is {self.state.name}{f', and {why}' if why else ''}: {trigger.value} is not possible now"
            + (f"; possible: {', '.join(possible)}" if possible else ""),
            {"task": self.name, "state": self.state.name},
            states,
        )

    def move(self, trigger: Trigger, to: TaskState) -> None:
        """Move to `to`; raise FailedPrecondition STATE_FORBIDS where the table does not have it."""
        if to not in TRANSITIONS.get((self.state, trigger), ()):
            raise FailedPrecondition(
                "STATE_FORBIDS",
                f"{self.name}: {trigger.value} does not lead from {self.state.name} to {to.name}",
                {"task": self.name, "state": self.state.name},
            )
        self.state = to
        if to is SUCCEEDED:
            self.error = self.rollback_error = None

    # ------------------------------------------------------------------ leases

    def begin(self, phase: Phase, executor: str, worker: str, now: int, ttl: int) -> None:
        """Give the lease for `phase` to `worker`: a new epoch fences every attempt before it.

        Raises FailedPrecondition: STATE_FORBIDS, or TASK_NOT_SETTLED for a RUN before everything is settled (rule 9).
        """
        if self.lease is not None:
            raise self._unfit("it is leased already")
        if phase is Phase.RUN:
            if self.must_settle:
                raise FailedPrecondition(
                    "TASK_NOT_SETTLED", f"{self.name} has entries that are not settled", {"task": self.name}
                )
            self.move(Trigger.LEASE, R)
            self.runs += 1
            self.retry_time = self.retry_wait = 0
            self.start_time = self.start_time or now
        elif self.state.resting or (phase is Phase.UNDO and self.state is not RB):
            raise self._unfit(f"a {phase.name} attempt has nothing to do in that state")
        self.epoch += 1
        self.lease = Lease(phase, executor, worker, now, now + ttl)
        self.attempts = [*self.attempts, AttemptRecord(self.epoch, phase, executor, worker, now)][-MAX_ATTEMPTS_KEPT:]

    def _unfit(self, why: str) -> FailedPrecondition:
        return FailedPrecondition(
            "STATE_FORBIDS",
            f"{self.name} is {self.state.name}: {why}",
            {"task": self.name, "state": self.state.name},
        )

    def holds(self, epoch: int) -> bool:
        """Whether the attempt `epoch` holds the lease."""
        return self.lease is not None and self.epoch == epoch

    def _end_lease(self, now: int, error: Failure | None = None) -> None:
        """Take the lease back. Every end raises the epoch (rule 15)."""
        if self.attempts and self.attempts[-1].epoch == self.epoch:
            self.attempts = [*self.attempts[:-1], replace(self.attempts[-1], end_time=now, error=error)]
        if self.state is not Q:  # looking for what a queued task left says nothing of its run
            self.crashes = 0
        self.lease = None
        self.epoch += 1

    # ------------------------------------------------------------------ how an attempt ends

    def finished(self, result: bytes, now: int) -> None:
        """Take a result. With all settled the task is SUCCEEDED; otherwise it concludes after settling (rule 13)."""
        if self.state is C:  # rule 15: cancel wins over a result that is pending
            self._end_lease(now)
            self.goal = Goal.CANCEL
            return
        self.require(Trigger.RESULT)
        self._end_lease(now)
        self.result = result
        if self.counts.unsettled:
            self.goal = Goal.SUCCEED
        else:
            self.move(Trigger.RESULT, SUCCEEDED)
            self._rest(Cause.SUCCESS, now)

    def failed(self, error: Failure, now: int, *, resumable: bool = False) -> bool:
        """Take an attempt's failure; return whether it will be tried again.

        One that is in doubt counts as lost where the script is `resumable`: what became of its call is found out before
        it runs again (rules 9 and 23).
        """
        if resumable and error.reason == "RESOURCE_UNCERTAIN":
            self.losses += 1
            return self._attempt_ended(error, now, again=self.losses < self.spec.policy.losses)
        self.failures += 1
        again = error.retryable and self.failures < self.spec.policy.attempts
        return self._attempt_ended(error, now, again=again)

    def lost(self, error: Failure, now: int, *, resumable: bool, counts: bool = True) -> bool:
        """Take the loss of an attempt with its executor; return whether the same will be tried again.

        It does not count (`counts` False) where another attempt may have been the cause. False for a SETTLE attempt:
        looking costs one executor after the other, so what it looked for is in doubt.
        """
        phase = self.lease.phase if self.lease else Phase.RUN
        if phase is Phase.RUN:
            self.losses += counts
            return self._attempt_ended(error, now, again=resumable and self.losses < self.spec.policy.losses)
        self._end_lease(now, error)
        if phase is Phase.UNDO:
            return True
        self.settle_losses += counts
        return self.settle_losses < self.spec.policy.losses

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
        self.settle_losses = 0

    # ------------------------------------------------------------------ settling and concluding

    @property
    def must_settle(self) -> bool:
        """Whether entries may be waiting to be looked for, or at: the ledger then says which."""
        return self.counts.sought > 0 or self.counts.looks > 0

    def give_up(self, error: Failure, now: int) -> None:
        """A queued task whose leftovers stay UNCERTAIN after settling does not run again: it concludes as failed."""
        self.move(Trigger.GIVE_UP, R)
        self.goal = Goal.FAIL
        self.error = self.error or error
        self.start_time = self.start_time or now

    def conclude(self, now: int, steady: int, temporary: tuple[str, ...] = ()) -> None:
        """Bring a task with a goal to rest, once its ledger is settled; or begin the rollback its policy asks for.

        `temporary` are the keys of what is open and not to be kept after a cancel: they are rolled back first.
        """
        goal, counts = self.goal, self.counts
        if goal is Goal.SUCCEED and not counts.unsettled:
            self.move(Trigger.CONCLUDE, SUCCEEDED)
            self._rest(Cause.SUCCESS, now)
            return
        self.result = b""
        cause = Cause.CANCEL if goal is Goal.CANCEL else Cause.FAIL
        wish = {Goal.FAIL: self.spec.policy.on_failure, Goal.CANCEL: self.spec.policy.on_cancel}.get(
            goal, LeftoverPolicy.KEEP
        )
        if not counts.open:
            self.move(Trigger.CONCLUDE, CANCELLED if goal is Goal.CANCEL else FAILED)
        elif wish is LeftoverPolicy.ROLL_BACK and not self.undo_begun:
            self.move(Trigger.CONCLUDE, RB)
            self.goal, self.cause, self.undo_begun = Goal.NONE, cause, True
            self.rollback = self._rollback(False, (), now, steady)
            self.wake_time = 0
            return
        elif temporary and goal is Goal.CANCEL:
            self.move(Trigger.CONCLUDE, RB)
            self.goal, self.cause = Goal.NONE, cause
            self.rollback = self._rollback(False, temporary, now, steady)  # no whole undo: rule 19
            self.wake_time = 0
            return
        else:
            self.move(Trigger.CONCLUDE, PARTIAL)
        self._rest(cause, now)

    def _rest(self, cause: Cause, now: int) -> None:
        self.goal, self.cause = Goal.NONE, cause
        self.end_time = now
        self.wake_time = self.retry_time = self.retry_wait = 0

    def rest_state(self) -> TaskState:
        """Return what a resting task is, by its cause and its ledger: after a person's verdict or late evidence."""
        if self.cause is Cause.SUCCESS and not self.undo_begun and not self.counts.unsettled:
            return SUCCEEDED  # rule 14: what a success leaves is not open
        if self.counts.open:
            return UNDO_FAILED if self.state is UNDO_FAILED else PARTIAL
        if self.cause is Cause.CANCEL:
            return CANCELLED
        if self.cause is Cause.ROLLBACK or (self.cause is Cause.SUCCESS and self.undo_begun):
            return ROLLED_BACK
        return FAILED

    def late_evidence(self, error: Failure, now: int) -> bool:
        """A fenced attempt reported a thing; return whether the task moved (rules 11 and 12)."""
        self.evidence = True
        revived = self.delete_time != 0
        self.delete_time = 0
        if not self.state.resting:
            return False
        to = self.rest_state()
        moved = to is not self.state or revived
        if to is not self.state:
            self.move(Trigger.EVIDENCE, to)
        if moved:
            self.expire_time = 0
            if to is not SUCCEEDED:
                self.error = self.error or error
        return moved

    # ------------------------------------------------------------------ what people ask

    def cancel(self, now: int) -> None:
        """Take a cancel. A queued task with an empty ledger is CANCELLED at once; another first settles and concludes.

        Cancelling what is cancelled already changes nothing. A rollback that is cancelled ends with what is in hand.
        """
        if self.state is C or (self.state.resting and self.cause is Cause.CANCEL):
            return
        self.require(Trigger.CANCEL)
        if self.state is RB:
            if self.rollback:
                self.rollback = replace(self.rollback, stop=True)
            return
        if self.state is Q and not self.counts.total:
            self.move(Trigger.CANCEL, CANCELLED)
            self._rest(Cause.CANCEL, now)
            return
        self.move(Trigger.CANCEL, C)
        if self.lease is None or self.lease.phase is not Phase.RUN:
            self.goal = Goal.CANCEL

    def resume(self) -> None:
        """Let a half-done task run again, with what it made; the ledger's round begins anew.

        Raises FailedPrecondition STATE_FORBIDS, also where a whole rollback has begun (rule 31).
        """
        self.require(Trigger.RESUME)
        self.move(Trigger.RESUME, Q)
        self.goal, self.cause, self.error, self.result = Goal.NONE, Cause.NONE, None, b""
        self.failures = self.losses = self.settle_losses = self.crashes = 0
        self.end_time = self.expire_time = self.wake_time = self.retry_time = self.retry_wait = 0

    def roll_back(self, only: tuple[str, ...], now: int, steady: int) -> None:
        """Begin a rollback that a person asked for, whole or of `only` some keys; the latter leaves resume possible.

        Raises FailedPrecondition STATE_FORBIDS, also where nothing is open.
        """
        self.require(Trigger.ROLL_BACK)
        self.move(Trigger.ROLL_BACK, RB)
        self.undo_begun = self.undo_begun or not only  # rules 19 and 31
        self.rollback, self.rollback_error = self._rollback(True, only, now, steady), None
        self.end_time = self.expire_time = self.wake_time = 0

    def undo_ended(self, now: int, *, halted: bool, done: bool, error: Failure | None = None) -> None:
        """Bring a rollback to rest. `done`: nothing of what it is about is open. `halted`: stopped, or out of time.

        `error` says why it is ROLLBACK_FAILED, if it is; the task's own error stays as it is.
        """
        rollback = self.rollback or Rollback(by_person=False)
        if self.lease is not None:
            self._end_lease(now, error if halted else None)
        of_its_own = self.undo_begun or not rollback.aside
        if rollback.by_person and (of_its_own or not (self.counts.open or self.cause is Cause.SUCCESS)):
            self.cause = Cause.ROLLBACK
        to = UNDO_FAILED
        if self.cause is Cause.SUCCESS and done and not self.counts.unsettled:
            to = SUCCEEDED  # rule 14: only evidence was undone
        elif not self.counts.open:
            to = self.rest_state()
        elif rollback.temporary or (rollback.only and done and not halted):
            to = PARTIAL  # rule 17
        self.move(Trigger.UNDO_ENDED, to)
        self.rollback, self.rollback_error = None, error if to is UNDO_FAILED else None
        self._rest(self.cause, now)

    def resolved(self, now: int) -> None:
        """Go where a person's verdict on one of the task's entries leads."""
        to = self.rest_state()
        if to is not self.state:
            self.end_time = now
        self.move(Trigger.RESOLVE, to)

    def delete(self, now: int) -> None:
        """Leave a tombstone, with the ledger, so that late evidence can still revive the task (rule 12).

        Raises FailedPrecondition: STATE_FORBIDS, LEFTOVERS_ALIVE.
        """
        if (self.state, Trigger.DELETE) in TRANSITIONS and self.counts.open:
            raise FailedPrecondition(
                "LEFTOVERS_ALIVE",
                f"{self.name} owns {self.counts.open} thing(s) that may be alive; "
                "roll them back, retain them or forget them first",
                {"task": self.name, "count": str(self.counts.open)},
            )
        self.require(Trigger.DELETE)
        self.delete_time = now

    @property
    def purgeable(self) -> bool:
        """Whether it may be deleted by retention: at rest and nothing owned may be alive (invariant 11)."""
        return (self.state, Trigger.DELETE) in TRANSITIONS and not self.counts.open
