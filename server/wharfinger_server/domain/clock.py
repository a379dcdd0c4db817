"""Moments of the steady clock that ends a window (rule 33), and the restart of windows that another process takes over.

Windows are lengths of time. While they are open they are kept as moments of one process's *steady* clock, which nobody
sets and which goes on while the machine sleeps; wall times are for showing. Another process can't read such a moment
unless its clock is the same one (it runs on the same boot of the same machine), so it restarts the window in full.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wharfinger.ledger.entry import Entry
    from wharfinger_server.domain.task import Task


@dataclass(frozen=True, slots=True)
class Reading:
    """The clocks as a process reads them; all times in microseconds.

    `name` says which steady clock it is, `steady` is its time; `wall` is the time of day, by the database's clock.
    `since`: by the steady clock, when this process took the database over and nobody else wrote to it any more.
    """

    name: str
    steady: int
    wall: int
    since: int


def timed(entry: Entry) -> bool:
    """Whether an entry holds moments of a steady clock."""
    return bool(
        entry.settle_time or entry.undo_deadline or entry.undo_failed_time or entry.look_time or entry.denied_time
    )


def retimed(entry: Entry, reading: Reading) -> Entry:
    """Return an entry that another clock timed, with its windows restarted in full from when we took over."""
    settle, undo = entry.settle_window, entry.undo_window
    if entry.settle_time and not settle and entry.settle_time > entry.intent_time:
        # Written before windows were kept as lengths: both are wall times.
        settle, undo = entry.settle_time - entry.intent_time, max(0, entry.undo_deadline - entry.intent_time)
    return replace(
        entry,
        settle_time=reading.since + settle if entry.settle_time else 0,
        settle_window=settle,
        undo_deadline=reading.since + undo if entry.undo_deadline else 0,
        undo_window=undo,
        # An undo that failed rests in full, and between two looks that deny a thing there is a whole settling time.
        undo_failed_time=reading.since if entry.undo_failed_time else 0,
        look_time=reading.since if entry.look_time else 0,
        denied_time=reading.since if entry.denied_time else 0,
    )


def retime(task: Task, reading: Reading) -> None:
    """Restart what a task waits for, which another clock timed; of its time limits no more is left than by the wall."""
    task.retry_time = reading.since + task.retry_wait if task.retry_time else 0
    # When to look at it again is decided anew, once that is looked at; a back-off is waited for in any case.
    task.wake_time = (task.retry_time or reading.since) if task.wake_time else 0
    task.deadline = _left(task.create_time, task.spec.policy.total_timeout, reading)
    rollback = task.rollback
    if rollback is not None:
        deadline = _left(rollback.begin_time, task.spec.policy.undo_timeout, reading)
        task.rollback = replace(rollback, deadline=deadline)


def _left(begun: int, limit: int, reading: Reading) -> int:
    """Return when a limit of time is over that began at the wall time `begun`; 0 where there is none."""
    return reading.steady + min(max(begun + limit - reading.wall, 0), limit) if limit else 0
