"""Late evidence: what a fenced attempt reports, or a finding shows, beyond the thing that an entry is about.

The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from wharfinger.ledger import ids
from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import EntryState


def report(ledger: Entries, entry: Entry, generation: int, external_id: str, epoch: int, now: int) -> Entry | None:
    """Take a report of something made whose attempt may no longer write; return the entry that changed, if one did.

    It fills the entry only if that is still this attempt's intent; otherwise it becomes an entry of its own. An id that
    the ledger has already changes nothing (rule 10). `ledger` must hold all entries.
    """
    if ledger.holders(entry, external_id):
        return None
    # No live attempt's intent is ever filled: the reporting attempt is not the live one, so its epoch differs.
    own = entry.epoch == epoch and entry.generation == generation and not entry.external_id
    if own and entry.sought:
        return ledger.put(
            replace(entry, state=EntryState.CREATED, external_id=external_id, error=None, update_time=now)
        )
    if own and entry.state is EntryState.NOT_CREATED:
        # Two answers contradict each other. The token is not free after all (rule 2).
        return ledger.put(
            replace(
                entry,
                state=EntryState.UNCERTAIN,
                external_id=external_id,
                # Of what it had and is gone, no more can be made under that token.
                burnt=any(other.was_own and other.generation == entry.generation for other in ledger),
                tried=False,
                error=None,
                update_time=now,
            )
        )
    if (part := _part_that_waits(ledger, entry, epoch, generation)) is not None:
        return ledger.put(replace(part, state=EntryState.CREATED, external_id=external_id, error=None, update_time=now))
    return add(ledger, entry, external_id, now, epoch=epoch, generation=generation)


def _part_that_waits(ledger: Entries, entry: Entry, epoch: int, generation: int) -> Entry | None:
    """Return the part of the very call of `entry` that a late report of one more thing is of; None: of none.

    Of the parts of a call `find` knows only that they are of it: it may have given `entry` what was another's (rule 3).
    """
    if not entry.group or not entry.external_id or (entry.epoch, entry.generation) != (epoch, generation):
        return None
    parts = (other for other in ledger if other.token == entry.token and other.nameless and other.epoch == epoch)
    return next(parts, None)


def add(
    ledger: Entries, entry: Entry, external_id: str, now: int, *, epoch: int, generation: int, key: str = ""
) -> Entry:
    """Write one more thing of the key of `entry` as `KEY~n`: UNCERTAIN, and ours (rule 7).

    `key`: which of the free ones; by default the next.
    """
    base = entry.base
    # Of the entry's own intent, its settling may go on (rule 27); what an earlier one made has settled (rule 9).
    same = (entry.epoch, entry.generation) == (epoch, generation) and entry.settle_time > ledger.steady
    return ledger.put(
        replace(
            entry,
            key=key or next_key(ledger, base),
            state=EntryState.UNCERTAIN,
            ordinal=ledger.counts.last_ordinal + 1,
            generation=generation,
            token=ids.token(ledger.uid, entry.group or base, generation),
            external_id=external_id,
            owned=True,
            epoch=epoch,
            number=0,
            error=None,
            asked_early=False,
            tried=False,
            burnt=False,
            was_own=False,
            undo_attempts=0,
            undo_deadline=0,
            undo_window=0,
            undo_begun=0,
            look=False,
            denied_time=0,
            blocked_by="",
            settle_time=entry.settle_time if same else min(entry.settle_time, ledger.steady),
            settle_window=entry.settle_window if same else 0,
            update_time=now,
        )
    )


def next_key(ledger: Entries, base: str) -> str:
    """Return the next free `KEY~n` of the key `base`."""
    return next(free_keys(ledger, base))


def free_keys(ledger: Entries, base: str) -> Iterator[str]:
    """Yield the free `KEY~n` of the key `base` in order; the ledger is asked once, whatever is written meanwhile."""
    taken = {other.key for other in ledger.family(base)}
    return (key for i in count(1) if (key := f"{base}~{i}") not in taken)


def confirm(ledger: Entries, entry: Entry, now: int) -> Entry:
    """Write that the thing of an evidence entry exists: the key's own thing, where the key has none."""
    base = ledger.get(entry.base)
    if base is None or base.state not in (EntryState.NOT_CREATED, EntryState.UNDONE):
        seen = replace(entry, look=False, denied_time=0, tried=False)
        return ledger.put(replace(seen, state=EntryState.CREATED, error=None, update_time=now))
    return take_over(ledger, base, entry, now)


def take_over(ledger: Entries, base: Entry, evidence: Entry, now: int) -> Entry:
    """Make the thing of `evidence` the own thing of its key, which has none; the evidence entry is gone then."""
    ledger.drop(evidence)
    generation = max(base.generation, evidence.generation)
    return ledger.put(
        replace(
            base,
            state=EntryState.CREATED,
            external_id=evidence.external_id,
            generation=generation,
            token=ids.token(ledger.uid, base.group or base.key, generation),
            owned=True,
            error=None,
            burnt=False,
            tried=False,
            settle_time=evidence.settle_time,
            settle_window=evidence.settle_window,
            undo_attempts=evidence.undo_attempts,
            undo_deadline=evidence.undo_deadline,
            undo_window=evidence.undo_window,
            undo_begun=evidence.undo_begun,
            look=False,
            denied_time=0,
            blocked_by="",
            update_time=now,
        )
    )
