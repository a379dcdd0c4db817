"""The rollback of a task, a step in one transaction: look for what is uncertain, undo what can be undone, end."""

from __future__ import annotations

from wharfinger.ledger import missing, undo
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.states import EntryState, Phase
from wharfinger_server.domain import rollback as rollbacks
from wharfinger_server.engine.lifecycle.recording import SERVER, ask_time, entry_changed, state_changed, timed_out
from wharfinger_server.store.commit.unit_of_work import UnitOfWork


def untried(entry: Entry) -> Failure:
    """Return why a rollback ends whose attempts leave `entry` as it is."""
    why = f"the attempt to undo ended without trying {entry.key}"
    return Failure(Code.INTERNAL, "UNDO_FAILED", why, metadata={"key": entry.key})


def _order(work: UnitOfWork) -> undo.Order:
    rollback = work.task.rollback
    return undo.Order(work.ledger(), rollback.only if rollback else (), work.task.spec.policy, work.steady)


def next_phase(work: UnitOfWork) -> Phase | None:
    """Return what the rollback of a task needs next, None where it has nothing more to do."""
    rollback = work.task.rollback
    if rollback is None or rollback.stop:
        return None
    order = _order(work)
    if order.sought() or order.to_look():
        return Phase.SETTLE
    return Phase.UNDO if order.ready() else None


def targets(work: UnitOfWork, phase: Phase) -> tuple[str, ...]:
    """Return the keys that an attempt of `phase` is about."""
    order = _order(work)
    if phase is Phase.SETTLE:
        return tuple(entry.key for entry in order.sought() + order.to_look())
    return tuple(key for wave in order.waves() for key in wave)


def roll_on(work: UnitOfWork) -> None:
    """Let a task that rolls back and has no lease wait for what it needs next, or come to rest."""
    task = work.task
    if task.undo_end and work.steady >= task.undo_end:
        end(work, timed_out("UNDO_TIMEOUT", "undo_timeout", task.spec.policy.undo_timeout))
        return
    if task.counts.of(EntryState.MISSING) and task.rollback and not task.rollback.stop:
        missing.check_last(work.ledger(), _order(work).concerns)
    waits = _waits(work)
    if not waits:
        end(work)
        return
    task.wake_time = min(*waits, task.undo_end) if task.undo_end else min(waits)


def _waits(work: UnitOfWork) -> list[int]:
    """Return the times at which the rollback can go on, none where it is over."""
    phase, order = next_phase(work), _order(work)
    if phase is Phase.UNDO:
        return [0]
    if work.task.rollback is None or work.task.rollback.stop:  # rule 25: a stop ends the waiting at once
        return []
    looks = [max(entry.look_time, work.steady) for entry in order.looked_at()]
    if phase is Phase.SETTLE:
        return looks + [ask_time(entry, work.steady) for entry in order.sought()]
    return looks + [order.start_time(entry) for entry in order.startable()]


def idle(work: UnitOfWork, since: int) -> Entry | None:
    """Return something that could be undone though nothing was done since that revision, None if there is nothing."""
    if next_phase(work) is not Phase.UNDO or work.task.revision > since:
        return None
    return _order(work).ready()[0]


def end(work: UnitOfWork, late: Failure | None = None) -> None:
    """Bring a rollback to rest; with `late`, because it may not go on."""
    before = work.task.state
    for entry in rollbacks.end(work.task, work.ledger(), work.now, late):
        entry_changed(work, entry)
    error = work.task.rollback_error
    if error is not None:
        work.event(error)
    state_changed(work, before, SERVER, error.reason if error else "")


def start(work: UnitOfWork, key: str, window: int) -> Entry:
    """Write that `key` is about to be undone; raises as `domain.rollback.start`."""
    return rollbacks.start(work.task, work.ledger(), key, window, work.now)
