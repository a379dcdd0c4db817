"""A person's verdict on one ledger entry: that it exists or does not, or that they take it over.

The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

from wharfinger_server.domain import evidence, missing
from wharfinger_server.domain.entry import Entry
from wharfinger_server.domain.errors import FailedPrecondition, invalid
from wharfinger_server.domain.ledger import Ledger
from wharfinger_server.domain.removing import told_time
from wharfinger_server.domain.states import EntryState, TaskState
from wharfinger_server.domain.task import Task, Trigger


class Verdict(IntEnum):
    """What a person says of an entry; numbers as on the wire."""

    CREATED = 1
    NOT_CREATED = 2
    RETAIN = 3
    FORGET = 4
    GONE = 5


_POSSIBLE = {
    EntryState.CREATED: frozenset({Verdict.RETAIN, Verdict.FORGET, Verdict.GONE}),
    EntryState.UNCERTAIN: frozenset(Verdict) - {Verdict.GONE},
    EntryState.MISSING: frozenset({Verdict.CREATED, Verdict.RETAIN, Verdict.FORGET, Verdict.GONE}),
    EntryState.UNDO_FAILED: frozenset({Verdict.NOT_CREATED, Verdict.RETAIN, Verdict.FORGET}),
}
"""Which verdicts an open entry may get, by its state. One that is INTENDED or UNDOING is at work."""

_OF_A_SUCCESS = frozenset({Verdict.RETAIN, Verdict.FORGET})
"""What may be said of what a task made that SUCCEEDED: that it goes over to the person."""


def resolve(task: Task, ledger: Ledger, key: str, verdict: Verdict, external_id: str, now: int) -> list[Entry]:
    """Take a person's verdict on `key` and let the task go where it leads; return the entries that changed.

    `external_id` is needed for CREATED where the entry has no id. Raises FailedPrecondition: STATE_FORBIDS where task
    or entry are in a state that the verdict is not for, KEY_UNKNOWN, TASK_NOT_SETTLED where nobody can tell yet; and
    InvalidArgument for an id that is missing or wrong.
    """
    task.require(Trigger.RESOLVE)
    entry = ledger.named(key)
    possible = _POSSIBLE.get(entry.state, frozenset()) if entry.open else frozenset()
    if task.state is TaskState.SUCCEEDED:
        possible &= _OF_A_SUCCESS
    if verdict not in possible:
        raise _not_for(task, entry, verdict, possible)
    if entry.external_id and external_id not in ("", entry.external_id):
        raise invalid("external_id", f"{key} is {entry.external_id}; it cannot be {external_id} as well")
    changed = _take(ledger, entry, verdict, external_id, now)
    task.resolved(now)
    return changed


def _take(ledger: Ledger, entry: Entry, verdict: Verdict, external_id: str, now: int) -> list[Entry]:
    if verdict is Verdict.CREATED:
        return [_exists(ledger, entry, external_id, now)]
    if refusal := objection(entry, verdict, now, ledger.steady):
        raise refusal
    if verdict is Verdict.GONE:
        return missing.said_gone(ledger, entry, now)
    if verdict is Verdict.NOT_CREATED:
        gone = replace(entry, state=EntryState.NOT_CREATED, tried=False, blocked_by="", update_time=now)
        return [ledger.put(gone)]
    state = EntryState.RETAINED if verdict is Verdict.RETAIN else EntryState.FORGOTTEN
    return [ledger.put(hand_over(entry, state, now))]


def _exists(ledger: Ledger, entry: Entry, external_id: str, now: int) -> Entry:
    named = entry.external_id or external_id
    if not named:
        raise invalid("external_id", f"the id of {entry.key} is needed to say that it exists", "MISSING_FIELD")
    if other := ledger.holder(entry, named):
        raise FailedPrecondition(
            "STATE_FORBIDS",
            f"{named} is {other.key} already; an id belongs to one entry",
            {"key": other.key, "state": other.state.name},
        )
    if entry.is_evidence:
        return evidence.confirm(ledger, entry, now)
    return ledger.put(
        replace(entry, state=EntryState.CREATED, external_id=named, tried=False, error=None, update_time=now)
    )


def objection(entry: Entry, verdict: Verdict, now: int, steady: int) -> FailedPrecondition | None:
    """Return why `entry` cannot get the verdict now: it has no id, or a call is on its way (rules 18, 20).

    By `steady` it is decided; `now`, the wall clock's time, is to tell people when to ask again (rule 33).
    """
    if entry.state is EntryState.UNDOING:
        return _early(entry, now + entry.undo_deadline - steady, "it is being taken away")
    if verdict is Verdict.RETAIN:
        if not entry.external_id:
            return FailedPrecondition(
                "STATE_FORBIDS",
                f"{entry.key} is {entry.state.name} and has no id, so there is nothing to take over yet",
                {"key": entry.key, "state": entry.state.name},
            )
        if entry.state is EntryState.UNDO_FAILED and steady < entry.undo_deadline:
            ends = now + entry.undo_deadline - steady
            return _early(entry, ends, "an undo that is on its way may still take it away")
        return None
    if steady < entry.settle_time and (entry.sought or verdict is Verdict.GONE):
        why = "the call that makes it may still land" if entry.sought else "the provider may not show it yet"
        return _early(entry, now + entry.settle_time - steady, why)
    return None


def hand_over(entry: Entry, state: EntryState, now: int) -> Entry:
    """Return `entry` as RETAINED or FORGOTTEN: the thing is the person's from now on, and stays listed (rule 20)."""
    return replace(entry, state=state, owned=False, tried=False, blocked_by="", update_time=now)


def _not_for(task: Task, entry: Entry, verdict: Verdict, possible: frozenset[Verdict]) -> FailedPrecondition:
    state = entry.state.name if entry.owned else f"{entry.state.name} and not owned"
    of = f", of a task that {task.state.name}" if task.state is TaskState.SUCCEEDED else ""
    names = ", ".join(one.name for one in sorted(possible))
    return FailedPrecondition(
        "STATE_FORBIDS",
        f"{entry.key} is {state}{of}: the verdict {verdict.name} is not possible"
        + (f"; possible: {names}" if names else ""),
        {"task": task.name, "key": entry.key, "state": entry.state.name},
    )


def _early(entry: Entry, when: int, why: str) -> FailedPrecondition:
    text = told_time(when)
    return FailedPrecondition(
        "TASK_NOT_SETTLED",
        f"{entry.key} is {entry.state.name}, and until {text} {why}; look and ask again then",
        {"key": entry.key, "settle_time": text},
    )
