"""Rollbacks of a task: how one begins, what it undoes next, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence

from wharfinger.ledger import undo, verdict
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.states import EntryState
from wharfinger.ledger.undo import Order
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.transitions import Trigger

STOPPED = Failure(Code.CANCELLED, "CANCELLED", "the rollback was cancelled")


def begin(task: Task, ledger: Ledger, only: Sequence[str], retain: Sequence[str], now: int) -> list[Entry]:
    """Begin a rollback that a person asked for; return the entries that changed: what is retained.

    Raises FailedPrecondition: STATE_FORBIDS, KEY_UNKNOWN for a key that the ledger does not have, TASK_NOT_SETTLED as
    `undo.retention` does; nothing was changed then.
    """
    task.require(Trigger.ROLL_BACK)
    undo.check_keys(ledger, only)
    kept = undo.retention(ledger, retain, now)
    task.roll_back(tuple(only), now, ledger.steady)
    ledger.begin_round()
    return [ledger.put(verdict.hand_over(ledger.named(entry.key), EntryState.RETAINED, now)) for entry in kept]


def start(task: Task, ledger: Ledger, key: str, window: int, now: int) -> Entry:
    """Write that the rollback is about to undo `key`, by a call that is over within `window` from now.

    Raises FailedPrecondition: STATE_FORBIDS where the rollback is stopped or not about `key`, UNDO_FAILED where a child
    stands in the way or it was tried as often as it may, and as `Ledger.undoing`.
    """
    rollback = task.rollback
    entry = ledger.named(key)
    order = Order(ledger, rollback.only if rollback else (), task.spec.policy, ledger.steady)
    if rollback is None or rollback.stop or not order.concerns(entry):
        raise FailedPrecondition(
            "STATE_FORBIDS",
            f"{task.name} is {task.state.name}, and no rollback that goes on is about {key}",
            {"task": task.name, "state": task.state.name},
        )
    return undo.start(order, ledger, key, window, now)


def end(task: Task, ledger: Ledger, now: int, late: Failure | None = None) -> list[Entry]:
    """Bring a rollback to rest: it is over, was stopped, or is too `late`. Return the entries that changed.

    What was being undone is UNDO_FAILED, and what waits for its children says so.
    """
    rollback = task.rollback
    changed, unfinished = undo.end(ledger, rollback.only if rollback else (), now)
    stopped = rollback is not None and rollback.stop
    error = late or (STOPPED if stopped else None) or unfinished
    task.undo_ended(now, halted=late is not None or stopped, done=unfinished is None, error=error)
    return changed
