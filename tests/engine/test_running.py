"""Tasks run to their end: results, failures, retries, time limits, cancels."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.errors import AlreadyExists, InvalidArgument, NotFound, StateForbids
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.task_spec import TaskSpec
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.lifecycle.lifecycle import backoff

A_TASK = Task(1, "t", "default", "a", TaskSpec("harbour.noop", "me"), "1.0", "asyncio", 1)


async def test_a_task_succeeds_with_its_result(pier: Any) -> None:
    shown = await pier.run("harbour.noop")
    assert shown.task.state is TaskState.SUCCEEDED
    assert json.loads(shown.task.result) == {"attempt": 1}


async def test_a_plain_script_runs_on_every_executor(pier: Any) -> None:
    for executor in ("asyncio", "thread"):
        shown = await pier.run("harbour.plain", executor=executor)
        assert shown.task.state is TaskState.SUCCEEDED
        logs = [e.log.text for e in await pier.events(shown.task.task_id) if e.HasField("log")]
        assert logs == ["a plain script prints"]


async def test_events_are_numbered_without_a_gap(pier: Any) -> None:
    shown = await pier.run("harbour.count", params={"steps": 5})
    events = await pier.events(shown.task.task_id)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert shown.task.last_sequence == len(events)
    assert [e.state_change.state for e in events if e.HasField("state_change")] == [1, 2, 5]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raise", "SCRIPT_RAISED"),
        ("failed", "CRANE_BROKEN"),
        ("not json", "SCRIPT_RESULT_INVALID"),
        ("huge", "RESULT_TOO_LARGE"),
        ("exit", "SCRIPT_RAISED"),
    ],
)
async def test_a_failure_says_why(pier: Any, how: str, reason: str) -> None:
    shown = await pier.run("harbour.fail", params={"how": how})
    assert shown.task.state is TaskState.FAILED
    assert shown.task.error.reason == reason


async def test_a_retryable_failure_is_tried_again_until_attempts_run_out(pier: Any) -> None:
    policy = Policy(max_attempts=3, retry_backoff=10_000)
    shown = await pier.run("harbour.fail", params={"how": "retry"}, policy=policy)
    assert shown.task.state is TaskState.FAILED
    assert len(shown.task.attempts) == 3
    assert {attempt.error.reason for attempt in shown.task.attempts} == {"TIDE_OUT"}


async def test_a_failure_that_is_not_retryable_is_final(pier: Any) -> None:
    shown = await pier.run("harbour.fail", params={"how": "raise"}, policy=Policy(max_attempts=3))
    assert len(shown.task.attempts) == 1


async def test_the_same_request_id_makes_one_task(pier: Any) -> None:
    first = await pier.create("harbour.noop", request_id="one")
    second = await pier.create("harbour.noop", request_id="one")
    assert first.task.id == second.task.id
    with pytest.raises(AlreadyExists) as caught:
        await pier.create("harbour.noop", request_id="one", labels={"other": "body"})
    assert caught.value.reason == "REQUEST_ID_REUSED"


async def test_a_task_id_is_unique_in_its_project(pier: Any) -> None:
    await pier.create("harbour.noop", task_id="mine")
    with pytest.raises(AlreadyExists) as caught:
        await pier.create("harbour.noop", task_id="mine")
    assert caught.value.reason == "TASK_EXISTS"


async def test_validate_only_writes_nothing(pier: Any) -> None:
    shown = await pier.create("harbour.noop", task_id="ghost", validate_only=True)
    assert shown.task.uid == ""
    with pytest.raises(NotFound):
        await pier.engine.tasks.get(pier.caller, "default", "ghost")


async def test_unknown_names_are_refused_with_a_hint(pier: Any) -> None:
    with pytest.raises(NotFound, match=r"did you mean harbour\.noop"):
        await pier.create("harbour.nop")
    with pytest.raises(NotFound, match="there are asyncio, process, remote, thread"):
        await pier.create("harbour.noop", executor="celery")


async def test_params_are_checked_before_a_task_is_accepted(pier: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await pier.create("harbour.count", params={"step": 3})
    assert caught.value.reason == "PARAMS_INVALID"
    assert caught.value.violations[0].field.startswith("task.params")


async def test_a_running_task_is_cancelled(pier: Any) -> None:
    shown = await pier.create("harbour.count", params={"steps": 1000, "pause": 0.05})
    await asyncio.sleep(0.2)
    await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id, reason="no need")
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.CANCELLED
    again = await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    assert (again.task.state, again.task.last_sequence) == (TaskState.CANCELLED, ended.task.last_sequence)
    other = await pier.run("harbour.noop")
    with pytest.raises(StateForbids) as caught:
        await pier.engine.tasks.cancel(pier.caller, "default", other.task.task_id)
    assert caught.value.reason == "STATE_FORBIDS"
    assert caught.value.metadata["state"] == "SUCCEEDED"
    assert set(caught.value.allowed) == {"QUEUED", "RUNNING", "ROLLING_BACK"}


@pytest.mark.lengthy
async def test_a_thread_that_does_not_stop_is_fenced_and_keeps_its_slot(pier: Any) -> None:
    shown = await pier.create("harbour.stubborn", executor="thread", params={"seconds": 2})
    await asyncio.sleep(0.2)
    await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    ended = await pier.rest(shown.task.task_id, 1.5)
    assert ended.task.state is TaskState.CANCELLED
    assert pier.engine.dispatcher.executors["thread"].running == 1
    await asyncio.sleep(2)
    assert pier.engine.dispatcher.executors["thread"].running == 0


async def test_an_attempt_that_takes_too_long_ends_with_its_timeout(pier: Any) -> None:
    policy = Policy(attempt_timeout=200_000)
    shown = await pier.run("harbour.count", params={"steps": 1000, "pause": 0.05}, policy=policy)
    assert shown.task.state is TaskState.FAILED
    assert shown.task.error.reason == "ATTEMPT_TIMEOUT"


async def test_a_task_whose_total_time_ends_in_the_queue_fails_without_running(pier: Any) -> None:
    queue = pier.engine.dispatcher.executors["asyncio"]
    free, queue.free = queue.free, 0
    shown = await pier.create("harbour.noop", policy=Policy(total_timeout=200_000))
    ended = await pier.rest(shown.task.task_id, 3)
    queue.free = free
    assert ended.task.state is TaskState.FAILED
    assert ended.task.error.reason == "TOTAL_TIMEOUT"
    assert not ended.task.attempts


async def test_not_before_holds_a_task_back(pier: Any) -> None:
    when = time.time_ns() // 1000 + 400_000
    shown = await pier.create("harbour.noop", policy=Policy(not_before=when))
    assert shown.task.state is TaskState.QUEUED
    waiting = await pier.engine.tasks.get(pier.caller, "default", shown.task.task_id)
    assert "not before" in waiting.waiting_reason
    ended = await pier.rest(shown.task.task_id, 3)
    assert ended.task.start_time >= when


async def test_tasks_with_one_concurrency_key_run_one_at_a_time(pier: Any) -> None:
    policy = Policy(concurrency_key="berth-1")
    made = [await pier.create("harbour.count", params={"steps": 3}, policy=policy) for _ in range(4)]
    ended = [(await pier.rest(shown.task.task_id)).task for shown in made]
    spans = sorted((task.start_time, task.end_time) for task in ended)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


async def test_higher_priority_runs_first(pier: Any) -> None:
    queue = pier.engine.dispatcher.executors["asyncio"]
    free, queue.free = queue.free, 0
    low = await pier.create("harbour.noop", policy=Policy(priority=1))
    high = await pier.create("harbour.noop", policy=Policy(priority=9))
    place = await pier.engine.tasks.get(pier.caller, "default", low.task.task_id)
    assert "1 task(s) of its project are before it" in place.waiting_reason
    queue.free = 1
    pier.engine.dispatcher.consider(low.task)
    ended = [(await pier.rest(shown.task.task_id)).task for shown in (low, high)]
    queue.free += free - 1
    assert ended[1].start_time < ended[0].start_time


@pytest.mark.lengthy
async def test_a_log_is_cut_at_its_limit_and_says_so(pier: Any) -> None:
    shown = await pier.run("harbour.chatter", params={"lines": 50_000})
    assert shown.task.state is TaskState.SUCCEEDED
    logs = [event.log for event in await pier.events(shown.task.task_id) if event.HasField("log")]
    assert sum(len(log.text) for log in logs) < 1_200_000
    assert shown.task.logs_dropped > 0
    assert any(log.dropped for log in logs)


@pytest.mark.lengthy
async def test_a_blocked_loop_is_named_in_health_and_log(pier: Any) -> None:
    shown = await pier.create("harbour.block", params={"seconds": 2.5})
    await asyncio.sleep(2)
    well, why = pier.health["executor/asyncio"]
    assert not well
    assert "block.py" in why
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.SUCCEEDED
    texts = [event.log.text for event in await pier.events(shown.task.task_id) if event.HasField("log")]
    assert any("block.py" in text for text in texts)


def test_tasks_that_failed_together_do_not_come_back_together() -> None:
    waits = {backoff(replace(A_TASK, uid=f"t{i}", failures=1)) for i in range(20)}
    assert len(waits) > 15
    assert all(0.8 * SECOND <= wait <= 1.2 * SECOND for wait in waits)
