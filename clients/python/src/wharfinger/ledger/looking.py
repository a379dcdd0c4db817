"""Looks by id: what it takes until "there is no such thing" counts, and when to look again.

Whether a thing that the ledger knows is still there is asked by its id, never by a list of what there is. A denial
counts when two in a row say so, both asked after the thing's own settling ended, the second at least one settling time
after the first (rule 27). What follows from that is decided where the entry's state is: this module only judges. The
numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Entry, Version

FIRST_PAUSE = 1_000_000
LONGEST_PAUSE = 30_000_000
"""Looks that decide nothing are repeated after 1 s, 2 s, 4 s … up to this, in microseconds."""


class Seen(Enum):
    """What a look came to."""

    SHOWN = "it is there"
    GONE = "it is not there: this was the second counting denial"
    DENIED = "it is denied, and one more look must say so"
    UNKNOWN = "the look cannot tell"


def awaits(entry: Entry, when: int) -> Entry:
    """Return `entry` as one that waits to be looked at by its id, from `when` on, with nothing seen yet."""
    return replace(entry, look=True, look_time=when, looks=0, denied_time=0)


def over(entry: Entry) -> Entry:
    """Return `entry` as one at which nobody needs to look any more."""
    return replace(entry, look=False, look_time=0, looks=0, denied_time=0)


def to_look(ledger: Entries) -> list[Entry]:
    """Return what is to be looked at now."""
    return [entry for entry in ledger if entry.awaits_look and entry.look_time <= ledger.steady]


def asked_about(ledger: Entries, key: str, version: Version) -> Entry | None:
    """Return the entry that a look was about; None if it moved on since, or nobody waits for a look (rule 8)."""
    entry = ledger.get(key)
    return entry if entry is not None and entry.awaits_look and entry.version == tuple(version) else None


def judge(entry: Entry, shown: bool | None, asked: int, steady: int) -> tuple[Entry, Seen]:
    """Take what a look said that was asked at `asked`: `shown`, denied, or None where it cannot tell.

    Both times are the steady clock's. Returns the entry with what is remembered of the look and when to look again,
    should that be needed, and what it came to. A denial that was asked too early counts as none (rule 27).
    """
    if shown is None:
        return _again(entry, steady), Seen.UNKNOWN
    if shown:
        return _again(replace(entry, denied_time=0), steady), Seen.SHOWN
    if asked < entry.settle_time:
        return replace(entry, look_time=entry.settle_time), Seen.DENIED
    if not entry.denied_time:
        # An order is when a look was asked at the earliest, its answer at the latest: from the answer of the first
        # denial to the order of the second a settling time passes, however slow the worker was.
        return replace(entry, denied_time=steady, look_time=steady + entry.settling), Seen.DENIED
    second = entry.denied_time + entry.settling
    return (entry, Seen.GONE) if asked >= second else (replace(entry, look_time=second), Seen.DENIED)


def _again(entry: Entry, steady: int) -> Entry:
    pause = min(FIRST_PAUSE << min(entry.looks, 10), LONGEST_PAUSE)
    return replace(entry, looks=entry.looks + 1, look_time=steady + pause)
