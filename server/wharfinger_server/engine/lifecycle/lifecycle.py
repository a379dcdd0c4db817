"""The transitions of a task, each in one transaction: the domain's decision, its events, and how the task goes on.

Each method takes the `UnitOfWork` of one task and is run by the store's writer; it may be run again when a commit is
replayed, so it changes nothing but the work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

from wharfinger.ledger import missing
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Entry
from wharfinger.ledger.states import EntryState, Goal, Phase, TaskState
from wharfinger_server.domain.event import EventDetail, StateChange
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.lifecycle import rollback
from wharfinger_server.engine.lifecycle.causes import unsettled
from wharfinger_server.engine.lifecycle.recording import SERVER, ask_time, entry_changed, guard, state_changed
from wharfinger_server.store.commit.unit_of_work import UnitOfWork

LEFT_IN_DOUBT = Failure(
    Code.UNKNOWN,
    "RESOURCE_UNCERTAIN",
    "it cannot be told whether some of what an earlier attempt asked for exists, so nothing is tried again",
)
LATE = Failure(
    Code.ABORTED,
    "LATE_EVIDENCE",
    "an attempt that had lost its lease reported something it had made; it may be alive",
)


def backoff(task: Task) -> int:
    """Return how long a task that failed waits: its policy's backoff, give or take a fifth.

    The share is drawn from the task's uid, so that tasks that failed together do not all come back together, and a
    decision that is replayed is the same one.
    """
    drawn = crc32(f"{task.uid}/{task.failures}".encode()) / 2**32
    return int(task.spec.policy.backoff(task.failures) * (0.8 + 0.4 * drawn))


def cancelled(actor: str, reason: str) -> Failure:
    """Return why a cancelled task ended."""
    said = f"cancelled by {actor}" + (f": {reason}" if reason else "")
    return Failure(Code.CANCELLED, "CANCELLED", said, metadata={"actor": actor})


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The ways a task goes. `retention`: how long an ended task is kept; `lease_ttl`: how long a lease lasts."""

    retention: int
    lease_ttl: int

    def begin_at_once(self, task: Task, worker: str) -> tuple[tuple[EventDetail, int], ...]:
        """Make a new task and its first lease one commit; return the details of its first events."""
        task.begin(Phase.RUN, task.executor, worker, task.create_time, self.lease_ttl)
        return (
            (StateChange(TaskState.QUEUED, task.spec.creator, ""), 0),
            (StateChange(TaskState.RUNNING, SERVER, "attempt 1"), task.epoch),
        )

    def next_phase(self, work: UnitOfWork) -> Phase | None:
        """Return what kind of attempt the task needs now, None for none."""
        task = work.task
        if task.lease is not None or task.state.resting or task.delete_time:
            return None
        if task.state is TaskState.ROLLING_BACK:
            return rollback.next_phase(work)
        if task.must_settle:
            return Phase.SETTLE if self._wanted(work) else None
        return Phase.RUN if task.state is TaskState.QUEUED else None

    def lease(self, work: UnitOfWork, phase: Phase, worker: str) -> Task:
        """Lease the task for an attempt of `phase`, as `next_phase` told it; return it."""
        task = work.task
        before = task.state
        task.begin(phase, task.executor, worker, work.now, self.lease_ttl)
        task.wake_time = 0
        state_changed(work, before, SERVER, f"attempt {task.runs}", task.epoch)
        if task.lease is not None:
            task.lease.order_time, task.lease.revision = work.steady, task.revision
        return task

    def targets(self, work: UnitOfWork, phase: Phase) -> tuple[str, ...]:
        """Return the keys that an attempt of `phase` is about."""
        if phase is Phase.RUN:
            return ()
        if work.task.state is TaskState.ROLLING_BACK:
            return rollback.targets(work, phase)
        return tuple(entry.key for entry in self._wanted(work))

    def _wanted(self, work: UnitOfWork) -> list[Entry]:
        """Return what must be looked for, or at, now before the task goes on."""
        ledger = work.ledger()
        return ledger.to_settle() + ledger.to_look()

    # ------------------------------------------------------------------ how attempts end

    def result(self, work: UnitOfWork, epoch: int, value: bytes) -> Task:
        """Take the result of a RUN attempt."""
        guard(work, epoch)
        before = work.task.state
        work.task.finished(value, work.now)
        state_changed(work, before, SERVER, "", epoch)
        return self.go_on(work)

    def failure(self, work: UnitOfWork, epoch: int, error: Failure, *, resumable: bool = False) -> Task:
        """Take the failure of a RUN attempt: try again, or settle and conclude. `resumable`: the script may run again.

        After a failure the task waits for as long as its policy says; after one in doubt, which counts as a loss, for
        no longer than settling takes (rule 23).
        """
        guard(work, epoch)
        before = work.task.state
        failures = work.task.failures
        again = work.task.failed(error, work.now, resumable=resumable)
        if again and work.task.failures > failures:
            work.task.retry_wait = backoff(work.task)
            work.task.retry_time = work.steady + work.task.retry_wait
        return self._attempt_failed(work, before, error, epoch)

    def lost(self, work: UnitOfWork, epoch: int, error: Failure, *, resumable: bool, counts: bool = True) -> Task:
        """Take the loss of an attempt with whatever ran it; one that does not count does not bring its end nearer."""
        guard(work, epoch)
        before = work.task.state
        phase = work.task.lease.phase if work.task.lease else Phase.RUN
        again = work.task.lost(error, work.now, resumable=resumable, counts=counts)
        if phase is Phase.SETTLE and not again:
            self.doubt(work, error, epoch)
        return self._attempt_failed(work, before, error, epoch)

    def _attempt_failed(self, work: UnitOfWork, before: TaskState, error: Failure, epoch: int) -> Task:
        if error.code is not Code.CANCELLED or work.task.state is not TaskState.CANCELLING:
            work.event(error, epoch)
        state_changed(work, before, SERVER, f"to be tried again after {error.reason}", epoch)
        return self.go_on(work)

    def closed_late(self, work: UnitOfWork, error: Failure, epoch: int) -> Task:
        """Let a task go on of which a fenced attempt said that it had not sent a call: at rest as after a verdict."""
        before = work.task.state
        if before.resting:
            work.task.resolved(work.now)
        state_changed(work, before, SERVER, error.reason, epoch)
        return self.go_on(work)

    def end_of(self, phase: Phase) -> Callable[[UnitOfWork, int, Failure], Task]:
        """Return what ends an attempt of `phase` with a failure that is not the script's."""
        ends: dict[Phase, Callable[[UnitOfWork, int, Failure], Task]] = {
            Phase.RUN: self.failure,
            Phase.SETTLE: self.settled_once,
            Phase.UNDO: self.undone_once,
        }
        return ends[phase]

    def settled_once(self, work: UnitOfWork, epoch: int, error: Failure | None = None) -> Task:
        """End a SETTLE attempt. With an `error`, what it did not come to find is UNCERTAIN."""
        guard(work, epoch)
        work.task.attempt_over(work.now, error)
        if error is not None:
            self.doubt(work, error, epoch)
        return self.go_on(work)

    def undone_once(self, work: UnitOfWork, epoch: int, error: Failure | None = None) -> Task:
        """End an UNDO attempt; with an `error` that is not one undo's, the rollback ends as failed."""
        guard(work, epoch)
        begun = work.task.lease.revision if work.task.lease else 0
        if error is not None:
            rollback.end(work, error)
            return self.go_on(work)
        work.task.attempt_over(work.now)
        if (left := rollback.idle(work, begun)) is not None:  # or attempt would follow attempt for ever
            rollback.end(work, rollback.untried(left))
        return self.go_on(work)

    def doubt(self, work: UnitOfWork, error: Failure, epoch: int = 0) -> None:
        """Take it that nothing can be told of all that waits to be looked for, or at, now: the former is UNCERTAIN."""
        ledger = work.ledger()
        for entry in ledger.to_look():
            for changed in ledger.looked(entry.key, entry.version, None, work.steady, work.now, error=error):
                entry_changed(work, changed, epoch)
        for entry in ledger.to_settle():
            entry_changed(work, ledger.cannot_tell(entry.key, entry.version, error, work.now), epoch)

    # ------------------------------------------------------------------ how the task goes on

    def go_on(self, work: UnitOfWork) -> Task:
        """Let a task without a lease go on: wait for settling, conclude, or rest. Returns the task."""
        task = work.task
        if task.lease is None and not task.state.resting:
            if task.state is not TaskState.ROLLING_BACK:
                self._settle_or_conclude(work)
            if task.state is TaskState.ROLLING_BACK:
                rollback.roll_on(work)
        if task.state.resting:
            task.expire_time = self.expires(task)
            if task.seal_key and not task.state.half_done:  # one that is may be resumed or rolled back
                work.erase_sealed()
        return task

    def _settle_or_conclude(self, work: UnitOfWork) -> None:
        task = work.task
        if task.goal is not Goal.NONE and (task.counts.looks or task.counts.of(EntryState.MISSING)):
            missing.check_last(work.ledger())
        if task.must_settle:
            ledger = work.ledger()
            times = [ask_time(entry, work.steady) for entry in ledger.to_settle()]
            times += [max(entry.look_time, work.steady) for entry in ledger if entry.awaits_look]
            if times:
                task.wake_time = min(times)
                return
            if task.state is TaskState.QUEUED:
                self._give_up(work, LEFT_IN_DOUBT)
                self._settle_or_conclude(work)  # it concludes now, which other looks may have to come before
                return
        if task.goal is not Goal.NONE:
            self._conclude(work)
        elif task.state is TaskState.QUEUED:
            task.wake_time = task.retry_time

    def give_up(self, work: UnitOfWork, error: Failure) -> Task:
        """Conclude a queued task as failed without another attempt."""
        self._give_up(work, error)
        return self.go_on(work)

    def _give_up(self, work: UnitOfWork, error: Failure) -> None:
        before = work.task.state
        work.task.give_up(error, work.now)
        work.event(error)
        state_changed(work, before, SERVER, error.reason)

    def _conclude(self, work: UnitOfWork) -> None:
        task = work.task
        before, goal = task.state, task.goal
        task.conclude(work.now, work.steady, _temporary(work) if goal is Goal.CANCEL and task.counts.open else ())
        if task.counts.total:
            work.ledger().begin_round()
        if goal is Goal.SUCCEED and task.state is TaskState.PARTIALLY_FAILED:
            task.error = task.error or unsettled(task)
            work.event(task.error)
        state_changed(work, before, SERVER, task.error.reason if task.error else "")

    def cancel(self, work: UnitOfWork, actor: str, reason: str) -> Task:
        """Take a person's cancel."""
        before = work.task.state
        work.task.cancel(work.now)
        if work.task.state in (TaskState.CANCELLING, TaskState.CANCELLED):
            work.task.error = work.task.error or cancelled(actor, reason)
        state_changed(work, before, actor, reason)
        return self.go_on(work)

    def expires(self, task: Task) -> int:
        """Return when an ended task is to be deleted: never while something it owns may be alive."""
        return task.end_time + self.retention if task.state.resting and task.purgeable else 0


def _temporary(work: UnitOfWork) -> tuple[str, ...]:
    """Return the keys of what is open and temporary; none while something is in doubt, of which it may be the proof."""
    ledger = list(work.ledger())
    if any(entry.owned and entry.doubtful for entry in ledger):
        return ()
    return tuple(entry.key for entry in ledger if entry.open and entry.temporary)
