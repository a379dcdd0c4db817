"""Taking things away: what is written before an undo is called, and what its result does.

The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from dataclasses import replace

from wharfinger_server.domain.entries import Entries
from wharfinger_server.domain.entry import Entry, Version
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.failure import Code, Failure
from wharfinger_server.domain.states import EntryState

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

    Raises FailedPrecondition: KEY_UNKNOWN, or KEY_REUSED for what is not ours or not alive.
    """
    entry = ledger.named(key)
    if not removable(entry):
        raise FailedPrecondition(
            "KEY_REUSED",
            f"{key} is {entry.state.name}{'' if entry.owned else ', not owned'}; it cannot be removed",
            {"key": key},
        )
    return ledger.put(
        replace(
            entry,
            state=EntryState.UNDOING,
            # An earlier undo may still be on its way.
            undo_deadline=max(entry.undo_deadline, ledger.steady + window),
            undo_window=max(entry.undo_window, window),
            undo_attempts=entry.undo_attempts + 1,
            blocked_by="",
            update_time=now,
        )
    )


def undone(ledger: Entries, key: str, error: Failure | None, now: int, version: Version | None = None) -> Entry | None:
    """Take the result of taking `key` away: UNDONE, or UNDO_FAILED with the error.

    None if it is not UNDOING, or no longer what it was when that began (rule 8), where `version` tells.
    """
    entry = ledger.get(key)
    if entry is None or entry.state is not EntryState.UNDOING:
        return None
    if version is not None and entry.version != tuple(version):
        return None
    state = EntryState.UNDO_FAILED if error else EntryState.UNDONE
    return ledger.put(replace(entry, state=state, error=error, tried=error is not None, update_time=now))


def interrupted(ledger: Entries, now: int) -> list[Entry]:
    """Write UNDO_FAILED for what was being taken away when its attempt ended; return those entries."""
    halted = [entry for entry in ledger if entry.state is EntryState.UNDOING]
    return [
        ledger.put(replace(entry, state=EntryState.UNDO_FAILED, error=INTERRUPTED, update_time=now)) for entry in halted
    ]
