"""Bugs in what becomes of things that are gone, and of keys that are made anew: rules 28 to 32."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.campaigns.planting import Catalogue, Ground

from wharfinger.ledger import looking, missing, replacing
from wharfinger.ledger.looking import Seen
from wharfinger.ledger.states import EntryState
from wharfinger.ledger.used_keys import UsedKeys
from wharfinger_server.domain.task import Task

BUGS = Catalogue()


@BUGS.bug("28")
def ids_trusted_at_resume(ground: Ground) -> None:
    """Nobody looks at resume whether what the task made is still there."""
    ground.put(missing, "check_all", lambda ledger: None)


@BUGS.bug("28")
def gone_is_dropped(ground: Ground) -> None:
    """What two looks do not show is UNDONE at once, and its id is not kept as missing."""

    def spoiled(ledger: Any, entry: Any, now: int) -> Any:
        return [missing._closed(ledger, entry, now)]

    ground.put(missing, "_gone", spoiled)


@BUGS.bug("28")
def gone_after_one_look(ground: Ground) -> None:
    """The first look that does not show a thing at resume is believed."""

    def spoiled(entry: Any, shown: Any, asked: int, steady: int) -> Any:
        judged, seen = right(entry, shown, asked, steady)
        first = entry.state is EntryState.CREATED and seen is Seen.DENIED and asked >= entry.settle_time
        return (judged, Seen.GONE) if first else (judged, seen)

    right = ground.put(looking, "judge", spoiled)


@BUGS.bug("28")
def gone_frees_no_token(ground: Ground) -> None:
    """The generation of what is gone is not burnt: its key is made again under the same token."""

    def spoiled(ledger: Any, entry: Any, now: int) -> Any:
        changed = right(ledger, entry, now)
        freed = ledger.named(entry.key)
        return changed if entry.is_evidence else [ledger.put(replace(freed, burnt=False)), *changed[1:]]

    right = ground.put(missing, "_gone", spoiled)


@BUGS.bug("29")
def a_persons_word_alone(ground: Ground) -> None:
    """Somebody says that a thing is gone, and that is enough."""

    def spoiled(ledger: Any, entry: Any, now: int) -> Any:
        if entry.state is EntryState.CREATED:
            return missing._gone(ledger, entry, now)
        return right(ledger, entry, now)

    right = ground.put(missing, "said_gone", spoiled)


@BUGS.bug("29")
def no_last_look(ground: Ground) -> None:
    """What is missing is written off when the task ends, without one more look."""

    def spoiled(ledger: Any, concerned: Any = lambda _: True) -> None:
        for entry in ledger:
            if entry.state is EntryState.MISSING and concerned(entry):
                missing._closed(ledger, entry, entry.update_time)
        right(ledger, concerned)

    right = ground.put(missing, "check_last", spoiled)


@BUGS.bug("29")
def back_is_not_believed(ground: Ground) -> None:
    """A missing thing that shows again is UNDONE all the same."""

    def spoiled(ledger: Any, entry: Any, seen: Any, *more: Any) -> Any:
        lost = entry.state is EntryState.MISSING and seen is Seen.SHOWN
        return right(ledger, entry, Seen.GONE if lost else seen, *more)

    right = ground.put(missing, "looked", spoiled)


@BUGS.bug("30")
def made_anew_under_its_children(ground: Ground) -> None:
    """A key whose thing is gone is made again though what was built on it stands."""
    ground.put(replacing, "lost_its_own", lambda ledger, key: False)


@BUGS.bug("31")
def undo_of_some_counts_as_undo(ground: Ground) -> None:
    """A rollback of some keys alone forbids to resume its task: the old rule."""

    def spoiled(self: Task, only: Any, *more: Any) -> None:
        right(self, only, *more)
        self.undo_begun = True

    right = ground.put(Task, "roll_back", spoiled)


@BUGS.bug("32")
def removed_under_its_children(ground: Ground) -> None:
    """A script takes a thing away from under what was built on it."""
    ground.put(replacing, "remove", lambda ledger, key, window, now: ledger.undoing(key, window, now))


@BUGS.bug("32")
def removed_key_stays_used(ground: Ground) -> None:
    """What an attempt removed it can't make again."""
    ground.put(UsedKeys, "free", lambda self, keys: None)
