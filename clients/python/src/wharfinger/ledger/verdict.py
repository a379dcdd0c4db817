"""A person's verdict on one ledger entry: that it exists or does not, or that they take it over.

The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

from wharfinger.ledger import evidence, missing
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition, invalid
from wharfinger.ledger.removing import told_time
from wharfinger.ledger.states import EntryState


class Verdict(IntEnum):
    """What a person says of an entry; numbers as on the wire."""

    CREATED = 1
    NOT_CREATED = 2
    RETAIN = 3
    FORGET = 4
    GONE = 5


POSSIBLE = {
    EntryState.CREATED: frozenset({Verdict.RETAIN, Verdict.FORGET, Verdict.GONE}),
    EntryState.UNCERTAIN: frozenset(Verdict) - {Verdict.GONE},
    EntryState.MISSING: frozenset({Verdict.CREATED, Verdict.RETAIN, Verdict.FORGET, Verdict.GONE}),
    EntryState.UNDO_FAILED: frozenset({Verdict.NOT_CREATED, Verdict.RETAIN, Verdict.FORGET}),
}
"""Which verdicts an open entry may get, by its state. One that is INTENDED or UNDOING is at work."""


def take(ledger: Ledger, entry: Entry, verdict: Verdict, external_id: str, now: int) -> list[Entry]:
    """Write a verdict that is possible for `entry`; return the entries that changed.

    `external_id` is needed for CREATED where the entry has no id. Raises FailedPrecondition: STATE_FORBIDS,
    TASK_NOT_SETTLED where nobody can tell yet; and InvalidArgument for an id that is missing.
    """
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


def _early(entry: Entry, when: int, why: str) -> FailedPrecondition:
    text = told_time(when)
    return FailedPrecondition(
        "TASK_NOT_SETTLED",
        f"{entry.key} is {entry.state.name}, and until {text} {why}; look and ask again then",
        {"key": entry.key, "settle_time": text},
    )
