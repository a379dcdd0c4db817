"""What a server does about the past when it starts, and about time while it runs: lost attempts, leases, expiry."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.domain.errors import Fenced, Refused
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND, Clock
from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.engine.execution.suspects import NAMED
from wharfinger_server.engine.lifecycle.lifecycle import Life
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Gone, Store

log = logging.getLogger(__name__)

Mark = tuple[int, int]
Seen = dict[int, tuple[Mark, int]]
"""The leases that no attempt here holds, by task: what tells them apart, and since when each is seen unchanged."""

PAGE = 500
EXPIRY_EVERY = 60 * SECOND
"""Between two looks for tasks to be deleted; less where they are kept for a shorter time."""


ENDING = "ending"
"""What is noted when a server is asked to end, so that the next one does not take its end for a crash."""


ENDED = "ended while it ran this attempt"


@dataclass(frozen=True, slots=True)
class Loss:
    """How an attempt was lost: `what` the server did, as in "the server … ended while it ran this attempt".

    `suspect`: its script may have ended the server's process. `counts`: it is a loss of its own, because nothing ran
    beside it.
    """

    what: str
    suspect: bool = False
    counts: bool = True


def lost_with(leased: Sequence[Task], *, orderly: bool) -> Loss:
    """Return how the attempts that a server left were lost, with all that it ran at its end."""
    if orderly:
        return Loss(ENDED)
    alone = len(leased) == 1
    return Loss(
        "ended, with nothing else at work, while it ran this attempt" if alone else ENDED, suspect=True, counts=alone
    )


async def recover(store: Store, scripts: Scripts, dispatcher: Dispatcher, *, orderly: bool = False) -> int:
    """Take up every unfinished task. Attempts of a server that ended are lost at once: it held the database alone.

    `orderly`: it was asked to end. Otherwise whatever ran in its process may have ended it, and is suspected. Returns
    how many attempts were lost.
    """
    after, leased = 0, []
    while page := await store.unfinished(after, PAGE):
        after = page[-1].id
        for task in page:
            if task.lease is not None:
                leased.append(task)
            else:
                waits = task.wake_time and (task.must_settle or task.state is TaskState.ROLLING_BACK)
                # Until when it waits is decided anew: another clock may have timed its windows (rule 33).
                dispatcher.take_up(await store.change(task.id, dispatcher.life.go_on) if waits else task)
    within = [task for task in leased if dispatcher.shares_process(task.executor)]
    loss = lost_with(within, orderly=orderly)
    apart = Loss(ENDED)
    if loss.suspect and within:
        _name(within, dispatcher)
    taken_up = (_take_up(store, scripts, dispatcher, task, loss if task in within else apart) for task in leased)
    await asyncio.gather(*taken_up)
    return len(leased)


def _name(leased: Sequence[Task], dispatcher: Dispatcher) -> None:
    """Say in the log who may have ended the server, or who has."""
    names = [task.name for task in leased]
    if len(leased) > 1:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        log.warning(
            "the server before this one ended unexpectedly while it ran %d attempts; their tasks run one at a time"
            " until it is known which of them ended it: %s%s",
            len(names),
            ", ".join(names[:NAMED]),
            more,
        )
        return
    task = leased[0]
    culprit = f"{names[0]} ({task.spec.script} {task.script_version}) ran when it ended, with nothing beside it"
    dispatcher.suspects.culprit = culprit
    log.warning("the server before this one ended unexpectedly: %s; loss %d", culprit, task.losses + 1)


async def _take_up(
    store: Store, scripts: Scripts, dispatcher: Dispatcher, task: Task, loss: Loss, mark: Mark | None = None
) -> None:
    """End the lease of a lost attempt and see to its task. With a `mark`: raises Fenced if the lease is another now."""
    worker = task.lease.worker if task.lease else ""
    facts = {"executor": task.executor, "worker": worker}
    if task.lease is not None and task.lease.phase is Phase.RUN:
        facts["losses"] = str(task.losses + loss.counts)
    said = f"the server {worker} {loss.what}"
    error = Failure(Code.UNAVAILABLE, "EXECUTOR_LOST", said, metadata=facts)
    resumable = scripts.resumable(task)

    def decide(work: UnitOfWork) -> Task:
        if mark is not None and _mark(work.task) != mark:
            raise Fenced
        crashes = work.task.crashes + 1
        lost = dispatcher.life.lost(work, task.epoch, error, resumable=resumable, counts=loss.counts)
        if loss.suspect:
            lost.crashes = crashes
        return lost

    dispatcher.take_up(await store.change(task.id, decide))


async def renew_leases(store: Store, scripts: Scripts, dispatcher: Dispatcher, ttl: int, clock: Clock) -> None:
    """Renew the leases of what runs here, for ever; stop what turns out to be fenced."""
    seen: Seen = {}
    while True:
        await clock.sleep(ttl // 3)
        try:
            await _renew_once(store, dispatcher, ttl)
            await end_lapsed(store, scripts, dispatcher, seen, ttl)
        except Exception as error:  # noqa: BLE001 - a chore that must go on
            log.warning("leases could not be renewed: %s", error)


async def _renew_once(store: Store, dispatcher: Dispatcher, ttl: int) -> None:
    running = dispatcher.attempts.running
    held = [(task_id, one.attempt.epoch) for task_id, one in running.items()]
    kept = await store.renew(held, ttl) if held else set()
    for task_id, epoch in held:
        one = running.get(task_id)
        if task_id not in kept and one is not None and one.attempt.epoch == epoch:
            dispatcher.attempts.cancel(task_id, "its lease is lost")


async def end_lapsed(store: Store, scripts: Scripts, dispatcher: Dispatcher, seen: Seen, ttl: int) -> int:
    """Take the lease from attempts that were not heard of for `ttl`; return how many there were.

    `seen` is what earlier calls saw. That a lease stays the same for so long is measured by the steady clock: the wall
    time that it names may have been set, on either side (rule 33).
    """
    ended = after = 0
    now, held = store.steady.read(), set()
    while page := await store.leased(after, PAGE):
        after = page[-1].id
        for task in page:
            if task.id in dispatcher.attempts.running:
                continue
            held.add(task.id)
            mark = _mark(task)
            if seen.get(task.id, (None, 0))[0] != mark:
                seen[task.id] = (mark, now)
            elif now - seen[task.id][1] >= ttl:
                ended += await _end_lapsed(store, scripts, dispatcher, task)
    for gone in seen.keys() - held:
        del seen[gone]
    return ended


async def _end_lapsed(store: Store, scripts: Scripts, dispatcher: Dispatcher, task: Task) -> bool:
    try:
        await _take_up(
            store, scripts, dispatcher, task, Loss("was not heard of in time while it ran this attempt"), _mark(task)
        )
    except (Fenced, Gone):
        return False
    log.warning("%s: its attempt was not heard of in time and is lost", task.name)
    return True


def _mark(task: Task) -> Mark:
    """Return what changes of a task's lease when it is renewed or another one's."""
    return (task.epoch, task.lease.expire_time if task.lease else 0)


async def expire(store: Store, life: Life, tombstones: int, clock: Clock) -> None:
    """Delete ended tasks whose time is up, and purge what was deleted long enough ago, for ever."""
    pause = min(EXPIRY_EVERY, max(SECOND // 10, min(life.retention, tombstones) // 2))
    while True:
        try:
            await expire_once(store, life, tombstones, clock.wall())
        except Exception as error:  # noqa: BLE001 - a chore that must go on
            log.warning("expired tasks could not be deleted: %s", error)
        await clock.sleep(pause)


async def expire_once(store: Store, life: Life, tombstones: int, now: int) -> tuple[int, int]:
    """Delete what expired before `now`, purge tombstones older than `tombstones` microseconds; return both counts."""
    deleted = purged = 0
    while tasks := await store.expired(now, PAGE):
        results = await asyncio.gather(*(_delete(store, life, task) for task in tasks))
        deleted += sum(results)
        if not any(results):
            break
    while count := await store.purge(now - tombstones, PAGE):
        purged += count
    return deleted, purged


async def _delete(store: Store, life: Life, task: Task) -> bool:
    def decide(work: UnitOfWork) -> bool:
        if not life.expires(work.task):
            return False
        work.task.delete(work.now)
        return True

    try:
        return await store.change(task.id, decide)
    except (Refused, Fenced, Gone):
        return False
