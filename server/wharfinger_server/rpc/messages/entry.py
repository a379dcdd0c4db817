"""One entry of the ledger."""

from __future__ import annotations

from wharfinger.ledger.ledger import Entry
from wharfinger.runtime import limits
from wharfinger.v1 import ledger_pb2
from wharfinger_server.domain.estimate import CostItem
from wharfinger_server.rpc.messages.failure import cut_failure, fill_failure
from wharfinger_server.rpc.messages.price import fill_money, fill_price
from wharfinger_server.rpc.messages.text import clean
from wharfinger_server.rpc.messages.times import fill_time

ROOM = 256 * 1024
"""Bytes of one entry: more than any has whose script kept to `wharfinger.runtime.limits`."""
_FRAME = 16
_TEXTS = ("key", "type", "step", "external_id", "profile", "region", "blocked_by", "evidence_of")


def entry_bytes(entry: Entry) -> bytes:
    """Return the entry as a serialised LedgerEntry."""
    message = ledger_pb2.LedgerEntry()
    fill_entry(message, entry)
    return message.SerializeToString()


def fill_entry(message: ledger_pb2.LedgerEntry, entry: Entry, room: int = ROOM) -> None:
    """Set an empty `message` to the entry, cut where it would take more than `room` bytes."""
    _fill(message, entry)
    cut(message, room)


def cut(message: ledger_pb2.LedgerEntry, room: int = ROOM) -> bool:
    """Cut what takes more than `room` bytes, so that who lists or watches gets past it; return whether it did.

    Nothing that scripts may report today is as large. What they reported before there were limits is.
    """
    if message.ByteSize() <= room:
        return False
    for name in _TEXTS:
        text = getattr(message, name)
        if len(text) > limits.EXTERNAL_ID:
            setattr(message, name, text[: limits.EXTERNAL_ID])
    if message.HasField("failure"):
        cut_failure(message.failure)
    after, attributes = list(message.depends_on), dict(message.attributes)
    message.ClearField("depends_on")
    message.attributes.clear()
    message.truncated = True
    left = room - message.ByteSize()
    for name, value in sorted(attributes.items()):
        left -= len(name.encode()) + len(value.encode()) + _FRAME
        if left >= 0:
            message.attributes[name] = value
    for key in after:
        left -= len(key.encode()) + _FRAME
        if left >= 0:
            message.depends_on.append(key)
    return True


def _fill(message: ledger_pb2.LedgerEntry, entry: Entry) -> None:
    message.key = clean(entry.key)
    message.type = clean(entry.type)
    message.step = clean(entry.step)
    message.state = int(entry.state)  # type: ignore[assignment]
    message.owned = entry.owned
    message.ordinal = entry.ordinal
    message.generation = entry.generation
    message.token = entry.token
    message.external_id = clean(entry.external_id)
    message.profile = clean(entry.profile)
    message.region = clean(entry.region)
    message.undo_attempts = entry.undo_attempts
    message.blocked_by = clean(entry.blocked_by)
    message.epoch = entry.epoch
    if entry.depends_on:
        message.depends_on.extend(clean(key) for key in entry.depends_on)
    for name, value in entry.attributes.items():
        message.attributes[clean(name)] = clean(value)
    if entry.error is not None:
        fill_failure(message.failure, entry.error)
    if entry.intent_time:
        fill_time(message.intent_time, entry.intent_time)
    if entry.send_by:
        fill_time(message.send_by_time, entry.send_by)
    if entry.update_time:
        fill_time(message.update_time, entry.update_time)
    if isinstance(entry.cost, CostItem):
        _fill_cost(message, entry.cost)
    if entry.is_evidence:
        message.evidence_of = clean(entry.base)


def _fill_cost(message: ledger_pb2.LedgerEntry, cost: CostItem) -> None:
    if cost.price is not None:
        fill_price(message.price, cost.price, cost.layer, cost.catalog, stale=cost.stale)
    if cost.hourly is not None:
        fill_money(message.hourly, cost.hourly)
