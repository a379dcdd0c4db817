"""What must be true of things that are gone, or said to be: rules 27 to 30 and 32, in the ledger's own words."""

from __future__ import annotations

from tests.campaigns.sim.decision import Decision, is_open

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import EntryState as E
from wharfinger.ledger.states import Phase
from wharfinger.ledger.states import TaskState as T

GONE = (E.NOT_CREATED, E.UNDONE, E.FORGOTTEN)


def check_gone(it: Decision) -> None:
    """Check every entry whose thing went, came back or stands on one that is gone, and every lease after a resume."""
    if it.who.verb == "resume" and it.before.state.resting and not it.task.state.resting:
        it.known.resumed = it.now
        it.known.unlooked.clear()
    for key, entry in it.real.items():
        was = it.old.get(key)
        if was is None:
            continue
        _unlooked(it, was, entry)
        if was.state is E.CREATED and entry.state in (E.NOT_CREATED, E.MISSING):
            _went(it, was)
        if was.state is E.MISSING and entry.state is E.UNDONE and it.who.verb not in ("looked", "resolve"):
            it.wrong(f"29: {key} is UNDONE without a last look")
        if entry.state is E.INTENDED and was.state in (E.NOT_CREATED, E.UNDONE):
            _again(it, entry)
        if entry.state is E.UNDOING and was.state is not E.UNDOING and it.before.phase is Phase.RUN:
            standing = [child.key for child in it.known.children(entry) if child.state not in GONE]
            if standing:
                it.wrong(f"32: {key} is removed under {standing}")
    _runs(it)


def _unlooked(it: Decision, was: Entry, entry: Entry) -> None:
    """Note what nobody could tell of: that it was not looked at says nothing."""
    said = it.who.said[2] if it.who.verb == "looked" and len(it.who.said) > 2 else None
    if was.state is E.CREATED and was.look and not entry.look and said is None:
        it.known.unlooked.add(was.external_id)


def _went(it: Decision, was: Entry) -> None:
    known = it.known
    known.lost.add(was.base)
    known.freed.add(was.token)
    known.spent.add((was.key, was.token))
    if it.who.verb != "looked":
        it.wrong(f"29: {was.key} is gone by {it.who.verb or 'the engine'} alone")
    thing = it.cloud.things[was.external_id]
    if thing.alive and not thing.lied:
        it.wrong(f"27: {was.key} is held to be gone, and {thing.id} is alive and denied for a moment only")
    kept = [e for e in known.entries.values() if e.external_id == was.external_id and is_open(e)]
    if not kept:
        it.wrong(f"28: {was.external_id} was {was.key}, and no open entry has it")


def _again(it: Decision, entry: Entry) -> None:
    if entry.key not in it.known.lost:
        return
    if (entry.key, entry.token) in it.known.spent:
        it.wrong(f"28: {entry.key} is made anew under the token of what is gone")
    standing = [c.key for c in it.known.children(entry) if c.state not in GONE and c.state is not E.MISSING]
    if standing:
        it.wrong(f"30: {entry.key} is made anew under {standing}, which stand on what is gone")


def _runs(it: Decision) -> None:
    """Rule 28: what was deleted before a person resumed the task is known to be gone when it runs again."""
    if not (it.task.lease and it.task.lease.phase is Phase.RUN and it.before.phase is None):
        return
    if not it.known.resumed or it.before.state is not T.QUEUED:
        return
    for entry in it.known.entries.values():
        thing = it.cloud.things.get(entry.external_id)
        if thing is None or not entry.owned or entry.state is not E.CREATED or not thing.gone_at:
            continue
        if thing.gone_at < it.known.resumed and thing.id not in it.known.unlooked:
            it.wrong(f"28: it runs again with {entry.key}, and {thing.id} was deleted before it was resumed")
    it.known.resumed = 0
