"""What must be true of a world after each step, and once it is quiet."""

from __future__ import annotations

from tests.domain.cloud import Thing
from tests.domain.world import World

from wharfinger.ledger.entry import Counts, Entry
from wharfinger.ledger.states import UNSETTLED_AT_SUCCESS, Cause, EntryState, Goal, TaskState

ENDED = {TaskState.FAILED, TaskState.CANCELLED, TaskState.ROLLED_BACK}
HALF_DONE = {TaskState.PARTIALLY_FAILED, TaskState.ROLLBACK_FAILED}
GONE = {EntryState.UNDONE, EntryState.NOT_CREATED}


def violations(world: World, *, committed: bool = True) -> list[str]:
    """Return what is wrong now, in words; `committed`: there was a commit since this was last asked."""
    wrong = [*world.wrong, *_of_what_exists(world)]
    return [*wrong, *_of_the_task(world), *_of_what_is_at_work(world), *_of_the_ledger(world)] if committed else wrong


def _of_the_task(world: World) -> list[str]:
    task, entries = world.task, world.entries.values()
    unsettled = [e for e in entries if e.owned and e.state in UNSETTLED_AT_SUCCESS]
    is_open = any(e.open for e in entries)
    wrong = []
    if task.state in ENDED and is_open:
        wrong.append(f"{task.state.name} with an open entry")
    if task.state is TaskState.SUCCEEDED and unsettled:
        wrong.append("SUCCEEDED with an unsettled entry")
    if task.state in HALF_DONE and not is_open:
        wrong.append(f"{task.state.name} with nothing open")
    if (
        task.state is TaskState.PARTIALLY_FAILED
        and task.cause is Cause.SUCCESS
        and not task.undo_begun
        and not unsettled
    ):
        wrong.append("PARTIALLY_FAILED with nothing but what a success leaves")
    if world.deleted and (is_open or not task.purgeable):
        wrong.append("deleted with something open")
    if task.state is TaskState.SUCCEEDED and task.error is not None:
        wrong.append("SUCCEEDED with an error")
    return wrong


def _of_what_is_at_work(world: World) -> list[str]:
    task = world.task
    wrong = []
    if task.state.resting and (task.lease or task.goal is not Goal.NONE or task.rollback):
        wrong.append("something is under way in a resting state")
    if task.state.resting and any(e.state in (EntryState.INTENDED, EntryState.UNDOING) for e in world.entries.values()):
        wrong.append("an entry is at work in a resting state")
    if (task.state is TaskState.ROLLING_BACK) != (task.rollback is not None):
        wrong.append("a rollback without its state, or the other way round")
    if task.state is TaskState.CANCELLING and task.lease is None and task.goal is not Goal.CANCEL:
        wrong.append("CANCELLING without an attempt and without a goal")
    return wrong


def _of_the_ledger(world: World) -> list[str]:
    wrong = []
    counts = Counts()
    for entry in world.entries.values():
        counts.add(entry, 1)
    held = world.task.counts
    if {s: n for s, n in held.owned.items() if n} != counts.owned or held.foreign != counts.foreign:
        wrong.append("the counts are not those of the entries")
    ids = [entry.external_id for entry in world.entries.values() if entry.external_id]
    if len(set(ids)) < len(ids):
        wrong.append(f"an id belongs to two entries: {sorted(ids)}")
    ordinals = [entry.ordinal for entry in world.entries.values()]
    if len(set(ordinals)) < len(ordinals):
        wrong.append(f"an ordinal is used twice: {sorted(ordinals)}")
    return wrong


def _of_what_exists(world: World) -> list[str]:
    wrong = [
        f"{thing.id}, which was there before, is gone"
        for thing in world.cloud.things.values()
        if not (thing.ours or thing.alive)
    ]
    for keys in world.families:
        alive = world.cloud.alive(*keys)
        family = world.family(keys)
        if any(entry.state is EntryState.FORGOTTEN for entry in family):
            continue
        if _too_many(world, alive, len(keys)):
            wrong.append(f"{len(alive)} alive for {'+'.join(keys)}")
        if world.quiet:
            wrong += [why for thing in alive if (why := _unknown(world, thing, family))]
    return wrong


def _too_many(world: World, alive: list[Thing], most: int) -> bool:
    if world.setup.tokens and not world.cloud.refusals:
        return len(alive) > most  # however late a request is (rule 2)
    return len([thing for thing in alive if not thing.stale]) > most


def _unknown(world: World, thing: Thing, family: list[Entry]) -> str:
    if thing.stale and thing.id not in world.reported:
        return ""  # window 1: it was sent too late, and its sender died unheard
    holders = [entry for entry in family if entry.external_id == thing.id and entry.state not in GONE]
    what = f"{thing.id} of {thing.key} is alive and"
    if not holders and world.deleted:
        return f"{what} its task deleted"
    if not holders:
        sought = any(entry.nameless and entry.token == thing.token for entry in family)
        return "" if sought else f"{what} nobody knows"
    if thing.id in world.handed:
        return ""  # it is a person's, whatever became of its entry since
    if any(not entry.owned for entry in holders):
        return f"{what} ours, but listed as if it were not"
    return f"{what} its task {world.task.state.name}" if world.task.state in ENDED else ""


def _deletion(world: World, thing: Thing) -> list[str]:
    wrong = []
    if not thing.ours:
        wrong.append(f"{thing.id} is deleted and was not ours")
    holders = [entry for entry in world.entries.values() if entry.external_id == thing.id]
    if thing.alive and any(entry.state is EntryState.RETAINED for entry in holders):
        wrong.append(f"{thing.id} is deleted and was retained")
    for child in world.cloud.things.values():
        if thing.alive and child.alive and thing.id in child.parents and not child.stale:
            family = next(keys for keys in world.families if child.key in keys)
            if not any(entry.state is EntryState.FORGOTTEN for entry in world.family(family)):
                wrong.append(f"{thing.id} is deleted under {child.id}")
    return wrong


def delete(world: World, id_: str) -> None:
    """Take a thing away, and note what is wrong with that."""
    thing = world.cloud.things[id_]
    world.wrong += _deletion(world, thing)
    thing.alive = False
