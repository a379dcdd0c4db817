"""Bugs in what an answer to an undo means, in looks by id, and in when an undo is tried again: rules 24 to 27."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.campaigns.planting import Catalogue, Ground

from wharfinger.ledger import looking, removing, undo
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.looking import Seen
from wharfinger.ledger.removing import Removal

BUGS = Catalogue()


def _taken_for(ground: Ground, this: Removal, that: Removal) -> None:
    def spoiled(ledger: Any, key: str, how: Removal, *more: Any, **named: Any) -> Entry | None:
        return right(ledger, key, that if how is this else how, *more, **named)  # type: ignore[no-any-return]

    right = ground.put(removing, "undone", spoiled)


@BUGS.bug("24")
def next_undo_begins_at_once(ground: Ground) -> None:
    """An undo that nobody heard of is begun again before its window is over, as after a lost lease."""
    ground.put(removing, "on_its_way", lambda entry, steady: False)
    ground.put(undo.Order, "start_time", lambda self, entry: 0)
    ground.put(looking, "awaits", lambda entry, when: entry)


@BUGS.bug("24")
def lost_answer_taken_for_a_refusal(ground: Ground) -> None:
    """An undo whose answer was lost is taken for one of which nothing is on its way."""
    _taken_for(ground, Removal.LOST, Removal.REFUSED)


@BUGS.bug("25")
def undo_tried_without_end(ground: Ground) -> None:
    """A rollback begins the undo of a thing as often as it fails."""
    ground.put(undo.Order, "spent", lambda self, entry: False)


@BUGS.bug("25")
def undo_tried_once(ground: Ground) -> None:
    """What failed is not tried again, though the policy allows it."""
    ground.put(undo.Order, "spent", lambda self, entry: entry.undo_begun > 0)


@BUGS.bug("25")
def tries_counted_at_the_report(ground: Ground) -> None:
    """An undo counts when its answer comes: what crashed or was never heard of does not."""

    def begins(ledger: Any, key: str, *more: Any) -> Entry:
        before = ledger.named(key).undo_begun
        return ledger.put(replace(undoing(ledger, key, *more), undo_begun=before))  # type: ignore[no-any-return]

    def reported(ledger: Any, key: str, *more: Any, **named: Any) -> Entry | None:
        told = undone(ledger, key, *more, **named)
        if told is None:
            return None
        return ledger.put(replace(told, undo_begun=told.undo_begun + 1))  # type: ignore[no-any-return]

    undoing = ground.put(removing, "undoing", begins)
    undone = ground.put(removing, "undone", reported)


@BUGS.bug("26")
def accepted_taken_for_done(ground: Ground) -> None:
    """A delete that was merely accepted makes its thing UNDONE."""
    _taken_for(ground, Removal.ACCEPTED, Removal.COMPLETE)


@BUGS.bug("26")
def not_found_taken_for_done(ground: Ground) -> None:
    """A delete that finds nothing makes its thing UNDONE."""
    _taken_for(ground, Removal.NOT_FOUND, Removal.COMPLETE)


def _judging(ground: Ground, spoil: Any) -> None:
    def spoiled(entry: Entry, shown: bool | None, asked: int, steady: int) -> tuple[Entry, Seen]:
        return spoil(right, entry, shown, asked, steady)  # type: ignore[no-any-return]

    right = ground.put(looking, "judge", spoiled)


@BUGS.bug("27")
def one_look_is_enough(ground: Ground) -> None:
    """The first look that denies a thing is believed."""

    def spoil(right: Any, entry: Entry, shown: bool | None, asked: int, steady: int) -> Any:
        judged, seen = right(entry, shown, asked, steady)
        return judged, Seen.GONE if judged.denied_time else seen

    _judging(ground, spoil)


@BUGS.bug("27")
def looks_follow_each_other_at_once(ground: Ground) -> None:
    """The second look is asked before a settling time has passed."""
    _judging(ground, lambda right, entry, *more: right(replace(entry, settling=0), *more))


@BUGS.bug("27")
def look_before_the_things_own_settling(ground: Ground) -> None:
    """A thing that the provider does not show yet is taken for one that is gone."""
    _judging(ground, lambda right, entry, *more: right(replace(entry, settle_time=0), *more))
    ground.put(looking, "awaits", lambda entry, when: awaits(entry, 0))


awaits = looking.awaits


@BUGS.bug("27")
def look_that_shows_it_changes_nothing(ground: Ground) -> None:
    """Two denials count though a look between them showed the thing."""

    def spoil(right: Any, entry: Entry, shown: bool | None, asked: int, steady: int) -> Any:
        judged, seen = right(entry, shown, asked, steady)
        return replace(judged, denied_time=entry.denied_time or judged.denied_time), seen

    _judging(ground, spoil)
