"""What must be true at the end of a history, held against the oracle of what exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from tests.campaigns.sim.decision import untimed
from tests.campaigns.sim.of_tasks import ENDED

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import EntryState
from wharfinger_server.store.tables import codec, schema

if TYPE_CHECKING:
    from tests.campaigns.sim.cloud import Thing
    from tests.campaigns.sim.decision import Known
    from tests.campaigns.sim.world import World

    from wharfinger_server.store.store import Store

GONE = (EntryState.UNDONE, EntryState.NOT_CREATED)


async def check_end(world: World) -> None:
    """Check everything that exists, every task, and what the watchers saw."""
    purged = await _purged(world)
    for known in world.trace.tasks.values():
        name = known.task.task_id
        things = [t for t in world.cloud.things.values() if t.task == name]
        for thing in things:
            if not (thing.stale and known.task.id in purged):  # nobody was left to hear of it
                _known(world, known, thing)
        if not known.task.state.resting:
            world.wrong(f"{name} has not ended: {known.task.state.name}")
        _twice(world, known, things)
    for (token, key), times in world.cloud.made.items():
        if times > 1 and world.cloud.tokens:
            world.wrong(f"{key} was made {times} times under one token {token}")
    names = {known.task.task_id for known in world.trace.tasks.values()}
    for lost in sorted(set(world.programs) - names):
        world.wrong(f"{lost} was accepted and is lost")
    await _database(world, purged)
    _watchers(world)


async def _purged(world: World) -> set[int]:
    """Return the tasks of which nothing is left, and check that it was time."""
    server = await world.up()
    gone = {id_: known for id_, known in world.trace.tasks.items() if await server.store.task_by_id(id_) is None}
    for known in gone.values():
        deleted = known.task.delete_time
        if not deleted or deleted + world.retention.tombstones > world.clocks.latest:
            world.wrong(f"{known.task.task_id} is lost")
        world.seen["purged"] += 1
    return set(gone)


def _known(world: World, known: Known, thing: Thing) -> None:
    what = f"{known.task.task_id}: {thing.id} of {thing.key}"
    if not thing.ours:
        if not thing.alive:
            world.wrong(f"{what}, which was there before, is gone")
        return
    if not thing.alive or (thing.stale and not thing.told):
        return  # what was sent too late, by one who died unheard, nobody can know
    family = [entry for entry in known.entries.values() if entry.token == thing.token or entry.base == thing.key]
    holders = [e for e in known.entries.values() if e.external_id == thing.id and e.state not in GONE]
    if not holders:
        if not any(entry.state is EntryState.FORGOTTEN for entry in family):
            world.wrong(f"{what} is alive and nobody knows")
        return
    # What a person took over stays that person's, though a later attempt adopted it.
    handed = thing.id in known.handed or any(
        entry.state in (EntryState.RETAINED, EntryState.FORGOTTEN) for entry in holders
    )
    if not (handed or any(entry.owned for entry in holders)):
        world.wrong(f"{what} is alive, and listed as not ours")
    if known.task.state in ENDED and not handed:
        world.wrong(f"{what} is alive, and its task {known.task.state.name}")
    if known.task.delete_time and not handed:
        world.wrong(f"{what} is alive, and its task deleted")


def _twice(world: World, known: Known, things: list[Thing]) -> None:
    alive: dict[str, list[str]] = {}
    # Which part of a call of several a thing is, no list tells: it is of the key under which the ledger has it.
    bases = {entry.external_id: entry.base for entry in known.entries.values()}
    for thing in things:
        if thing.ours and thing.alive and not thing.stale:
            alive.setdefault(bases.get(thing.id, thing.key), []).append(thing.id)
    for key, ids in alive.items():
        # One that the provider denied for long was made anew: both are in the ledger.
        left = [i for i in ids if i not in known.handed and not world.cloud.things[i].lied]
        handed = any(_forgotten(entry, key) for entry in known.entries.values())
        if len(left) > 1 and not handed:
            world.wrong(f"{known.task.task_id}: {key} exists {len(left)} times: {left}")


def _forgotten(entry: Entry, key: str) -> bool:
    return entry.base == key and entry.state is EntryState.FORGOTTEN


async def _database(world: World, purged: set[int]) -> None:
    """What is in the database is what was decided."""
    server = await world.up()
    for id_, known in world.trace.tasks.items():
        if id_ in purged:
            continue
        if await _written(server.store, id_) != known.entries:
            world.wrong(f"{known.task.task_id}: the database has another ledger than was decided")
        shown = await server.store.entries(id_, 0, 1000)
        ours = [untimed(entry) for entry in sorted(known.entries.values(), key=lambda entry: entry.ordinal)]
        if [untimed(entry) for entry in shown] != ours:
            world.wrong(f"{known.task.task_id}: the ledger is shown otherwise than was decided")
        events = await server.store.events(known.task.id, 0, 100_000)
        if [event.body for event in events] != known.bodies:
            world.wrong(f"{known.task.task_id}: the database has other events than were told")


async def _written(store: Store, task: int) -> dict[str, Entry]:
    """Return a ledger as it is written, with the times of the clocks it was written by."""
    select = sa.select(*schema.entries.c).where(schema.entries.c.task == task)
    rows = await store._read(lambda connection: connection.execute(select).all())
    return {entry.key: entry for entry in map(codec.entry_of, rows)}


def _watchers(world: World) -> None:
    for watcher in world.watchers:
        if not watcher.task_id:
            # A watch of a project without a token begins with its first answer.
            told, all_told = watcher.bodies, world.trace.feed
            if told != all_told[len(all_told) - len(told) :]:
                world.wrong("the watcher of the project did not see each event once and in order")
            continue
        known = world.trace.known(watcher.task_id)
        if known is None or known.task.delete_time:
            continue
        if watcher.bodies != known.bodies:
            world.wrong(
                f"the watcher of {watcher.task_id} saw {len(watcher.bodies)} events of {len(known.bodies)},"
                " or others, or in another order"
            )
