"""What a server does about the past when it starts, and about time while it runs: lost attempts, leases, expiry."""

from __future__ import annotations

import asyncio
import logging

from wharfinger_server.domain.errors import Fenced, Refused
from wharfinger_server.domain.failure import Code, Failure
from wharfinger_server.domain.task import Task
from wharfinger_server.engine import wording
from wharfinger_server.engine.dispatch import Dispatcher
from wharfinger_server.engine.life import Life
from wharfinger_server.engine.scripts import Scripts
from wharfinger_server.store.store import Store

log = logging.getLogger(__name__)

PAGE = 500
EXPIRY_EVERY = 60.0
"""Seconds between two looks for tasks to be deleted."""


async def recover(store: Store, scripts: Scripts, dispatcher: Dispatcher, life: Life) -> int:
    """Take up every unfinished task. Attempts of a server that ended are lost at once: it held the database alone.

    Returns how many attempts were lost.
    """
    after = lost = 0
    while page := await store.unfinished(after, PAGE):
        after = page[-1].id
        leased = [task for task in page if task.lease is not None]
        lost += len(leased)
        await asyncio.gather(*(_take_up(store, scripts, dispatcher, life, task) for task in leased))
        for task in page:
            if task.lease is None:
                dispatcher.consider(task)
    return lost


async def _take_up(store: Store, scripts: Scripts, dispatcher: Dispatcher, life: Life, task: Task) -> None:
    worker = task.lease.worker if task.lease else ""
    error = Failure(
        Code.UNAVAILABLE,
        "EXECUTOR_LOST",
        f"the server {worker} ended while it ran this attempt",
        metadata={"executor": task.executor, "worker": worker, "losses": str(task.losses + 1)},
    )
    resumable = scripts.resumable(task)
    dispatcher.consider(
        await store.change(task.id, lambda work: life.lost(work, task.epoch, error, resumable=resumable))
    )


async def renew_leases(store: Store, dispatcher: Dispatcher, ttl: int) -> None:
    """Renew the leases of what runs here, for ever; stop what turns out to be fenced."""
    while True:
        await asyncio.sleep(ttl / 3 / 1_000_000)
        held = [(task_id, running.attempt.epoch) for task_id, running in dispatcher.attempts.running.items()]
        if not held:
            continue
        try:
            kept = await store.renew(held, ttl)
        except Exception as error:  # noqa: BLE001 - a chore that must go on
            log.warning("leases could not be renewed: %s", error)
            continue
        for task_id, epoch in held:
            running = dispatcher.attempts.running.get(task_id)
            if task_id not in kept and running is not None and running.attempt.epoch == epoch:
                dispatcher.attempts.cancel(task_id, "its lease is lost")


async def expire(store: Store, life: Life, tombstones: int) -> None:
    """Delete ended tasks whose time is up, and purge what was deleted long enough ago, for ever."""
    while True:
        try:
            await expire_once(store, life, tombstones, wording.now())
        except Exception as error:  # noqa: BLE001 - a chore that must go on
            log.warning("expired tasks could not be deleted: %s", error)
        await asyncio.sleep(EXPIRY_EVERY)


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
    try:
        await store.change(task.id, lambda work: work.task.delete(work.now) if life.expires(work.task) else None)
    except (Refused, Fenced):
        return False
    return True
