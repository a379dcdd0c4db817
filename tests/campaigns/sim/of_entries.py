"""What must be true of every change of a ledger entry. The numbers are those of the ledger's rules."""

from __future__ import annotations

from tests.campaigns.sim.cloud import CALL_TIMEOUT, SEND_WINDOW, SETTLING
from tests.campaigns.sim.decision import Decision, is_open

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import EntryState as E

MOVES: dict[E | None, frozenset[E]] = {
    None: frozenset({E.INTENDED, E.CREATED, E.UNCERTAIN, E.MISSING}),
    E.INTENDED: frozenset({E.INTENDED, E.CREATED, E.UNCERTAIN, E.NOT_CREATED}),
    E.CREATED: frozenset({E.CREATED, E.UNDOING, E.RETAINED, E.FORGOTTEN, E.NOT_CREATED, E.MISSING}),
    E.MISSING: frozenset({E.MISSING, E.UNDONE, E.CREATED, E.RETAINED, E.FORGOTTEN}),
    E.UNCERTAIN: frozenset({E.UNCERTAIN, E.CREATED, E.NOT_CREATED, E.UNDOING, E.RETAINED, E.FORGOTTEN}),
    E.NOT_CREATED: frozenset({E.NOT_CREATED, E.INTENDED, E.CREATED, E.UNCERTAIN}),
    E.UNDOING: frozenset({E.UNDOING, E.UNDONE, E.UNDO_FAILED}),
    E.UNDO_FAILED: frozenset({E.UNDO_FAILED, E.UNDOING, E.UNDONE, E.NOT_CREATED, E.CREATED, E.RETAINED, E.FORGOTTEN}),
    E.UNDONE: frozenset({E.UNDONE, E.INTENDED, E.CREATED}),
    E.RETAINED: frozenset({E.RETAINED, E.CREATED}),
    E.FORGOTTEN: frozenset({E.FORGOTTEN, E.CREATED}),
}
"""Where an entry may go from where. What was handed over or could not be undone is CREATED again only when adopted."""
SOUGHT = (E.INTENDED, E.UNCERTAIN)
HANDED = (E.RETAINED, E.FORGOTTEN)
UNDO_WINDOW = round(CALL_TIMEOUT * 1_000_000)
WINDOW = round((SEND_WINDOW + CALL_TIMEOUT + SETTLING) * 1_000_000)


def check_entries(it: Decision) -> None:
    """Check every entry that the decision changed, and that nothing which was reported or found is missing."""
    for key, entry in it.real.items():
        was = it.old.get(key)
        if entry.state not in MOVES[was.state if was else None]:
            it.wrong(f"{key} went from {was.state.name if was else 'nothing'} to {entry.state.name}")
        _generation(it, was, entry)
        _token(it, entry)
        _intent(it, was, entry)
        if entry.state is E.UNDOING and (was is None or was.undo_attempts != entry.undo_attempts):
            it.known.undos[key] = max(it.known.undos.get(key, 0), it.now + UNDO_WINDOW)
        _handed_over(it, was, entry)
        _ended(it, was, entry)
        _named(it, was, entry)
    for key in it.removed:
        if "~" not in key:
            it.wrong(f"{key} was removed from the ledger")
    _told(it)


def _generation(it: Decision, was: Entry | None, entry: Entry) -> None:
    if was is None or entry.generation == was.generation:
        return
    if entry.generation < was.generation:
        it.wrong(f"{entry.key} went back to generation {entry.generation}")
    freed = was.state is E.UNDONE or was.token in it.cloud.refused or was.token in it.known.freed
    if entry.state is E.INTENDED and not freed:
        it.wrong(f"2: {entry.key} has a new generation after {was.state.name}, and the cloud had refused nothing")


def _token(it: Decision, entry: Entry) -> None:
    """Rule 2: one request has one token, and a token is of one request."""
    if not entry.token:
        return
    request = (entry.group or entry.base, entry.generation)
    mine = it.known.tokens.setdefault(entry.token, request)
    if mine != request:
        it.wrong(f"2: {entry.key} has the token of {mine}")
    others = [token for token, other in it.known.tokens.items() if other == request and token != entry.token]
    if others:
        it.wrong(f"2: {entry.key} has another token than before in generation {entry.generation}")


