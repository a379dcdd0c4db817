"""Callers that go away in the middle of a call: what they asked for is done whole or not at all."""

from __future__ import annotations

import contextlib
import random
import time

import grpc
from tests.rpc.wire import Stubs, a_project, connected, create_request
from tests.servers.serving import Serving

from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1

SUCCEEDED = task_pb2.TASK_STATE_SUCCEEDED


def tasks_at_rest(stubs: Stubs, project: str, seconds: float = 20) -> list[task_pb2.Task]:
    """Return all tasks of a project once none is unfinished."""
    until = time.monotonic() + seconds
    while True:
        answer = stubs.tasks.ListTasks(v1.ListTasksRequest(parent=f"projects/{project}", page_size=1000), timeout=10)
        if all(task.state >= SUCCEEDED for task in answer.tasks):
            return list(answer.tasks)
        if time.monotonic() > until:
            stuck = [task for task in answer.tasks if task.state < SUCCEEDED]
            raise AssertionError(f"{len(stuck)} tasks do not come to an end, such as {stuck[0]}")
        time.sleep(0.1)


def test_a_task_whose_creator_went_away_runs_like_any_other(server: Serving) -> None:
    dice, project = random.Random(5), a_project()
    with connected(server.address) as stubs:
        stubs.create(project, "harbour.noop")
        left = 0
        for _ in range(10):
            calls = [stubs.tasks.CreateTask.future(create_request(project, "harbour.noop")) for _ in range(20)]
            time.sleep(dice.uniform(0, 0.02))
            left += sum(call.cancel() for call in calls)
        assert left > 20
        tasks = tasks_at_rest(stubs, project)
    assert {task.state for task in tasks} == {SUCCEEDED}


def test_a_batch_whose_creator_went_away_runs_whole_or_not_at_all(server: Serving) -> None:
    dice, project = random.Random(6), a_project()
    with connected(server.address) as stubs:
        for _ in range(10):
            batch = v1.BatchCreateTasksRequest(parent=f"projects/{project}")
            batch.requests.extend(create_request(project, "harbour.noop") for _ in range(50))
            call = stubs.tasks.BatchCreateTasks.future(batch)
            time.sleep(dice.uniform(0, 0.05))
            call.cancel()
        tasks = tasks_at_rest(stubs, project)
    assert len(tasks) % 50 == 0
    assert {task.state for task in tasks} <= {SUCCEEDED}


def test_a_cancel_whose_caller_went_away_reaches_the_script(server: Serving) -> None:
    project = a_project()
    with connected(server.address) as stubs:
        names = [stubs.create(project, "harbour.count", params={"steps": 10_000}).name for _ in range(30)]
        calls = [stubs.tasks.CancelTask.future(v1.CancelTaskRequest(name=name)) for name in names]
        time.sleep(0.004)
        for call in calls:
            call.cancel()
        asked = [
            name
            for name in names
            if stubs.tasks.GetTask(v1.GetTaskRequest(name=name)).state != task_pb2.TASK_STATE_RUNNING
        ]
        for name in asked:
            assert stubs.wait(name).state == task_pb2.TASK_STATE_CANCELLED
        for name in set(names) - set(asked):
            with contextlib.suppress(grpc.RpcError):  # its first cancel came late, and came
                stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name), timeout=10)
