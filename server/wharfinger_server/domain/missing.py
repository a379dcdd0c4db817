"""Things that the provider says are gone: they move aside, so that their keys can be made again, until it is sure.

The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from dataclasses import replace

from wharfinger_server.domain import evidence
from wharfinger_server.domain.entries import Entries
from wharfinger_server.domain.entry import Entry
from wharfinger_server.domain.failure import Code, Failure
from wharfinger_server.domain.states import EntryState


def gone(ledger: Entries, entry: Entry, now: int) -> list[Entry]:
    """Take it that the thing of `entry`, which is CREATED, does not exist any more; return what changed (rule 28).

    Its key is NOT_CREATED and may be made again, under the next generation. The old id is kept as `KEY~n`, MISSING and
    ours: providers deny things that live, for a while. Evidence keeps its key. `ledger` must hold all of the key's.
    """
    word = Failure(
        Code.NOT_FOUND,
        "RESOURCE_MISSING",
        f"{entry.external_id} was made, and now the provider says that there is no such thing",
        metadata={"key": entry.key, "external_id": entry.external_id},
    )
    old = replace(entry, state=EntryState.MISSING, error=word, tried=False, blocked_by="", update_time=now)
    if entry.is_evidence:
        return [ledger.put(old)]
    key = evidence.next_key(ledger, entry.base)
    freed = replace(
        entry,
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


def back(ledger: Entries, entry: Entry, now: int) -> Entry:
    """Take it that the thing of `entry`, which is MISSING, exists after all; return the entry that has it (rule 29)."""
    return evidence.confirm(ledger, entry, now)


def closed(ledger: Entries, entry: Entry, now: int) -> Entry:
    """Take it that the thing of `entry`, which is MISSING, is gone for good (rule 29)."""
    return ledger.put(replace(entry, state=EntryState.UNDONE, tried=False, error=None, update_time=now))
