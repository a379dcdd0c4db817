"""Intents, and what the attempt that wrote one reports about it.

The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from wharfinger.ledger import evidence, ids
from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Entry, Intent
from wharfinger.ledger.failure import Failure
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.states import HANDED_OVER, EntryState

FREE = frozenset({EntryState.NOT_CREATED, EntryState.UNDONE})
"""States in which a key has nothing, so that it may be made (again)."""


def next_number(ledger: Entries, keys: Iterable[str]) -> int:
    """Return the number of an intent of all these keys: one call has one, whatever its parts had before (rule 22)."""
    return 1 + max((entry.number for key in keys if (entry := ledger.get(key)) is not None), default=0)


_NOT_AGAIN = {
    EntryState.FORGOTTEN: ": a person gave it up, and perhaps it exists, so it is not made again by this task; "
    "roll back the rest and submit the task anew (of what was surely gone, the verdict is GONE)",
    EntryState.RETAINED: ": a person took it over, so it is not made again by this task; roll back the rest and submit "
    "the task anew",
}
_UNSETTLED = "; it cannot be made again before that is settled: resolve it first"


def intend(ledger: Entries, intent: Intent, epoch: int, now: int, number: int = 0) -> Entry:
    """Write the intent and return its entry, INTENDED; or, when the key is CREATED already, that entry unchanged.

    `number` is that of the whole call, where it has more parts than this; 0: the entry's next. Raises
    FailedPrecondition: REQUEST_CHANGED where an earlier attempt asked for something else under the key (rule 4),
    KEY_REUSED where the key is in a state that forbids it or evidence of it is open (rule 9), KEY_UNKNOWN where it
    comes after itself.
    """
    if intent.key in intent.depends_on:
        raise FailedPrecondition("KEY_UNKNOWN", f"{intent.key} cannot come after itself", {"key": intent.key})
    entry = ledger.get(intent.key)
    number = number or next_number(ledger, [intent.key])
    if entry is None:
        return _write(ledger, intent, None, 1, epoch, now, number)
    if entry.request_digest and intent.request_digest != entry.request_digest:
        raise FailedPrecondition(
            "REQUEST_CHANGED",
            f"{intent.key} was intended before with other arguments; "
            "an attempt must ask for the same thing under the same key",
            {"key": intent.key},
        )
    if entry.state is EntryState.CREATED:
        return entry
    if entry.state not in FREE:
        raise _reused(intent.key, f"{intent.key} is {entry.state.name}{_NOT_AGAIN.get(entry.state, _UNSETTLED)}")
    if ledger.open_evidence(intent.key):
        raise _reused(
            intent.key, f"something made under {intent.key} by an earlier attempt may be alive; resolve it first"
        )
    # Rule 2: only what the cloud itself said, or an undo, frees the token. What `find` concluded does not.
    risen = entry.state is EntryState.UNDONE or entry.burnt
    return _write(ledger, intent, entry, entry.generation + risen, epoch, now, number)


def _reused(key: str, why: str) -> FailedPrecondition:
    return FailedPrecondition("KEY_REUSED", why, {"key": key})


def _write(
    ledger: Entries, intent: Intent, before: Entry | None, generation: int, epoch: int, now: int, number: int
) -> Entry:
    window = intent.send_window + intent.call_timeout + intent.settling
    return ledger.put(
        Entry(
            key=intent.key,
            base=intent.key,
            type=intent.type,
            state=EntryState.INTENDED,
            ordinal=before.ordinal if before else ledger.counts.last_ordinal + 1,
            generation=generation,
            token=ids.token(ledger.uid, intent.group or intent.key, generation),
            group=intent.group,
            epoch=epoch,
            number=number,
            step=intent.step,
            depends_on=intent.depends_on,
            request_digest=intent.request_digest,
            profile=intent.profile,
            region=intent.region,
            attributes=dict(intent.attributes),
            cost=intent.cost,
            undo_data=intent.undo_data,
            idempotent=intent.idempotent,
            intent_time=now,
            send_by=now + intent.send_window,
            settle_time=ledger.steady + window,
            settle_window=window,
            settling=intent.settling,
            temporary=intent.temporary,
            update_time=now,
        )
    )


def awaits(ledger: Entries, key: str, epoch: int) -> bool:
    """Whether `key` is INTENDED by the attempt `epoch`."""
    entry = ledger.get(key)
    return entry is not None and entry.state is EntryState.INTENDED and entry.epoch == epoch


def created(ledger: Entries, entry: Entry, external_id: str, now: int) -> Entry:
    """Take the live attempt's report of what its intent made."""
    for other in ledger.family(entry.base):
        if other.is_evidence and other.external_id == external_id:
            ledger.drop(other)
    return ledger.put(replace(entry, state=EntryState.CREATED, external_id=external_id, error=None, update_time=now))


def refused(ledger: Entries, key: str, epoch: int, error: Failure, now: int) -> Entry | None:
    """Take the cloud's own definite answer that it made nothing; None if the intent is no longer this attempt's."""
    if not awaits(ledger, key, epoch):
        return None
    return ledger.put(
        replace(ledger.named(key), state=EntryState.NOT_CREATED, burnt=True, error=error, update_time=now)
    )


