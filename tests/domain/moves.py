"""All that may happen next in a world: one move is one commit, one cloud call, or one stroke of fate.

A move is a weight, a label and what it does. Moves that the domain must refuse are made too: a refusal changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.domain import world as w
from tests.domain.asking import asks
from tests.domain.attending import finds, undoes
from tests.domain.cloud import Request
from tests.domain.working import works
from tests.domain.world import Finder, Move, Undoer, Work, Worker, World

from wharfinger.ledger.refusals import Refused
from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.engine.lifecycle import rollback


def moves(world: World, *, calm: bool = False) -> list[Move]:
    """Return what may happen next; in `calm`, nobody asks for anything and no more trouble strikes."""
    found = [*_cloud(world)]
    for worker in world.workers:
        found += works(world, worker)
    for finder in world.finders:
        found += finds(world, finder)
    for undoer in world.undoers:
        found += undoes(world, undoer)
    if not world.deleted:
        found += _engine(world)
        if not calm:
            found += asks(world)
    # In calm nobody is so slow that windows pass.
    return found if calm and found else [*found, *_clock(world)]


def _clock(world: World) -> Iterator[Move]:
    moments = world.moments()
    if moments:
        yield 0.4, f"clock: {moments[0]}", partial(setattr, world, "now", moments[0])


# ---------------------------------------------------------------------- the engine


def _engine(world: World) -> Iterator[Move]:
    task = world.task
    if task.undo_end and world.now >= task.undo_end:
        yield 1.0, "engine: undo_timeout", partial(_time_is_up, world)
    if task.lease is not None:
        yield from _leased(world)
        return
    if task.state.resting:
        return
    if world.spend("haste") and task.must_settle and task.state is not TaskState.ROLLING_BACK:
        # The ledger keeps to its rules whether or not the engine waits for the right time.
        yield 0.5, "engine: hasty SETTLE", partial(_lease_in_haste, world)
        if task.state is TaskState.QUEUED:
            yield 0.1, "engine: hasty RUN", partial(_lease_too_soon, world)
    phase = world.life.next_phase(Work(world))  # type: ignore[arg-type]
    if phase is not None and task.wake_time <= world.now:
        yield 1.5, f"engine: lease {phase.name}", partial(_lease, world, phase)


def _leased(world: World) -> Iterator[Move]:
    lease, epoch = world.task.lease, world.task.epoch
    assert lease is not None
    holders = {Phase.RUN: world.workers, Phase.SETTLE: world.finders, Phase.UNDO: world.undoers}[lease.phase]
    dead = not any(holder.epoch == epoch for holder in holders)
    if dead or world.spend("lost"):
        # It matters most while a call is about to be made or on its way.
        midway = any(worker.doing in ("send", "paused", "wait", "report") for worker in world.workers)
        weight = 0.6 if dead or midway else 0.15
        yield weight, f"engine: {lease.phase.name} lease expires", partial(_lose, world, dead)


def _lease(world: World, phase: Phase) -> None:
    world.change(lambda work: world.life.lease(work, phase, "w"))
    targets = world.change(lambda work: world.life.targets(work, phase))
    if phase is Phase.RUN:
        if any(entry.owned and entry.sought for entry in world.entries.values()):
            world.wrong.append("a RUN lease before all is settled")
        world.workers.append(Worker(world.task.epoch))
    elif phase is Phase.SETTLE:
        world.finders.append(Finder(world.task.epoch, list(targets)))
    else:
        world.undoers.append(Undoer(world.task.epoch))


def _lease_in_haste(world: World) -> None:
    world.strike("haste")
    if world.ledger().to_settle():
        _lease(world, Phase.SETTLE)


def _lease_too_soon(world: World) -> None:
    world.strike("haste")
    try:
        world.change(lambda work: work.task.begin(Phase.RUN, "x", "w", work.now, w.TTL))
    except Refused:
        return
    world.wrong.append("a RUN lease before all is settled")


def _lose(world: World, dead: bool) -> None:
    if not dead:
        world.strike("lost")
    epoch = world.task.epoch
    world.change(lambda work: world.life.lost(work, epoch, w.LOST, resumable=world.setup.resumable))


def _time_is_up(world: World) -> None:
    def decide(work: Work) -> None:
        lease = work.task.lease
        if lease is not None and lease.phase is Phase.UNDO:
            world.life.undone_once(work, work.task.epoch, w.TOO_LATE)  # type: ignore[arg-type]
        else:
            rollback.end(work, w.TOO_LATE)  # type: ignore[arg-type]
            world.life.go_on(work)  # type: ignore[arg-type]

    world.change(decide)


# ---------------------------------------------------------------------- the cloud


def _cloud(world: World) -> Iterator[Move]:
    for request in world.cloud.requests:
        current = world.task.holds(request.epoch)
        weight = 1.5 if current else 0.3 if world.task.state.resting else 0.1
        yield weight, f"cloud: {request.keys} lands", partial(_land, world, request)
        if world.spend("refuse") and not request.stale:
            yield 0.3, f"cloud: {request.keys} is refused", partial(_refuse, world, request)
        if world.spend("drop") and not request.stale:
            yield 0.3, f"cloud: {request.keys} lands, answer lost", partial(_land, world, request, lost=True)
            yield 0.3, f"cloud: {request.keys} vanishes", partial(_vanish, world, request)
            if len(request.keys) > 1:
                yield 0.3, f"cloud: half of {request.keys} lands", partial(_land, world, request, most=1)
    if world.spend("oob"):
        for thing in world.cloud.things.values():
            if thing.alive and thing.ours:
                yield 0.2, f"somebody deletes {thing.id}", partial(_out_of_band, world, thing)


def _land(world: World, request: Request, *, lost: bool = False, most: int = 1000) -> None:
    world.cloud.requests.remove(request)
    if lost or most < len(request.keys):
        world.strike("drop")
    answer = world.cloud.land(request, most=most)
    if not lost:
        _answer(world, request, answer)


def _refuse(world: World, request: Request) -> None:
    world.cloud.requests.remove(request)
    world.strike("refuse")
    world.cloud.refusals += 1
    _answer(world, request, "QUOTA")


def _vanish(world: World, request: Request) -> None:
    world.cloud.requests.remove(request)
    world.strike("drop")


def _answer(world: World, request: Request, answer: Any) -> None:
    for worker in world.workers:
        if worker.epoch == request.epoch and worker.doing == "wait" and worker.calls[0].token == request.token:
            if isinstance(answer, str):
                worker.reports = [(key, "") for key in request.keys]
                if answer in ("MISMATCH", "PARENT_GONE"):
                    world.cloud.refusals += 1
            else:
                worker.reports = [(key, answer.get(key, "?")) for key in request.keys]
            worker.doing = "report"


def _out_of_band(world: World, thing: Any) -> None:
    world.strike("oob")
    thing.alive = False
