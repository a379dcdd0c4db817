"""What becomes of tasks whose time is over: tombstones, and then nothing."""

from __future__ import annotations

import pytest
from tests.store.making import bury, created, draft, ended, finish, intend, lease

from wharfinger.ledger.states import TaskState
from wharfinger_server.store.store import Existing, Gone, Store, UnitOfWork


async def test_ended_tasks_expire_unless_something_they_own_may_be_alive(store: Store) -> None:
    over = await ended(store)
    await store.create(draft())
    owner = await store.create(draft())
    for decide in (lease, intend("a"), created("a", "id-1"), finish):
        await store.change(owner.id, decide)
    later = await ended(store)
    await store.change(later.id, lambda work: setattr(work.task, "expire_time", 2**60))
    kept = await ended(store)
    await store.change(kept.id, lambda work: setattr(work.task, "expire_time", 0))
    now = over.end_time
    assert [t.id for t in await store.expired(now, 10)] == [over.id]
    await store.change(over.id, bury)
    assert await store.expired(now, 10) == []


async def test_a_purge_takes_old_tombstones_with_all_that_is_theirs(store: Store) -> None:
    def remember(work: UnitOfWork) -> None:
        work.put_memo("m", b"1")
        work.task.plan = tuple("k" * 50 + str(n) for n in range(200))

    stays = await ended(store, labels={"a": "b"})
    goes = await ended(store, request_id="r", labels={"a": "b"}, params=b"x" * 9999)
    await store.change(goes.id, remember)
    # What is not owned may stay where it is.
    await store.change(goes.id, _adopt)
    grave = await store.change(goes.id, bury)
    assert await store.purge(grave.delete_time, 10) == 0, "not older than that"
    assert await store.purge(grave.delete_time + 1, 10) == 1
    assert await store.task_by_id(goes.id) is None
    assert await store.task_by_request("harbour", "r") is None
    assert await store.events(goes.id, 0, 10) == []
    assert await store.entries(goes.id, 0, 10) == []
    assert await store.memos(goes.id) == {}
    with pytest.raises(Gone):
        await store.change(goes.id, lease)
    assert await store.task_by_id(stays.id) == stays
    assert len(await store.events(stays.id, 0, 10)) == 3
    # The request id is free again.
    assert (await store.create(draft(request_id="r"))).state is TaskState.QUEUED


def _adopt(work: UnitOfWork) -> None:
    from wharfinger.ledger.ledger import Intent

    work.ledger("there").adopt(Intent("there", "thing"), "id-9", 1, work.now)


async def test_a_purge_takes_no_more_than_asked_oldest_first(store: Store) -> None:
    graves = [await store.change((await ended(store)).id, bury) for _ in range(3)]
    assert await store.purge(2**60, 2) == 2
    assert [await store.task_by_id(grave.id) is None for grave in graves] == [True, True, False]


async def test_a_tombstone_keeps_its_request_and_its_name(store: Store) -> None:
    task = await ended(store, task_id="mine", request_id="r")
    await store.change(task.id, bury)
    for again in (draft(request_id="r"), draft(task_id="mine")):
        with pytest.raises(Existing) as existing:
            await store.create(again)
        assert existing.value.task.delete_time > 0


async def test_a_revived_tombstone_is_not_purged(store: Store) -> None:
    task = await ended(store)
    await store.change(task.id, bury)
    await store.change(task.id, lambda work: setattr(work.task, "delete_time", 0))
    assert await store.purge(2**60, 10) == 0
    assert await store.task("harbour", task.task_id) is not None
