"""Taking things away: what is written before an undo is called, and what its result does.

The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from enum import IntEnum

from wharfinger.ledger import looking
from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Entry, Version
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.looking import Seen
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.states import EntryState


class Removal(IntEnum):
    """What came of taking a thing away; numbers as a script's session tells them.

    COMPLETE: the provider says that it is done. ACCEPTED: it only took the order, or NOT_FOUND: it says that there is
    no such thing. REFUSED: a definite answer, or nothing was sent. LOST: nobody knows.
    """

    COMPLETE = 1
    ACCEPTED = 2
    NOT_FOUND = 3
    REFUSED = 4
    LOST = 5


INTERRUPTED = Failure(
    Code.ABORTED, "UNDO_FAILED", "the attempt that was taking it away ended before the answer came; it may be gone"
)


def removable(entry: Entry) -> bool:
    """Whether it is ours, may be alive, and has an id by which it can be taken away."""
    alive = entry.state in (EntryState.CREATED, EntryState.UNDOING, EntryState.UNDO_FAILED)
    by_id = entry.state is EntryState.UNCERTAIN and entry.external_id != ""  # rule 18
    return entry.owned and (alive or by_id)


def undoing(ledger: Entries, key: str, window: int, now: int) -> Entry:
    """Write that `key` is about to be taken away, by a call that is over within `window` from now (rule 18).

    It is looked at by its id until that is known to have worked (rule 26). Raises FailedPrecondition: KEY_UNKNOWN, or
    KEY_REUSED for what is not ours or not alive, TASK_NOT_SETTLED while an earlier undo may take effect (rule 24).
    """
    entry = ledger.named(key)
    if not removable(entry):
        raise FailedPrecondition(
            "KEY_REUSED",
            f"{key} is {entry.state.name}{'' if entry.owned else ', not owned'}; it cannot be removed",
            {"key": key},
        )
    if on_its_way(entry, ledger.steady):
        until = told_time(now + entry.undo_deadline - ledger.steady)
        raise FailedPrecondition(
            "TASK_NOT_SETTLED",
            f"{key} is {entry.state.name}, and until {until} an undo of it may take effect; try again then",
            {"key": key, "settle_time": until},
        )
    # What was merely accepted takes effect within a settling time after the call, too (A2).
    whole = window + entry.settling
    return ledger.put(
        replace(
            looking.awaits(entry, max(entry.settle_time, ledger.steady)),
            state=EntryState.UNDOING,
            undo_deadline=ledger.steady + whole,
            undo_window=whole,
            undo_attempts=entry.undo_attempts + 1,
            # Rule 25: counted here, so that what crashes or is never sent counts too.
            undo_begun=entry.undo_begun + 1,
            blocked_by="",
            error=None,
            update_time=now,
        )
    )


def told_time(when: int) -> str:
    """Return a time in microseconds as people and programs read it."""
    return datetime.fromtimestamp(when / 1_000_000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def on_its_way(entry: Entry, steady: int) -> bool:
    """Whether an undo of `entry` may still take effect, so that no other may begin (rule 24)."""
    return entry.state in (EntryState.UNDOING, EntryState.UNDO_FAILED) and steady < entry.undo_deadline


def undone(
    ledger: Entries,
    key: str,
    how: Removal,
    error: Failure | None,
    now: int,
    version: Version | None = None,
    number: int = 0,
) -> Entry | None:
    """Take what came of taking `key` away: UNDONE, UNDO_FAILED with the error, or still UNDOING (rule 26).

    None if it is not UNDOING, or no longer what it was when that began (rule 8), where `version` tells; or if it is
    about another undo of it than the last, where `number` (Entry.undo_attempts) tells.
    """
    entry = ledger.get(key)
    if entry is None or entry.state is not EntryState.UNDOING or number not in (0, entry.undo_attempts):
        return None
    if version is not None and entry.version != tuple(version):
        return None
    if how is Removal.COMPLETE:
        return _gone(ledger, entry, now)
    if how is Removal.REFUSED:
        return _failed(ledger, replace(looking.over(entry), undo_deadline=ledger.steady, undo_window=0), error, now)
    if how is Removal.LOST:
        return _failed(ledger, entry, error, now)
    ledger.put(replace(entry, error=_UNCONFIRMED[how], update_time=now))
    return None


_UNCONFIRMED = {
    Removal.ACCEPTED: Failure(Code.ABORTED, "UNDO_FAILED", "the provider accepted the delete"),
    Removal.NOT_FOUND: Failure(Code.ABORTED, "UNDO_FAILED", "the provider said that there is no such thing to delete"),
}
"""What is known of a delete that nobody has seen take effect: shown once its window is over."""


def _gone(ledger: Entries, entry: Entry, now: int) -> Entry:
    return ledger.put(
        replace(
            looking.over(entry),
            state=EntryState.UNDONE,
            error=None,
            undo_deadline=ledger.steady,
            undo_window=0,
            update_time=now,
        )
    )


def _failed(ledger: Entries, entry: Entry, error: Failure | None, now: int) -> Entry:
    return ledger.put(
        replace(
            entry,
            state=EntryState.UNDO_FAILED,
            error=error or entry.error,
            undo_failed_time=ledger.steady,
            update_time=now,
        )
    )


def looked(
    ledger: Entries, entry: Entry, seen: Seen, asked: int, now: int, state: str, error: Failure | None
) -> list[Entry]:
    """Take a look at what is being taken away: gone is UNDONE; there after the window is UNDO_FAILED (rule 26).

    `entry` has what is remembered of the look, which was asked at `asked`; `state` is the provider's own word for that
    of the thing, `error` why the look could not tell. Returns what changed.
    """
    if seen is Seen.GONE:
        return [_gone(ledger, entry, now)]
    if seen is Seen.DENIED:
        ledger.put(entry)
        return []
    if asked < entry.undo_deadline:
        # Looked at once more when the window has ended, whatever the pauses are.
        ledger.put(replace(entry, look_time=min(entry.look_time, entry.undo_deadline)))
        return []
    why = _still_there(entry, state) if seen is Seen.SHOWN else _unseen(entry, error)
    return [_failed(ledger, looking.over(entry), why, now)]


def _still_there(entry: Entry, state: str) -> Failure:
    said = entry.error.message if entry.error else "it was to be taken away"
    there = f"it is still there, in state {state}" if state else "it is still there"
    facts = {"key": entry.key} | ({"provider_state": state} if state else {})
    return Failure(Code.FAILED_PRECONDITION, "UNDO_FAILED", f"{said}; {there}", metadata=facts)


def _unseen(entry: Entry, error: Failure | None) -> Failure:
    said = entry.error.message if entry.error else "the attempt that was taking it away ended before the answer came"
    why = error.message if error else "looking for it could not tell"
    return Failure(
        Code.UNKNOWN, "UNDO_FAILED", f"{said}; whether it is gone is not known: {why}", metadata={"key": entry.key}
    )


def _cut_short(entry: Entry) -> Failure:
    if entry.error is None:
        return INTERRUPTED
    return replace(entry.error, message=f"{entry.error.message}; the rollback ended before it was seen to be gone")


def interrupted(ledger: Entries, now: int) -> list[Entry]:
    """Write UNDO_FAILED for what was being taken away when its rollback came to rest; return those entries."""
    return [
        ledger.put(replace(entry, state=EntryState.UNDO_FAILED, error=_cut_short(entry), update_time=now))
        for entry in ledger
        if entry.state is EntryState.UNDOING
    ]
