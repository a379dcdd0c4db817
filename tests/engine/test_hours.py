"""What takes a server hours: on a clock that is moved by hand, with the real engine, store and executors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.engine.conftest import Pier
from tests.engine.moved_clock import MovedClock

from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.config import Settings
from wharfinger_server.domain.errors import NotFound
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.watching.watch import Heartbeat, Snapshot
from wharfinger_server.store.commit.unit_of_work import UnitOfWork

HOUR = 3600 * SECOND
DAY = 24 * HOUR


@pytest.fixture
def clock() -> MovedClock:
    """The clock of the engine and its database."""
    return MovedClock()


@pytest.fixture
async def pier(start: Callable[..., Awaitable[Pier]], clock: MovedClock) -> Pier:
    """An engine on that clock, whose leases last an hour."""
    settings = Settings()
    return await start(replace(settings, limits=replace(settings.limits, lease_ttl=HOUR)), moved=clock)


async def state_of(pier: Pier, task_id: str) -> Task:
    """Return a task as it is."""
    return (await pier.engine.tasks.get(pier.caller, "default", task_id)).task


async def until(pier: Pier, task_id: str, stands: Callable[[Task], bool]) -> Task:
    """Return a task once it stands so, by the events that its watch tells of it."""
    async for update in pier.engine.watches.watch_task(pier.caller, "default", task_id, 0, 0):
        if not isinstance(update, Heartbeat) and stands(task := await state_of(pier, task_id)):
            return task
    raise AssertionError(f"{task_id} came to rest otherwise")


async def test_a_task_that_failed_is_tried_again_when_its_back_off_is_over(pier: Pier, clock: MovedClock) -> None:
    policy = Policy(max_attempts=2, retry_backoff=HOUR)
    shown = await pier.create("harbour.fail", params={"how": "retry"}, policy=policy)
    failed = await until(pier, shown.task.task_id, lambda task: task.failures == 1)
    assert failed.state is TaskState.QUEUED
    await clock.move(HOUR // 2)
    assert (await state_of(pier, shown.task.task_id)).runs == 1
    await clock.move(HOUR)
    assert (await pier.rest(shown.task.task_id)).task.runs == 2


async def test_a_task_begins_at_its_time_of_day(pier: Pier, clock: MovedClock) -> None:
    shown = await pier.create("harbour.noop", policy=Policy(not_before=clock.wall() + DAY))
    await clock.move(DAY - SECOND)
    assert (await state_of(pier, shown.task.task_id)).state is TaskState.QUEUED
    await clock.move(2 * SECOND)
    assert (await pier.rest(shown.task.task_id)).task.state is TaskState.SUCCEEDED


async def test_a_lease_is_renewed_for_as_long_as_its_attempt_runs(pier: Pier, clock: MovedClock) -> None:
    shown = await pier.create("harbour.block")
    running = await until(pier, shown.task.task_id, lambda task: task.state is TaskState.RUNNING)
    assert running.lease is not None
    for hours in range(1, 4):
        await clock.move(HOUR)
        await pier.engine.heartbeat.beat()
        assert await pier.engine.rescuer.look() == 0
        still = await pier.store.change(running.id, lambda work: work.task)
        assert still.lease is not None
        assert still.lease.expire_time >= running.lease.expire_time + hours * HOUR
        assert (still.epoch, still.losses) == (1, 0)


async def test_an_attempt_that_is_not_heard_of_is_lost_after_its_lease(pier: Pier, clock: MovedClock) -> None:
    shown = await pier.create("harbour.noop", policy=Policy(not_before=clock.wall() + 300 * DAY, max_lost_attempts=9))

    def lease(work: UnitOfWork) -> Any:
        """Lease it to a worker of which this engine knows nothing."""
        return pier.engine.dispatcher.attempts.life.lease(work, Phase.RUN, "elsewhere")

    await pier.store.change(shown.task.id, lease)
    assert await pier.engine.rescuer.look() == 0
    await clock.move(HOUR - SECOND)
    await pier.engine.rescuer.look()
    assert (await state_of(pier, shown.task.task_id)).losses == 0
    await clock.move(2 * SECOND)
    await pier.engine.rescuer.look()
    assert (await state_of(pier, shown.task.task_id)).losses == 1


async def test_an_ended_task_is_deleted_when_its_time_is_up(pier: Pier, clock: MovedClock) -> None:
    shown = await pier.run("harbour.noop")
    retention = Settings().retention
    clock.step(retention.ended - HOUR)
    assert await pier.engine.pruner.prune(clock.wall()) == (0, 0)
    clock.step(2 * HOUR)
    assert await pier.engine.pruner.prune(clock.wall()) == (1, 0)
    with pytest.raises(NotFound):
        await state_of(pier, shown.task.task_id)
    clock.step(retention.tombstones + HOUR)
    assert await pier.engine.pruner.prune(clock.wall()) == (0, 1)


async def test_a_watch_has_a_heartbeat_when_nothing_happens_for_so_long(pier: Pier, clock: MovedClock) -> None:
    shown = await pier.create("harbour.noop", policy=Policy(not_before=clock.wall() + DAY))
    watch = pier.engine.watches.watch_task(pier.caller, "default", shown.task.task_id, 1, 60 * SECOND)
    assert isinstance(await anext(watch), Snapshot)
    for _ in range(3):
        following = asyncio.ensure_future(anext(watch))
        await clock.move(59 * SECOND)
        assert not following.done()
        await clock.move(SECOND)
        assert isinstance(await following, Heartbeat)
    await watch.aclose()  # type: ignore[attr-defined]
