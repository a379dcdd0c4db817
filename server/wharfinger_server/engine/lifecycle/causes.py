"""The cause of a task's state, in words that are still true: what was in doubt may have been found since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.states import EntryState
from wharfinger_server.domain.task import Task

_IN_DOUBT = "in doubt: "
_ENDED_WELL = "the script ended well, but "


def told_error(task: Task, left_over: Iterable[Entry] | None = None) -> Failure | None:
    """Return the error that is told of `task`, None if there is none; the kept one is as it was when it failed.

    `left_over` are its open entries, as far as they were read; None: only its numbers are known.
    """
    if task.error is not None:
        return found_since(task, task.error, left_over)
    if not task.state.half_done:
        return None
    # Only what succeeded comes here without an error: everything else has a cause of its own.
    if task.rollback_error is not None:
        said = f"the task had succeeded; its rollback failed: {task.rollback_error.message}"
        return replace(task.rollback_error, message=said)
    left, uncertain = task.counts.open, task.counts.sought
    if uncertain:
        why = f"nobody can tell whether {uncertain} thing(s) that the task made are there"
        return Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", why, metadata={"count": str(uncertain)})
    return Failure(
        Code.ABORTED,
        "PARTLY_ROLLED_BACK",
        f"the task had succeeded, and then some of what it made was rolled back; {left} thing(s) are left",
        metadata={"count": str(left)},
    )


def unsettled(task: Task) -> Failure:
    """Return why a task whose script returned a result is half done all the same (rule 13)."""
    counts = task.counts
    if uncertain := counts.sought:
        why = f"the answers of {uncertain} of its calls were never learned; see the uncertain resources"
        return Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", _ENDED_WELL + why)
    if stuck := counts.of(EntryState.UNDOING, EntryState.UNDO_FAILED):
        why = f"{stuck} thing(s) that it meant to remove could not be removed"
        return Failure(Code.FAILED_PRECONDITION, "UNDO_FAILED", _ENDED_WELL + why, metadata={"count": str(stuck)})
    why = f"{counts.of(EntryState.MISSING)} thing(s) that it had made may be gone; see the missing resources"
    return Failure(Code.NOT_FOUND, "RESOURCE_MISSING", _ENDED_WELL + why)


def found_since(task: Task, error: Failure, left_over: Iterable[Entry] | None = None) -> Failure:
    """Return an error of `task` as it is to be told now: it may have been in doubt then, and nothing is any more."""
    if error.reason != "RESOURCE_UNCERTAIN" or task.counts.sought:
        return error
    gone = task.counts.open == 0
    key = error.metadata.get("key", "")
    if left_over is not None and key and error.metadata.get("count", "1") == "1":
        known = [entry.key for entry in left_over]
        gone = key not in known and len(known) == task.counts.open
    found = "found since not to exist" if gone else "found since"
    return replace(error, message=f"was in doubt, {found}: {error.message.removeprefix(_IN_DOUBT)}")
