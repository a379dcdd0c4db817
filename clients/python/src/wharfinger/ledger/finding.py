"""Settling: which entries must be looked for, and what the answer of `find` does to them.

The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wharfinger.ledger import evidence
from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Entry, Version
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.states import EntryState


def to_settle(ledger: Entries) -> list[Entry]:
    """Return what must be looked for before anything is tried again: INTENDED, and UNCERTAIN not looked for yet."""
    return [
        entry
        for entry in ledger
        if entry.state is EntryState.INTENDED
        or (entry.state is EntryState.UNCERTAIN and entry.owned and not entry.tried)
    ]


def begin_round(ledger: Entries) -> None:
    """Forget what was tried in an earlier round: UNCERTAIN entries are looked for once more, and undos count anew."""
    for entry in ledger:
        look = entry.look and entry.state is not EntryState.MISSING
        if entry.tried or entry.undo_begun or look is not entry.look:
            ledger.put(replace(entry, tried=False, undo_begun=0, look=look))


def cannot_tell(ledger: Entries, key: str, version: Version, error: Failure, now: int) -> Entry | None:
    """Take `find`'s failure: UNCERTAIN, and nobody guesses. None if the entry moved on since it was asked (rule 8)."""
    entry = _asked_about(ledger, key, version)
    return None if entry is None else _uncertain(ledger, entry, error, now)


def found(ledger: Entries, key: str, version: Version, found_ids: Sequence[str], asked: int, now: int) -> list[Entry]:
    """Take what `find` answered: all ids that carry the token or tag. Return what changed.

    `asked`: by the steady clock, when the order to look was given (rule 34).

    An empty list back means that the answer came too early to count, or that the entry moved on (rules 6 to 8).
    `ledger` must hold all entries.
    """
    entry = _asked_about(ledger, key, version)
    if entry is None:
        return []
    settled = asked >= entry.settle_time
    if found_ids and not entry.idempotent and not settled:
        return _too_early(ledger, entry)  # rule 6: without tokens a second one may still land
    if entry.external_id and entry.external_id not in found_ids:
        return [_uncertain(ledger, entry, _not_shown(entry), now)]
    free = [one for one in dict.fromkeys(found_ids) if one != entry.external_id and not ledger.holder(entry, one)]
    own = [entry.external_id] if entry.external_id else free[:1]
    if not own and not settled:
        return _too_early(ledger, entry)
    if not own:
        return [ledger.put(replace(entry, state=EntryState.NOT_CREATED, error=None, update_time=now))]
    if entry.is_evidence:
        changed = [evidence.confirm(ledger, entry, now)]
    else:
        changed = [
            ledger.put(replace(entry, state=EntryState.CREATED, external_id=own[0], error=None, update_time=now))
        ]
    # Rule 7: more than one is alive, and all are listed. But some of them may be those that the other parts of a group
    # wait for, or the key's present intent (rule 3): these have the same token.
    extra = [one for one in free if one not in own]
    if extra:
        extra = extra[sum(other.key != key and other.token == entry.token and other.nameless for other in ledger) :]
    keys = evidence.free_keys(ledger, entry.base)  # a `find` that shows thousands must not cost their square
    return changed + [
        evidence.add(ledger, entry, one, now, epoch=entry.epoch, generation=entry.generation, key=key)
        for one, key in zip(extra, keys, strict=False)
    ]


def _asked_about(ledger: Entries, key: str, version: Version) -> Entry | None:
    entry = ledger.get(key)
    return entry if entry is not None and entry.sought and entry.version == tuple(version) else None


def _too_early(ledger: Entries, entry: Entry) -> list[Entry]:
    ledger.put(replace(entry, asked_early=True))
    return []


def _uncertain(ledger: Entries, entry: Entry, error: Failure, now: int) -> Entry:
    return ledger.put(replace(entry, state=EntryState.UNCERTAIN, tried=True, error=error, update_time=now))


def _not_shown(entry: Entry) -> Failure:
    return Failure(
        Code.UNKNOWN,
        "RESOURCE_UNCERTAIN",
        f"{entry.external_id} was reported, but looking for it did not show it",
        metadata={"key": entry.key},
    )
