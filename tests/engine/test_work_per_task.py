"""No change makes a task dearer unseen: the work for each task, counted, has ceilings just above what it takes today.

Where a count falls, its ceiling is lowered. A test that fails here tells what was called, and how often.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Self

import grpc
import pytest_asyncio
from tests.engine.conftest import Pier, StartPier
from tests.engine.counting import Counting

from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1
from wharfinger_server.access.callers import Callers
from wharfinger_server.config import Settings
from wharfinger_server.rpc import service
from wharfinger_server.rpc.calls import Calls
from wharfinger_server.rpc.leftovers import LeftoverMethods
from wharfinger_server.rpc.tasks import TaskMethods
from wharfinger_server.rpc.watches import TaskWatches
from wharfinger_server.store.values import Committed

TASKS = 50
SERVICE = v1.DESCRIPTOR.services_by_name["TaskService"]
FAR = 4_000_000_000
"""A time that does not come: a task that is not to begin before it costs what creating it costs."""


class Quay:
    """A server for tasks and a client, in this process, with what they do counted."""

    def __init__(self, pier: Pier, counting: Counting) -> None:
        self.pier = pier
        self.counting = counting
        self.driver = pier.store._database._line._driver  # type: ignore[attr-defined]  # SQLite's
        limits = Settings().limits
        self._server = grpc.aio.server()
        calls = Calls(Callers(Settings()), limits.calls, ())
        methods = TaskMethods(pier.engine.tasks, pier.engine.remediation, limits)
        service.add(
            self._server,
            calls,
            SERVICE,
            methods,
            TaskWatches(pier.engine.watches),
            LeftoverMethods(pier.engine.leftovers),
        )

    async def __aenter__(self) -> Self:
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()
        await self._server.stop(None)

    async def ask(self, name: str, request: Any, answer: Any) -> Any:
        """Make a call and return its answer."""
        path = f"/{SERVICE.full_name}/{name}"
        call = self._channel.unary_unary(
            path, request_serializer=type(request).SerializeToString, response_deserializer=answer.FromString
        )
        return await call(request, timeout=20)


def request(number: str, later: bool) -> v1.CreateTaskRequest:
    """Return the request of a task as people send it: with a request id, a label and some params."""
    made = v1.CreateTaskRequest(parent="projects/p", request_id=f"request-{number}")
    made.task.script = "harbour.noop"
    made.task.labels["team"] = "a"
    if later:
        made.task.policy.not_before_time.seconds = FAR
    return made


@pytest_asyncio.fixture
async def quay(start: StartPier) -> AsyncIterator[Quay]:
    counting = Counting()
    with counting.installed():
        pier = await start()
        async with Quay(pier, counting) as quay:
            yield quay


def check(counting: Counting, calls: float, statements: float, rows: float) -> None:
    """Fail where a count for each task is above its ceiling, or so far below that the ceiling says little."""
    told = counting.told(TASKS)
    print(told)
    assert counting.calls.total() / TASKS <= calls, told
    assert counting.statements.total() / TASKS <= statements, told
    assert counting.rows / TASKS <= rows, told
    assert counting.calls.total() / TASKS >= calls * 0.8, f"lower the ceiling of {calls} calls:\n{told}"


async def test_a_task_that_is_created(quay: Quay) -> None:
    await quay.ask("CreateTask", request("first", later=True), task_pb2.Task)
    with quay.counting.at(quay.driver):
        for n in range(TASKS):
            await quay.ask("CreateTask", request(str(n), later=True), task_pb2.Task)
    check(quay.counting, calls=187, statements=6, rows=4)


async def test_a_task_of_a_batch(quay: Quay) -> None:
    await quay.ask("CreateTask", request("first", later=True), task_pb2.Task)
    batch = v1.BatchCreateTasksRequest(parent="projects/p")
    batch.requests.extend(request(str(n), later=True) for n in range(TASKS))
    with quay.counting.at(quay.driver):
        await quay.ask("BatchCreateTasks", batch, v1.BatchCreateTasksResponse)
    check(quay.counting, calls=120, statements=0.3, rows=3.1)


async def test_a_task_that_is_created_and_run(quay: Quay) -> None:
    rested = rests(quay)
    await quay.ask("CreateTask", request("first", later=False), task_pb2.Task)
    await rested.get()
    with quay.counting.at(quay.driver):
        for n in range(TASKS):
            await quay.ask("CreateTask", request(str(n), later=False), task_pb2.Task)
            await rested.get()
    check(quay.counting, calls=473, statements=12.2, rows=8.1)


def rests(quay: Quay) -> asyncio.Queue[None]:
    """Return what gets an item whenever a task has come to rest; nothing is read for that."""
    heard: asyncio.Queue[None] = asyncio.Queue()
    loop, hear = asyncio.get_running_loop(), quay.pier.store.on_commit
    assert hear is not None

    def tell(committed: Sequence[Committed]) -> None:
        hear(committed)
        for one in committed:
            if one.task.end_time:
                loop.call_soon_threadsafe(heard.put_nowait, None)

    quay.pier.store.on_commit = tell
    return heard
