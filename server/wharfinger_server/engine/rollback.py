"""How a rollback goes on in one transaction: look for what is uncertain, undo what can be undone, and end."""

from __future__ import annotations

from wharfinger_server.domain import undo
from wharfinger_server.domain.entry import Entry
from wharfinger_server.domain.failure import Code, Failure
from wharfinger_server.domain.states import Phase
from wharfinger_server.engine.noting import SERVER, ask_time, entry_changed, state_changed
from wharfinger_server.store.work import Work


def untried(entry: Entry) -> Failure:
    """Return why a rollback ends whose attempts leave `entry` as it is."""
    why = f"the attempt to undo ended without trying {entry.key}"
    return Failure(Code.INTERNAL, "UNDO_FAILED", why, metadata={"key": entry.key})


def next_phase(work: Work) -> Phase | None:
    """Return what the rollback of a task needs next, None where it has nothing more to do."""
    rollback = work.task.rollback
    if rollback is None or rollback.stop:
        return None
    order = undo.Order(work.ledger(), rollback.only)
    if order.sought():
        return Phase.SETTLE
    return Phase.UNDO if order.ready() else None


def targets(work: Work, phase: Phase) -> tuple[str, ...]:
    """Return the keys that an attempt of `phase` is about."""
    rollback = work.task.rollback
    order = undo.Order(work.ledger(), rollback.only if rollback else ())
    if phase is Phase.SETTLE:
        return tuple(entry.key for entry in order.sought())
    return tuple(key for wave in order.waves() for key in wave)


def roll_on(work: Work) -> None:
    """Let a task that rolls back and has no lease wait for what it needs next, or come to rest."""
    task = work.task
    phase = next_phase(work)
    if phase is None:
        end(work)
    elif phase is Phase.SETTLE:
        order = undo.Order(work.ledger(), task.rollback.only if task.rollback else ())
        task.wake_time = min(ask_time(entry, work.steady) for entry in order.sought())
    else:
        task.wake_time = 0


def idle(work: Work, since: int) -> Entry | None:
    """Return something that could be undone though nothing was done since that revision, None if there is nothing."""
    if next_phase(work) is not Phase.UNDO or work.task.revision > since:
        return None
    rollback = work.task.rollback
    return undo.Order(work.ledger(), rollback.only if rollback else ()).ready()[0]


def end(work: Work, late: Failure | None = None) -> None:
    """Bring a rollback to rest; with `late`, because it may not go on."""
    before = work.task.state
    for entry in undo.end(work.task, work.ledger(), work.now, late):
        entry_changed(work, entry)
    error = work.task.rollback_error
    if error is not None:
        work.event(error)
    state_changed(work, before, SERVER, error.reason if error else "")


def start(work: Work, key: str, window: int) -> Entry:
    """Write that `key` is about to be undone; raises as `domain.undo.start`."""
    return undo.start(work.task, work.ledger(), key, window, work.now)
