"""Leases and progress: written for many tasks at once, and only while the attempt is the present one."""

from __future__ import annotations

import asyncio
import time

from tests.store.making import SECOND, draft, finish, held, lease

from wharfinger.ledger.progress import Progress
from wharfinger_server.store.store import Store


async def test_leases_are_renewed_by_the_clock_of_the_database(store: Store) -> None:
    tasks = await store.create_many([draft() for _ in range(3)])
    for task in tasks:
        await store.change(task.id, lease)
    await store.change(tasks[2].id, finish)
    held_still = await store.renew([(tasks[0].id, 1), (tasks[1].id, 2), (tasks[2].id, 1), (99, 1)], 3600 * SECOND)
    assert held_still == {tasks[0].id}
    renewed, fenced = [await store.task_by_id(task.id) for task in tasks[:2]]
    now = time.time_ns() // 1000
    assert abs(renewed.lease.expire_time - now - 3600 * SECOND) < 20 * SECOND
    assert renewed.lease.start_time < renewed.lease.expire_time
    assert fenced.lease.expire_time < now + 60 * SECOND
    assert renewed.revision == 2, "a renewal is no new version"


async def test_nothing_to_renew_is_no_error(store: Store) -> None:
    assert await store.renew([], SECOND) == set()
    await store.save_progress([])


async def test_a_lease_that_ends_in_the_same_batch_is_not_renewed(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, lease)
    async with held(store, task.id):
        renewed = asyncio.ensure_future(store.renew([(task.id, 1)], SECOND))
        ended = asyncio.ensure_future(store.change(task.id, finish))
    assert await renewed == set()
    assert (await ended).lease is None
    assert (await store.task_by_id(task.id)).lease is None


async def test_progress_is_saved_for_the_present_attempt_only(store: Store) -> None:
    tasks = await store.create_many([draft() for _ in range(2)])
    for task in tasks:
        await store.change(task.id, lease)
    done = Progress("copy", 7, 10, "bytes", "half-way", 5_000_000, 123)
    await store.save_progress([(tasks[0].id, 1, done), (tasks[1].id, 2, done), (99, 1, done)])
    first, second = [await store.task_by_id(task.id) for task in tasks]
    assert first.progress == done
    assert second.progress is None
    assert (first.revision, first.last_sequence) == (2, 2), "progress is neither a version nor an event"


async def test_of_several_values_of_progress_the_last_is_kept(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, lease)
    async with held(store, task.id):
        saves = [asyncio.ensure_future(store.save_progress([(task.id, 1, Progress(done=n))])) for n in range(5)]
    await asyncio.gather(*saves)
    assert (await store.task_by_id(task.id)).progress == Progress(done=4)


async def test_a_decision_may_clear_progress(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, lease)
    await store.save_progress([(task.id, 1, Progress(done=1))])
    await store.change(task.id, lambda work: setattr(work.task, "progress", None))
    assert (await store.task_by_id(task.id)).progress is None