def not_sent(ledger: Entries, keys: Collection[str], epoch: int, number: int, error: Failure, now: int) -> list[Entry]:
    """Take the word of the one that would have sent the call of `keys` that it never will; return what changed.

    It counts for that very intent only, by epoch and number, so it may be repeated and may come late (rule 21). Of a
    group it closes all parts that are still INTENDED (rule 22), and the whole ledger must be loaded. What has an id was
    sent. Raises FailedPrecondition STATE_FORBIDS where it is said of a part of a group.
    """
    said = [entry for key in keys if (entry := ledger.get(key)) is not None and _is_call(entry, epoch, number)]
    groups = {(entry.group, entry.token) for entry in said if entry.group}
    call = [e for e in ledger if _is_call(e, epoch, number) and (e.group, e.token) in groups]
    left_out = sorted(entry.key for entry in call if entry.key not in keys)
    if left_out:
        raise FailedPrecondition(
            "STATE_FORBIDS",
            f"{said[0].key} is a part of a call that makes {left_out[0]} too; "
            "that it was not sent can only be said of the whole call, with all its keys",
            {"key": said[0].key, "state": said[0].state.name},
        )
    if any(entry.external_id for entry in said):
        return []
    closing = [entry for entry in said if entry.state is EntryState.INTENDED or (not entry.group and entry.sought)]
    # The generation is not burnt: the cloud never heard of the token (rule 2).
    return [
        ledger.put(replace(e, state=EntryState.NOT_CREATED, burnt=False, tried=False, error=error, update_time=now))
        for e in closing
    ]


def free_again(ledger: Entries, keys: Collection[str], used: Collection[str], epoch: int, number: int) -> list[str]:
    """Return the keys that the attempt may intend again, once the call of `keys` is known not to be sent (rule 21).

    `used` are the keys that were intended together with them. Of a call of several, what was there already, or was made
    by another call, is asked for again with the rest. What the cloud refused was sent, whatever is said of it
    afterwards, and so was what is in doubt: these keys are not free (rule 4).
    """
    if not any((entry := ledger.get(key)) and _is_call(entry, epoch, number) and _unsent(entry) for key in keys):
        return []
    return [key for key in used if (e := ledger.get(key)) and (e.epoch != epoch or e.external_id or _unsent(e))]


def _unsent(entry: Entry) -> bool:
    """Whether the last intent of `entry` is closed, and the cloud never heard of it."""
    return entry.state is EntryState.NOT_CREATED and not entry.burnt


def _is_call(entry: Entry, epoch: int, number: int) -> bool:
    """Whether `entry` is what the call of that intent was to make."""
    return (entry.epoch, entry.number) == (epoch, number) and not entry.is_evidence


def in_doubt(ledger: Entries, key: str, epoch: int, error: Failure, now: int, *, unnamed: bool) -> Entry | None:
    """Note why the answer of a call is not known; None if the intent is no longer this attempt's.

    The entry stays INTENDED, to be settled; a part of a group that the answer did not name is UNCERTAIN at once (rule
    3).
    """
    if not awaits(ledger, key, epoch):
        return None
    state = EntryState.UNCERTAIN if unnamed else EntryState.INTENDED
    return ledger.put(replace(ledger.named(key), state=state, error=error, update_time=now))


def adopt(ledger: Entries, intent: Intent, external_id: str, epoch: int, now: int) -> Entry:
    """Write what was there before us: not owned, never undone by us. A key once intended stays owned (rule 5).

    Raises FailedPrecondition KEY_REUSED where that would lose sight of a thing that may be alive: the key is not
    settled, is about something else, or evidence of it is open.
    """
    entry = ledger.get(intent.key)
    if entry is None:
        return _write_adopted(ledger, intent, None, external_id, epoch, now)
    if entry.state is EntryState.CREATED and entry.external_id == external_id:
        return entry
    beside = ledger.open_evidence(intent.key)
    held = [one for one in ledger.family(intent.key) if one.is_evidence and one.external_id == external_id]
    if held and held[0].state in HANDED_OVER:
        taken = f"{external_id} is {held[0].key}, which a person took over ({held[0].state.name})"
        raise _reused(intent.key, f"{taken}; it cannot be adopted as {intent.key}")
    if held and entry.state in FREE and beside in ([], held):
        return evidence.take_over(ledger, entry, held[0], now)
    if beside:
        raise _reused(
            intent.key, f"something made under {intent.key} by an earlier attempt may be alive; resolve it first"
        )
    if entry.nameless or entry.state is EntryState.UNDOING:
        raise _reused(intent.key, f"{intent.key} is {entry.state.name}; it cannot be adopted before that is settled")
    if entry.external_id != external_id and (entry.open or entry.state in HANDED_OVER):
        what = entry.external_id or entry.state.name
        raise _reused(intent.key, f"{intent.key} is {what} already; adopt {external_id} under a key of its own")
    if not entry.owned:
        return _write_adopted(ledger, intent, entry, external_id, epoch, now)
    return ledger.put(
        replace(
            entry,
            state=EntryState.CREATED,
            external_id=external_id,
            epoch=epoch,
            error=None,
            burnt=False,
            tried=False,
            blocked_by="",
            update_time=now,
        )
    )


def _write_adopted(
    ledger: Entries, intent: Intent, before: Entry | None, external_id: str, epoch: int, now: int
) -> Entry:
    return ledger.put(
        Entry(
            key=intent.key,
            base=intent.key,
            type=intent.type,
            state=EntryState.CREATED,
            ordinal=before.ordinal if before else ledger.counts.last_ordinal + 1,
            external_id=external_id,
            owned=False,
            epoch=epoch,
            number=before.number if before else 0,
            step=intent.step,
            depends_on=intent.depends_on,
            request_digest=intent.request_digest,
            profile=intent.profile,
            region=intent.region,
            attributes=dict(intent.attributes),
            cost=intent.cost,
            settling=intent.settling,
            intent_time=now,
            update_time=now,
        )
    )
