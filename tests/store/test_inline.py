"""A store without threads: for simulations, the same every time."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.store.conftest import OpenStore
from tests.store.making import draft, encode, lease, say

from wharfinger_server.store.store import InlineRunner, Store, UnitOfWork


@pytest.fixture
def inline(open_store: OpenStore) -> Store:
    return open_store(runner=InlineRunner())


async def test_everything_runs_on_the_calling_thread(inline: Store) -> None:
    before = set(threading.enumerate())
    threads: set[int] = set()
    inline.on_commit = lambda _batch: threads.add(threading.get_ident())
    task = await inline.create(draft())
    await inline.change(task.id, lambda work: threads.add(threading.get_ident()))
    assert await inline.task_by_id(task.id) == task
    assert threads == {threading.get_ident()}
    assert set(threading.enumerate()) <= before


async def test_what_is_queued_in_one_turn_of_the_loop_is_one_commit(inline: Store) -> None:
    task = await inline.create(draft())
    commits: list[int] = []
    inline.on_commit = lambda batch: commits.append(sum(len(c.events) for c in batch))
    assert await asyncio.gather(*(inline.change(task.id, say("x")) for _ in range(5))) == [2, 3, 4, 5, 6]
    assert commits == [5]


def test_a_blocked_caller_needs_no_loop(inline: Store) -> None:
    task = asyncio.run(inline.create(draft()))
    assert inline.change_blocking(task.id, lease).epoch == 1


async def test_a_decision_cannot_wait_for_another(inline: Store) -> None:
    task = await inline.create(draft())
    with pytest.raises(RuntimeError, match="wait for itself"):
        await inline.change(task.id, lambda work: inline.change_blocking(task.id, lease))


async def test_a_threaded_writer_cannot_wait_for_itself_either(store: Store) -> None:
    task = await store.create(draft())
    with pytest.raises(RuntimeError, match="wait for itself"):
        await store.change(task.id, lambda work: store.change_blocking(task.id, lease))


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_the_clock_can_be_the_simulations_own(url: str) -> None:
    now = [1_000_000]
    store = Store.open(url, encode=encode, runner=InlineRunner(), clock=lambda: now[0])

    def look(work: UnitOfWork) -> int:
        return work.now

    task = await store.create(draft())
    assert await store.change(task.id, look) == 1_000_000
    now[0] += 1
    assert await store.change(task.id, look) == 1_000_001
    await store.close()
