"""What a person asks of the task, allowed or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tests.domain import world as w
from tests.domain.world import Move, World

from wharfinger.ledger.refusals import Refused
from wharfinger.ledger.states import EntryState, TaskState
from wharfinger.ledger.verdict import Verdict
from wharfinger_server.domain import rollback
from wharfinger_server.domain.resolving import resolve


def asks(world: World) -> Iterator[Move]:
    """Yield what a person may ask now."""
    task = world.task
    if world.spend("cancel") and not task.state.resting:
        yield 0.15, "person: cancel", partial(_ask_for, world, "cancel", lambda work: world.life.cancel(work, "me", ""))
    if world.spend("resume") and task.state is TaskState.PARTIALLY_FAILED:
        yield 0.4, "person: resume", partial(_ask_for, world, "resume", partial(_resume, world))
    if world.spend("rollback") and task.state.resting:
        for only, retain in _wishes(world):
            yield (
                0.2,
                f"person: roll back only {only} retain {retain}",
                partial(_ask_for, world, "rollback", partial(roll_back, world, only, retain)),
            )
    if world.spend("resolve") and task.state.resting:
        for key, verdict, id_ in _opinions(world):
            # People mostly speak of what is in doubt.
            weight = 0.03 if world.entries[key].state is EntryState.CREATED and "~" not in key else 0.2
            yield (
                weight,
                f"person: {key} is {verdict.name} {id_}",
                partial(_ask_for, world, "resolve", partial(_resolve, world, key, verdict, id_)),
            )
    if world.spend("delete") and task.state.resting:
        yield 0.05, "person: delete", partial(_ask_for, world, "delete", lambda work: work.task.delete(work.now))


def _ask_for(world: World, what: str, decide: Callable[[w.Work], object]) -> None:
    world.strike(what)
    before = world.task
    try:
        world.change(decide)
    except Refused:
        if world.task is not before:
            world.wrong.append(f"a refused {what} changed the task")


def _resume(world: World, work: w.Work) -> None:
    work.task.resume()
    work.ledger().begin_round()
    world.life.go_on(work)  # type: ignore[arg-type]


def _wishes(world: World) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    yield (), ()
    if world.spend("choosy"):
        for key in world.entries:
            yield (key,), ()
            yield (), (key,)


def roll_back(world: World, only: tuple[str, ...], retain: tuple[str, ...], work: w.Work) -> None:
    """Begin a rollback."""
    kept = rollback.begin(work.task, work.ledger(), only, retain, work.now)
    world.handed.update(entry.external_id for entry in kept)
    world.life.go_on(work)  # type: ignore[arg-type]


def _resolve(world: World, key: str, verdict: Verdict, id_: str, work: w.Work) -> None:
    changed = resolve(work.task, work.ledger(), key, verdict, id_, work.now)
    world.handed.update(entry.external_id for entry in changed if not entry.owned)
    world.life.go_on(work)  # type: ignore[arg-type]


def _opinions(world: World) -> Iterator[tuple[str, Verdict, str]]:
    """Yield verdicts: true ones, as far as a person can see, and such as nobody may give."""
    for entry in world.entries.values():
        yield entry.key, Verdict.RETAIN, ""
        yield entry.key, Verdict.FORGET, ""
        _, seen = world.cloud.find(entry.token, world.now)
        held = {other.external_id for other in world.entries.values() if other.key != entry.key}
        alive = entry.external_id in world.cloud.things and world.cloud.things[entry.external_id].alive
        if not alive and not [id_ for id_ in seen if id_ not in held]:
            yield entry.key, Verdict.NOT_CREATED, ""
        if alive:
            yield entry.key, Verdict.CREATED, ""
        for id_ in seen:
            yield entry.key, Verdict.CREATED, id_
