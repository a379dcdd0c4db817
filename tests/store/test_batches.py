"""Group commit: many callers, one transaction, and no caller suffers for another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from tests.store.conftest import OpenStore
from tests.store.making import draft, finish, held, intend, lease, say

from wharfinger.ledger.progress import Progress
from wharfinger_server.domain.errors import Unavailable
from wharfinger_server.store.store import Draft, Pace, Store, UnitOfWork, WriteFailed


async def test_what_is_queued_while_the_writer_works_is_one_commit(store: Store) -> None:
    commits: list[int] = []
    task = await store.create(draft())
    store.on_commit = lambda batch: commits.append(len(batch))
    async with held(store, task.id):
        made = [asyncio.ensure_future(store.create(draft())) for _ in range(30)]
        said = [asyncio.ensure_future(store.change(task.id, say("x"))) for _ in range(30)]
    assert len({t.id for t in await asyncio.gather(*made)}) == 30
    assert await asyncio.gather(*said) == list(range(2, 32))
    assert commits == [31]


def _broken_entry(work: UnitOfWork) -> None:
    """Write an entry that the database will not have."""
    entry = intend("bad")(work) and work.ledger("bad").get("bad")
    entry.external_id = "secret"  # type: ignore[union-attr]
    entry.type = None  # type: ignore[assignment, union-attr]


def _broken_draft() -> Draft:
    made = draft(params=b"secret")
    made.task.spec = replace(made.task.spec, script=None)  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("broken", ["change", "create"])
async def test_a_write_that_the_database_refuses_fails_alone(
    store: Store, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    task = await store.create(draft())
    other = await store.create(draft())
    writes: dict[str, Callable[[], Awaitable[object]]] = {
        "change": lambda: store.change(task.id, _broken_entry),
        "create": lambda: store.create(_broken_draft()),
    }
    async with held(store, task.id):
        before = asyncio.ensure_future(store.change(task.id, say("before")))
        guilty = asyncio.ensure_future(writes[broken]())
        after = asyncio.ensure_future(store.change(task.id, say("after")))
        aside = asyncio.ensure_future(store.change(other.id, say("aside")))
        made = asyncio.ensure_future(store.create(draft()))
    assert (await before, await after, await aside) == (2, 3, 2)
    assert (await made).last_sequence == 1
    with pytest.raises(WriteFailed) as failed:
        await guilty
    assert "null" in str(failed.value).lower()
    assert "secret" not in str(failed.value)
    assert "secret" not in caplog.text
    assert await store.entries(task.id, 0, 10) == []
    assert (await store.task_by_id(task.id)).counts.total == 0
    positions = [event.position for event in await store.feed("harbour", 0, 100)]
    assert positions == list(range(1, len(positions) + 1))


async def test_a_cancelled_caller_harms_nobody(store: Store) -> None:
    task = await store.create(draft())
    async with held(store, task.id):
        callers = [asyncio.ensure_future(store.change(task.id, say("x"))) for _ in range(9)]
        await asyncio.sleep(0)
        for caller in callers[::3]:
            caller.cancel()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [isinstance(r, asyncio.CancelledError) for r in results] == [n % 3 == 0 for n in range(9)]
    # What was asked is done all the same: nobody can tell whether a cancelled write was under way.
    assert [r for r in results if isinstance(r, int)] == [3, 4, 6, 7, 9, 10]


async def test_a_caller_whose_loop_has_ended_harms_nobody(store: Store) -> None:
    task = await store.create(draft())

    async def leave() -> None:
        waiting = asyncio.ensure_future(store.change(task.id, say("x")))
        await asyncio.sleep(0)
        waiting.cancel()

    async with held(store, task.id):
        await asyncio.to_thread(asyncio.run, leave())
        stays = asyncio.ensure_future(store.change(task.id, say("x")))
    assert await stays == 3


async def test_all_kinds_of_writes_share_a_commit(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, lease)
    other = await store.create(draft())
    async with held(store, other.id):
        progress = asyncio.ensure_future(store.save_progress([(task.id, 1, Progress("copy", 5, 10))]))
        renewed = asyncio.ensure_future(store.renew([(task.id, 1)], 60_000_000))
        seen = asyncio.ensure_future(store.change(task.id, lambda work: work.task.progress))
    await asyncio.gather(progress, renewed)
    assert await seen == Progress("copy", 5, 10), "progress comes before decisions"
    assert await renewed == {task.id}


async def test_a_larger_queue_than_one_batch_is_written_in_order(store: Store) -> None:
    task = await store.create(draft())
    async with held(store, task.id):
        many = [asyncio.ensure_future(store.change(task.id, say("x"))) for _ in range(2500)]
    assert await asyncio.gather(*many) == list(range(2, 2502))


async def test_a_writer_with_one_caller_does_not_linger(open_store: OpenStore) -> None:
    store = open_store(pace=Pace(linger=30))
    task = await store.create(draft())
    async with asyncio.timeout(10):
        for _ in range(20):
            await store.change(task.id, say("x"))


async def test_closing_writes_what_is_queued_and_refuses_what_comes_after(store: Store) -> None:
    task = await store.create(draft())
    async with held(store, task.id):
        queued = [asyncio.ensure_future(store.change(task.id, decide)) for decide in (lease, finish)]
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(store.close())
    await closing
    assert [t.epoch for t in await asyncio.gather(*queued)] == [1, 2]
    with pytest.raises(Unavailable):
        await store.change(task.id, say("late"))
    with pytest.raises(Unavailable):
        await store.task_by_id(task.id)


async def test_a_decision_that_raises_stop_iteration_harms_nobody(store: Store) -> None:
    task = await store.create(draft())
    async with held(store, task.id):
        odd = asyncio.ensure_future(store.change(task.id, lambda _work: next(iter(()))))
        plain = asyncio.ensure_future(store.change(task.id, say("x")))
    assert await plain == 2
    with pytest.raises(RuntimeError, match="StopIteration"):
        await odd


async def test_creations_are_refused_while_too_much_is_queued_and_reports_are_not(open_store: OpenStore) -> None:
    store = open_store(pace=Pace(backlog=10))
    task = await store.create(draft())
    async with held(store, task.id):
        reports = [asyncio.ensure_future(store.change(task.id, say("x"))) for _ in range(20)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as refused:
            await store.create(draft())
        assert refused.value.reason == "DATABASE_BUSY"
    assert len(await asyncio.gather(*reports)) == 20
    assert (await store.create(draft())).last_sequence == 1
