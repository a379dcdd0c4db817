"""Things that the provider says are gone: they move aside, so that their keys can be made again, until that is sure.

At resume everything that the task made is looked at by its id (rule 28), and what is MISSING once more before the task
ends (rule 29). The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wharfinger.ledger import evidence, looking
from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.looking import Seen
from wharfinger.ledger.states import EntryState

REASON = "RESOURCE_MISSING"


def check_all(ledger: Entries) -> None:
    """Have everything that is CREATED and ours looked at by its id before the task runs again (rule 28).

    What was denied before, by a person or a look, waits for the rest of its settling time.
    """
    for entry in ledger:
        if entry.state is EntryState.CREATED and entry.owned and entry.external_id:
            ledger.put(replace(entry, look=True, looks=0, look_time=_next_look(entry, ledger.steady)))


def check_last(ledger: Entries, concerned: Callable[[Entry], bool] = lambda _: True) -> None:
    """Have what is MISSING looked at once more, for the task ends or rolls back (rule 29); `concerned` tells what.

    What exists for all that is known is not looked at then.
    """
    for entry in ledger:
        if entry.state is EntryState.CREATED and entry.look:
            ledger.put(replace(entry, look=False, looks=0, look_time=0))
        elif entry.state is EntryState.MISSING and not (entry.look or entry.tried) and concerned(entry):
            ledger.put(replace(entry, look=True, looks=0, look_time=_next_look(entry, ledger.steady)))


def _next_look(entry: Entry, steady: int) -> int:
    return max(steady, entry.denied_time + entry.settling) if entry.denied_time else steady


def said_gone(ledger: Entries, entry: Entry, now: int) -> list[Entry]:
    """Take a person's word that the thing of `entry` is gone; return what changed (rule 29).

    About what is CREATED it is the first of two looks, not both; what is MISSING it closes.
    """
    if entry.state is EntryState.MISSING:
        return [_closed(ledger, entry, now)]
    said = f"a person said that {entry.external_id} is gone; resume looks once more, and makes it anew"
    word = Failure(Code.NOT_FOUND, REASON, said, metadata={"key": entry.key, "external_id": entry.external_id})
    denied = entry.denied_time or ledger.steady
    return [ledger.put(replace(entry, denied_time=denied, error=word, update_time=now))]


def looked(ledger: Entries, entry: Entry, seen: Seen, now: int, error: Failure | None) -> list[Entry]:
    """Take a look at what is CREATED or MISSING; return what changed.

    `entry` has what is remembered of the look; `error` says why it could not tell.
    """
    if seen is Seen.DENIED:
        ledger.put(entry)
        return []
    if entry.state is EntryState.MISSING:
        if seen is Seen.SHOWN:
            return [evidence.confirm(ledger, entry, now)]
        if seen is Seen.GONE:
            return [_closed(ledger, entry, now)]
        return [ledger.put(replace(entry, look=False, tried=True, error=error or entry.error, update_time=now))]
    if seen is Seen.GONE:
        return _gone(ledger, entry, now)
    # There; or nobody can tell, which says nothing (rule 27).
    ledger.put(replace(looking.over(entry), error=None))
    return []


def _gone(ledger: Entries, entry: Entry, now: int) -> list[Entry]:
    """Free the key of what is gone, for its next generation; its id is kept as `KEY~n`, MISSING and ours (rule 28).

    Evidence keeps its key. `ledger` must hold all of the key's.
    """
    word = Failure(
        Code.NOT_FOUND,
        REASON,
        f"{entry.external_id} was made, and now the provider says that there is no such thing",
        metadata={"key": entry.key, "external_id": entry.external_id},
    )
    old = replace(
        looking.over(entry),
        state=EntryState.MISSING,
        # From its answer, not its order, to the order of the last look a settling time passes (rule 29).
        denied_time=ledger.steady,
        error=word,
        tried=False,
        blocked_by="",
        update_time=now,
    )
    if entry.is_evidence:
        return [ledger.put(old)]
    key = evidence.next_key(ledger, entry.base)
    freed = replace(
        looking.over(entry),
        state=EntryState.NOT_CREATED,
        external_id="",
        burnt=True,
        tried=False,
        error=word,
        blocked_by="",
        update_time=now,
    )
    return [
        ledger.put(freed),
        ledger.put(replace(old, key=key, ordinal=ledger.counts.last_ordinal + 1, was_own=True)),
    ]


def _closed(ledger: Entries, entry: Entry, now: int) -> Entry:
    return ledger.put(replace(looking.over(entry), state=EntryState.UNDONE, tried=False, error=None, update_time=now))
