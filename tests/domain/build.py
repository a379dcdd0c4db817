"""Small tasks and ledgers for tests. Times are plain numbers: windows are 10 to send, 20 for the call, 30 to settle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from wharfinger.ledger.entry import Counts, Entry, Intent
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.states import Cause, EntryState, Phase, TaskState
from wharfinger_server.domain.task import Rollback, Task
from wharfinger_server.domain.task_spec import TaskSpec

NOW = 1_000
ASKED = [member.name for member in fields(TaskSpec)]
WINDOWS: dict[str, int] = {"send_window": 10, "call_timeout": 20, "settling": 30}
SETTLED = NOW + 60

BROKEN = Failure(Code.UNKNOWN, "SCRIPT_RAISED", "it broke")
RETRYABLE = Failure(Code.UNAVAILABLE, "SCRIPT_RAISED", "try again", retryable=True)
LOST = Failure(Code.UNAVAILABLE, "EXECUTOR_LOST", "it is gone")
LATE = Failure(Code.ABORTED, "LATE_EVIDENCE", "it came late")
DOUBT = Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", "nobody knows")

INTENDED, CREATED, UNCERTAIN = EntryState.INTENDED, EntryState.CREATED, EntryState.UNCERTAIN
NOT_CREATED, UNDOING, UNDONE = EntryState.NOT_CREATED, EntryState.UNDOING, EntryState.UNDONE
UNDO_FAILED, RETAINED, FORGOTTEN = EntryState.UNDO_FAILED, EntryState.RETAINED, EntryState.FORGOTTEN
MISSING = EntryState.MISSING


def intent(key: str = "a", **more: Any) -> Intent:
    """Return an intent of the thing `key`."""
    return Intent(key, "thing", **{"request_digest": f"digest of {key}", **WINDOWS, **more})


def entry(key: str = "a", state: EntryState = CREATED, **more: Any) -> Entry:
    """Return the entry `key`, or for `a~1` evidence of `a`; what has ever been made has an id."""
    base = key.partition("~")[0]
    id_ = "" if state in (INTENDED, NOT_CREATED) else f"id-{key}"
    defaults: dict[str, Any] = {"external_id": id_, "epoch": 1, "token": f"token-{key}"}
    defaults |= {"settle_time": SETTLED, "settling": WINDOWS["settling"]}
    ordinal = more.pop("ordinal", 0)
    return Entry(key, base, "thing", state, ordinal, **{**defaults, **more})


def ledger(*entries: Entry, uid: str = "uid") -> Ledger:
    """Return a ledger of these entries, numbered in their order unless they are, with nothing changed."""
    counts = Counts()
    for n, one in enumerate(entries, 1):
        one.ordinal = one.ordinal or n
        counts.add(one, 1)
    return Ledger(uid, counts, entries, steady=NOW)


def at(held: Ledger, time: int) -> int:
    """Move the steady clock of `held` to `time`, and return that for the wall clock's."""
    held.steady = time
    return time


def states(held: Ledger) -> dict[str, EntryState]:
    """Return the state of every entry, by key."""
    return {one.key: one.state for one in held}


def task(state: TaskState = TaskState.QUEUED, held: Ledger | None = None, **more: Any) -> Task:
    """Return a task in `state` on the ledger `held`; one at rest has the cause that goes with its state."""
    causes = {
        TaskState.SUCCEEDED: Cause.SUCCESS,
        TaskState.CANCELLED: Cause.CANCEL,
        TaskState.ROLLED_BACK: Cause.ROLLBACK,
        TaskState.ROLLBACK_FAILED: Cause.ROLLBACK,
    }
    if state.resting:
        more.setdefault("cause", causes.get(state, Cause.FAIL))
        more.setdefault("end_time", NOW)
    if state in (TaskState.ROLLED_BACK, TaskState.ROLLBACK_FAILED, TaskState.ROLLING_BACK):
        more.setdefault("undo_begun", True)
    if state is TaskState.ROLLING_BACK:
        more.setdefault("rollback", Rollback(by_person=True, begin_time=NOW))
    asked = {name: more.pop(name) for name in ASKED if name in more}
    made = Task(7, "uid", "p", "t", TaskSpec("s", "me", **asked), "1", "asyncio", NOW, state=state, **more)
    made.counts = held.counts if held is not None else Counts()
    return made


def running(held: Ledger | None = None, **more: Any) -> Task:
    """Return a task whose RUN attempt holds the lease, with epoch 1."""
    made = task(held=None, **more)
    made.begin(Phase.RUN, "asyncio", "w", NOW, 60)
    made.counts = held.counts if held is not None else Counts()
    return made


def keys(entries: Iterable[Entry]) -> list[str]:
    """Return the keys of these entries, in their order."""
    return [one.key for one in entries]
