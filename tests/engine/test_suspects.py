"""Who runs after a crash, in which order, and who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.config import Settings
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.task_spec import TaskSpec
from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.engine.execution.rescuer import lost_with
from wharfinger_server.engine.execution.suspects import SOON, Suspects
from wharfinger_server.engine.execution.window import Waiting
from wharfinger_server.executors.thread_executor import ThreadExecutor


def a_task(number: int, crashes: int = 1) -> Task:
    return Task(number, f"u{number}", "p", f"t{number}", TaskSpec("s", "me"), "1", "thread", 0, crashes=crashes)


@pytest.fixture
def queue() -> ExecutorQueue:
    return ExecutorQueue("thread", ThreadExecutor({"slots": 2}))


def ready(suspects: Suspects, queue: ExecutorQueue, *tasks: Task) -> None:
    for task in tasks:
        suspects.add(task)
    for task in tasks:
        suspects.push(queue, Waiting.of(task, Phase.RUN))


def test_who_was_in_most_crashes_goes_first_and_alone(queue: ExecutorQueue) -> None:
    suspects = Suspects(lambda _: None, 1, lambda: 1)
    ready(suspects, queue, a_task(1), a_task(2, 3), a_task(3, 2))
    begun = []
    while (chosen := suspects.next()) is not None:
        begun.append(chosen[1].task_id)
        assert suspects.next() is None
        assert suspects.hold(queue)
        assert suspects.clear(begun[-1])
    assert begun == [2, 3, 1]
    assert not suspects.hold(queue)


def test_nobody_waits_for_a_suspect_that_cannot_begin_for_long(queue: ExecutorQueue) -> None:
    suspects = Suspects(lambda _: None, 1, lambda: 1)
    ready(suspects, queue, a_task(1), a_task(2))
    suspects.wait(1, 2 * SOON)
    suspects.set_aside(2)
    assert suspects.next() is None
    assert not suspects.hold(queue)
    suspects.wait(1, SOON // 2)
    assert suspects.hold(queue)
    suspects.push(queue, Waiting(0, 2, Phase.RUN))
    assert suspects.next() is not None


def test_a_project_hears_of_its_own_suspects_by_name_and_of_no_others(queue: ExecutorQueue) -> None:
    suspects = Suspects(lambda _: None, 1, lambda: 1)
    ready(suspects, queue, a_task(1))
    suspects.culprit = "projects/p/tasks/t1 at secret/plan.py:5 in main"
    assert suspects.next() is not None
    assert "projects/p/tasks/t1; projects/p/tasks/t1 at secret/plan.py:5" in suspects.why
    assert suspects.why_told("p") == suspects.why
    for other in ("", "q"):
        said = suspects.why_told(other)
        assert "1 to go; now a task of another project" in said
        assert "t1" not in said
        assert "plan.py" not in said


def test_a_suspect_waits_for_a_slot(queue: ExecutorQueue) -> None:
    suspects = Suspects(lambda _: None, 1, lambda: 1)
    ready(suspects, queue, a_task(1))
    queue.free = 0
    assert suspects.next() is None
    queue.free = 1
    assert suspects.next() is not None


def test_only_a_loss_with_nothing_beside_it_counts() -> None:
    assert lost_with([a_task(1)], orderly=False).counts
    assert not lost_with([a_task(1), a_task(2)], orderly=False).counts
    assert lost_with([a_task(1), a_task(2)], orderly=False).suspect
    assert not lost_with([a_task(1)], orderly=True).suspect


async def crash(pier: Any) -> None:
    """End an engine as a kill would: nothing that runs is heard of any more."""
    await pier.store.close()
    pier.ended = True


async def test_tasks_that_share_a_key_are_no_deadlock_for_each_other(start: Callable[..., Awaitable[Any]]) -> None:
    settings = Settings()
    settings = replace(settings, limits=replace(settings.limits, suspect_time=200_000))
    pier = await start(settings)
    await pier.create("harbour.count", params={"steps": 1, "pause": 60})
    long = {"steps": 6, "pause": 0.1, "lines": False}
    keyed = [await pier.create("harbour.count", params=long, policy=Policy(concurrency_key="k")) for _ in range(2)]
    await asyncio.sleep(0.1)
    await crash(pier)
    pier = await start(settings)
    new = await pier.create("harbour.noop")
    assert new.task.state is TaskState.QUEUED
    assert (await pier.rest(new.task.task_id, seconds=5)).task.state is TaskState.SUCCEEDED
    for shown in keyed:
        assert (await pier.rest(shown.task.task_id, seconds=5)).task.state is TaskState.SUCCEEDED
    assert pier.health["executor/asyncio"] == (True, "")


async def test_a_task_that_ran_alone_is_named_in_log_and_health(
    start: Callable[..., Awaitable[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    pier = await start()
    shown = await pier.create("harbour.count", params={"steps": 1, "pause": 60})
    await crash(pier)
    pier = await start()
    well, why = pier.health["executor/asyncio"]
    assert not well
    assert shown.task.name in why
    assert "nothing beside it" in why
    assert any(shown.task.name in record.getMessage() for record in caplog.records if record.name.endswith("rescuer"))
    again = await pier.engine.tasks.get(pier.caller, "default", shown.task.task_id)
    assert (again.task.losses, again.task.crashes) == (1, 1)
    await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    await pier.rest(shown.task.task_id)
    while pier.engine.dispatcher.suspects:  # noqa: ASYNC110 - told after who waits for the task
        await asyncio.sleep(0.01)
    assert pier.health["executor/asyncio"] == (True, "")