def _intent(it: Decision, was: Entry | None, entry: Entry) -> None:
    if was and was.owned and entry.owned and was.request_digest != entry.request_digest:
        it.wrong(f"4: {entry.key} is about another request than before")
    if entry.state is not E.INTENDED or (was and was.state is E.INTENDED and was.epoch == entry.epoch):
        return
    it.known.settles[entry.token] = max(it.known.settles.get(entry.token, 0), it.now + WINDOW)
    beside = [e.key for e in it.known.entries.values() if e.base == entry.key and e.key != e.base and is_open(e)]
    beside = [key for key in beside if it.known.entries[key].state is not E.MISSING]
    if beside:
        it.wrong(f"9: {entry.key} is intended while {beside} may be alive")


def _handed_over(it: Decision, was: Entry | None, entry: Entry) -> None:
    if was and was.owned and not entry.owned and entry.state not in HANDED:
        it.wrong(f"5: {entry.key} was ours, and is not any more")
    if was and was.state in HANDED and entry.state is E.CREATED and entry.owned:
        it.wrong(f"20: {entry.key} was handed over and is ours again")
    if entry.state not in HANDED:
        return
    it.known.handed.add(entry.external_id or entry.token)
    if entry.owned:
        it.wrong(f"20: {entry.key} was handed over and is still ours")
    if entry.state is E.RETAINED and not entry.external_id:
        it.wrong(f"20: {entry.key} is RETAINED without an id")
    if was and was.state in SOUGHT and not was.external_id and it.now < it.known.settles.get(was.token, 0):
        it.wrong(f"20: {entry.key} is {entry.state.name} before settling")
    thing = it.cloud.things.get(entry.external_id)
    if entry.state is E.RETAINED and was and was.state is E.UNDO_FAILED and it.now < it.known.undos.get(was.key, 0):
        it.wrong(f"18: {entry.key} is RETAINED while a deletion may be on its way")
    if entry.state is E.RETAINED and thing is not None and thing.going:
        it.wrong(f"18: {entry.key} is RETAINED while its deletion is on its way")


def _ended(it: Decision, was: Entry | None, entry: Entry) -> None:
    """What is concluded not to exist may not exist, nor come."""
    thing = it.cloud.things.get(entry.external_id)
    if entry.state is E.UNDONE and thing is not None and thing.alive:
        it.wrong(f"{entry.key} is UNDONE, and {thing.id} is alive")
    if (
        entry.state is not E.NOT_CREATED
        or was is None
        or was.state not in SOUGHT
        or it.who.verb in ("refused", "not_sent")
    ):
        return
    if thing is not None:
        if thing.alive:
            it.wrong(f"6: {entry.key} is NOT_CREATED, and {thing.id} is alive")
        return
    if it.now < it.known.settles.get(entry.token, 0):
        it.wrong(f"6: {entry.key} is NOT_CREATED before settling")
    held = {e.external_id for e in it.known.entries.values()}
    things = {t.id for t in it.cloud.things.values() if t.token == entry.token and t.alive and not t.stale} - held
    others = sum(e.token == entry.token and e.state in SOUGHT and not e.external_id for e in it.known.entries.values())
    if len(things) > others:
        it.wrong(f"{entry.key} is NOT_CREATED, and {sorted(things)} are alive")
    if any(r.token == entry.token and not r.stale for r in it.cloud.requests):
        it.wrong(f"{entry.key} is NOT_CREATED, and a call for it is on its way")


def _named(it: Decision, was: Entry | None, entry: Entry) -> None:
    """What a find says of a thing without a token counts after settling."""
    fresh = was is not None and was.state in SOUGHT and not was.external_id and entry.state is E.CREATED
    early = it.now < it.known.settles.get(entry.token, 0)
    if fresh and early and it.who.verb == "found" and not it.cloud.tokens:
        it.wrong(f"6: {entry.key} was found before settling, and a second one may still come")


def _told(it: Decision) -> None:
    """Rules 7 and 10: every id that was reported, or found by a finding that counted, is in the ledger."""
    if it.who.verb == "created" and it.old:
        reported = it.who.said[2]
        if not it.known.holds(reported):
            it.wrong(f"10: {reported} was reported, and no entry has it")
    if it.who.verb != "found" or not it.real:
        return
    key, _, found = it.who.said[:3]
    entry = it.known.entries.get(key) or it.known.entries.get(key.partition("~")[0])
    if entry is None or entry.state is not E.CREATED:
        return
    missing = {one for one in found or () if not it.known.holds(one)}
    waiting = sum(e.token == entry.token and e.state in SOUGHT and not e.external_id for e in it.known.entries.values())
    if len(missing) > waiting:
        it.wrong(f"7: {sorted(missing)} were found, and no entry has them")
