"""What attempts do that settle or undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tests.domain import world as w
from tests.domain.oracle import delete
from tests.domain.world import Finder, Move, Undoer, World

from wharfinger.ledger import undo
from wharfinger.ledger.entry import base_of
from wharfinger.ledger.removing import Removal
from wharfinger.ledger.states import Phase
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.engine.lifecycle import rollback
from wharfinger_server.engine.lifecycle.recording import guard

# ---------------------------------------------------------------------- settling


def finds(world: World, finder: Finder) -> Iterator[Move]:
    """Yield what a SETTLE attempt may do next, and what may befall it."""
    if world.spend("crash"):
        yield 0.2, f"finder {finder.epoch} dies", partial(_finder_dies, world, finder)
    for key in finder.left:
        if key not in finder.shown:
            yield 1.2, f"find({key}) is asked", partial(_ask, world, finder, key)
    for key in finder.shown:
        yield 0.6, f"find({key}) answers {finder.shown[key][1]}", partial(_told, world, finder, key)
        if world.spend("findfail"):
            yield 0.3, f"find({key}) cannot tell", partial(_cannot_tell, world, finder, key)
    if not finder.left and not finder.shown:
        yield 1.5, f"finder {finder.epoch} ends", partial(_settled, world, finder)


def _finder_dies(world: World, finder: Finder) -> None:
    world.strike("crash")
    world.finders.remove(finder)


def _ask(world: World, finder: Finder, key: str) -> None:
    finder.left.remove(key)
    entry = world.entries.get(key)
    if entry is None:
        return
    if not entry.sought:
        thing = world.cloud.things.get(entry.external_id)
        finder.shown[key] = (entry.version, [entry.external_id] if thing and thing.alive else [], world.now)
        return
    sure, may = world.cloud.find(entry.token, world.now)
    shown = may if world.coin else sure
    finder.shown[key] = (entry.version, shown, world.now)


def _find_report(world: World, finder: Finder, decide: Callable[[w.Work], object]) -> None:
    current = world.is_current(finder.epoch, Phase.SETTLE)
    try:
        world.change(lambda work: (guard(work, finder.epoch), decide(work)))
    except Fenced:
        if finder in world.finders:
            world.finders.remove(finder)
        return
    if not current:
        world.wrong.append(f"the finder {finder.epoch} wrote without the lease")


def _told(world: World, finder: Finder, key: str) -> None:
    version, ids, asked = finder.shown.pop(key)

    def tell(work: w.Work) -> None:
        entry = work.ledger().get(key)
        if entry is not None and entry.sought:
            work.ledger().found(key, version, ids, asked, work.now)
        else:
            work.ledger().looked(key, version, bool(ids), asked, work.now)

    _find_report(world, finder, tell)


def _cannot_tell(world: World, finder: Finder, key: str) -> None:
    world.strike("findfail")
    version, _, _ = finder.shown.pop(key)

    def tell(work: w.Work) -> None:
        work.ledger().cannot_tell(key, version, w.NO_TELLING, work.now)
        work.ledger().looked(key, version, None, work.steady, work.now, error=w.NO_TELLING)

    _find_report(world, finder, tell)


def _settled(world: World, finder: Finder) -> None:
    _find_report(world, finder, lambda work: world.life.settled_once(work, finder.epoch))
    if finder in world.finders:
        world.finders.remove(finder)


# ---------------------------------------------------------------------- undoing


def undoes(world: World, undoer: Undoer) -> Iterator[Move]:
    """Yield what an UNDO attempt may do next, and what may befall it."""
    if world.spend("crash"):
        yield 0.2, f"undoer {undoer.epoch} dies", partial(_undoer_dies, world, undoer)
    current = world.is_current(undoer.epoch, Phase.UNDO)
    rollback = world.task.rollback
    ready = []
    if current and rollback is not None and not rollback.stop:
        ready = undo.Order(world.ledger(), rollback.only).ready(undoer.calls)
        for entry in ready:
            yield 1.5, f"undo({entry.key}) begins", partial(_begin_undo, world, undoer, entry.key)
    weight = 1.5 if current else 0.1
    for key, (_, _, _, how) in undoer.calls.items():
        if how:
            yield weight, f"undo({key}) is {how}", partial(_undo_told, world, undoer, key)
            continue
        yield weight, f"undo({key}) deletes", partial(_undo, world, undoer, key, "")
        if world.spend("undofail"):
            yield 0.5, f"undo({key}) fails", partial(_undo, world, undoer, key, "undofail")
        if world.spend("drop"):
            yield 0.3, f"undo({key}) deletes, answer lost", partial(_undo, world, undoer, key, "drop")
    if not undoer.calls and not ready:
        yield 0.7, f"undoer {undoer.epoch} ends", partial(_undoer_ends, world, undoer)


def _undoer_dies(world: World, undoer: Undoer) -> None:
    world.strike("crash")
    world.undoers.remove(undoer)


def _begin_undo(world: World, undoer: Undoer, key: str) -> None:
    def decide(work: w.Work) -> w.Entry:
        guard(work, undoer.epoch)  # type: ignore[arg-type]
        return rollback.start(work, key, w.UNDO_WINDOW)  # type: ignore[arg-type]

    entry = world.change(decide)
    undoer.calls[key] = (entry.external_id, world.now + w.UNDO_WINDOW, entry.version, "")


def _undo(world: World, undoer: Undoer, key: str, fault: str) -> None:
    id_, deadline, version, _ = undoer.calls[key]
    if world.now >= deadline:
        del undoer.calls[key]  # it fences itself
        if not world.is_current(undoer.epoch, Phase.UNDO):
            return
        undoer.calls[key] = (id_, deadline, version, "failed")
        return
    if fault:
        world.strike(fault)
    if fault != "undofail":
        delete(world, id_)
    undoer.calls[key] = (id_, deadline, version, "failed" if fault else "done")


def _undo_told(world: World, undoer: Undoer, key: str) -> None:
    _, _, version, how = undoer.calls.pop(key)
    came, error = (Removal.LOST, w.BROKEN) if how == "failed" else (Removal.COMPLETE, None)

    def decide(work: w.Work) -> None:
        guard(work, undoer.epoch)  # type: ignore[arg-type]
        work.ledger(base_of(key)).undone(key, came, error, work.now, version)

    current = world.is_current(undoer.epoch, Phase.UNDO)
    try:
        world.change(decide)
    except Fenced:
        if not undoer.calls and undoer in world.undoers:
            world.undoers.remove(undoer)
        return
    if not current:
        world.wrong.append(f"the undoer {undoer.epoch} wrote without the lease")


def _undoer_ends(world: World, undoer: Undoer) -> None:
    world.undoers.remove(undoer)
    try:
        world.change(lambda work: world.life.undone_once(work, undoer.epoch))
    except Fenced:
        return
