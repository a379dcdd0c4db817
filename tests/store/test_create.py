"""Creating tasks: once for each request, all of a group in one commit."""

from __future__ import annotations

import asyncio

import pytest
from tests.store.making import IDS, SECOND, decode, draft, held, new_task

from wharfinger.ledger import ids
from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.domain.event import StateChange
from wharfinger_server.store.store import Draft, Existing, Store


async def test_a_created_task_can_be_read_by_its_name_id_and_request(store: Store) -> None:
    task = await store.create(draft(task_id="mine", request_id="r1", labels={"team": "dock"}))
    assert await store.task("harbour", "mine") == task
    assert await store.task_by_id(task.id) == task
    assert await store.task_by_request("harbour", "r1") == task
    assert task.uid == store.uid(task.id) == ids.uid(store.incarnation, task.id)


async def test_its_first_events_are_committed_with_it(store: Store) -> None:
    details = ((StateChange(TaskState.QUEUED, "tester", ""), 0), (StateChange(TaskState.RUNNING, "server", ""), 1))
    task = await store.create(Draft(new_task(), details))
    assert task.last_sequence == 2
    events = [decode(event.body) for event in await store.events(task.id, 0, 10)]
    assert [(e.sequence, e.attempt, e.detail) for e in events] == [(1, 0, details[0][0]), (2, 1, details[1][0])]
    assert {(e.project, e.task_id) for e in events} == {("harbour", task.task_id)}


async def test_a_task_can_be_created_and_leased_in_one_commit(store: Store) -> None:
    task = new_task()
    task.begin(Phase.RUN, "asyncio", "worker", 1, 30 * SECOND)
    made = await store.create(Draft(task))
    found = await store.task_by_id(made.id)
    assert found.lease is not None
    # The lease lasts as long as asked, from the commit on and by the database's clock.
    assert found.lease.expire_time - found.lease.start_time == 30 * SECOND
    assert abs(found.lease.start_time - made.create_time) < 20 * SECOND
    assert await store.queued("asyncio", 10) == []


async def test_a_second_request_of_the_same_id_gets_the_first_ones_task(store: Store) -> None:
    task = await store.create(draft(request_id="r1"))
    with pytest.raises(Existing) as existing:
        await store.create(draft(request_id="r1", task_id="another-name"))
    assert existing.value.by == "request_id"
    assert existing.value.task == task


async def test_a_second_task_of_the_same_name_is_refused(store: Store) -> None:
    task = await store.create(draft(task_id="mine", request_id="r1"))
    with pytest.raises(Existing) as existing:
        await store.create(draft(task_id="mine", request_id="r2"))
    assert existing.value.by == "task_id"
    assert existing.value.task == task


async def test_projects_do_not_share_names_or_requests(store: Store) -> None:
    one = await store.create(draft("one", task_id="mine", request_id="r"))
    two = await store.create(draft("two", task_id="mine", request_id="r"))
    assert (await store.task("one", "mine"), await store.task("two", "mine")) == (one, two)


async def test_tasks_without_request_ids_do_not_clash(store: Store) -> None:
    await store.create_many([draft(), draft()])
    assert len(await store.unfinished(0, 10)) == 2


async def test_a_taken_integer_id_is_replaced_with_the_name_derived_from_it(store: Store) -> None:
    first = await store.create(draft())
    again = await store.create(draft(id=first.id))
    named = await store.create(draft(id=first.id, task_id="chosen"))
    assert len({first.id, again.id, named.id}) == 3
    assert again.task_id == ids.default_task_id(again.id)
    assert named.task_id == "chosen"
    assert [decode(e.body).task_id for e in await store.events(named.id, 0, 9)] == ["chosen"]


async def test_many_tasks_answer_each_for_itself_in_order(store: Store) -> None:
    there = await store.create(draft(request_id="there"))
    drafts = [draft(request_id="a"), draft(request_id="there"), draft(request_id="b"), draft(request_id="a")]
    a, existing, b, twin = await store.create_many(drafts)
    assert isinstance(existing, Existing)
    assert existing.task == there
    assert isinstance(twin, Existing)
    assert twin.task == a
    assert b == drafts[2].task
    assert {task.id for task in await store.unfinished(0, 10)} == {there.id, a.id, b.id}


async def test_ids_taken_within_one_list_are_told_apart(store: Store) -> None:
    same = IDS.new(1)
    made = await store.create_many([draft(id=same), draft(id=same), draft(id=same)])
    assert len({task.id for task in made}) == len({task.task_id for task in made}) == 3


async def test_requests_that_race_in_one_batch_make_one_task(store: Store) -> None:
    holder = await store.create(draft())
    async with held(store, holder.id):
        racing = [asyncio.ensure_future(store.create(draft(request_id="r"))) for _ in range(20)]
    results = await asyncio.gather(*racing, return_exceptions=True)
    made = [result for result in results if not isinstance(result, Existing)]
    assert len(made) == 1
    assert {result.task.id for result in results if isinstance(result, Existing)} == {made[0].id}
    assert len(await store.unfinished(0, 10)) == 2


async def test_a_draft_that_cannot_be_written_down_fails_alone(store: Store) -> None:
    holder = await store.create(draft())
    async with held(store, holder.id):
        bad = asyncio.ensure_future(store.create(draft(labels={"lone": "\udcff"})))
        good = asyncio.ensure_future(store.create(draft()))
    assert (await good).last_sequence == 1
    with pytest.raises(TypeError, match="surrogates"):
        await bad
