"""A script that ends the server's process, beside innocent ones, under a supervisor that starts the server again."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from tests.postgres import Cluster, postgres  # noqa: F401  # the fixture
from tests.rpc.wire import Stubs, connected, create_request
from tests.servers.nursery import Forked, Nursery
from tests.system.conftest import make_package

from wharfinger.v1 import executor_service_pb2 as executors
from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

SUCCEEDED, FAILED = task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_FAILED
QUEUED, RUNNING = task_pb2.TASK_STATE_QUEUED, task_pb2.TASK_STATE_RUNNING

BOMB = '''"""End the process."""
import ctypes, os, time
RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}
def main(task):
    time.sleep(task.params.get("fuse", 0.2))
    if task.params.get("how") == "segfault":
        ctypes.string_at(0)
    os._exit(3)
'''


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    site = tmp_path_factory.mktemp("site")
    with Nursery(make_package(site, "bombs", bomb=BOMB)) as nursery:
        yield nursery


class Supervised:
    """A server that is started again whenever it has ended."""

    def __init__(self, nursery: Nursery, folder: Path, *arguments: str, suspect_time: str = "300ms") -> None:
        self.starts = 0
        self._make = lambda: Forked(
            nursery,
            folder,
            arguments,
            {"WHARFINGER_LIMITS__SUSPECT_TIME": suspect_time, "WHARFINGER_SERVER__DRAIN_GRACE": "100ms"},
        )
        self.server = self.again()

    def again(self) -> Forked:
        self.starts += 1
        self.server = self._make()
        return self.server

    def until(self, done: Callable[[Stubs], bool], seconds: float = 40) -> None:
        """Supervise until `done`."""
        end = time.monotonic() + seconds
        while True:
            assert time.monotonic() < end, self.server.log()
            if self.server.ended():
                self.again()
            with contextlib.suppress(grpc.RpcError), connected(self.server.address) as stubs:
                while not self.server.ended():
                    assert time.monotonic() < end, self.server.log()
                    if done(stubs):
                        return
                    time.sleep(0.05)


def get(stubs: Stubs, name: str) -> task_pb2.Task:
    return stubs.tasks.GetTask(v1.GetTaskRequest(name=name), timeout=5)


def reason(task: task_pb2.Task) -> str:
    return task.failure.reason


def unavailable(stubs: Stubs) -> str:
    listed = stubs.executors.ListExecutors(executors.ListExecutorsRequest()).executors
    return str(next(executor.unavailable_reason for executor in listed if executor.name.endswith("asyncio")))


def all_rest(*names: str) -> Callable[[Stubs], bool]:
    return lambda stubs: all(get(stubs, name).state >= SUCCEEDED for name in names)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("how", "executor", "database"),
    [("exit", "asyncio", "sqlite"), ("segfault", "thread", "postgres")],
)
def test_the_one_that_ends_the_process_fails_and_all_others_succeed(
    nursery: Nursery, tmp_path: Path, request: pytest.FixtureRequest, how: str, executor: str, database: str
) -> None:
    url = []
    if database == "postgres":
        cluster: Cluster = request.getfixturevalue("postgres")
        url = ["--store", cluster.database()]
    world = Supervised(nursery, tmp_path, *url)
    with connected(world.server.address) as stubs:
        counting = {"steps": 6, "pause": 0.1, "lines": False}
        innocent = [stubs.create("default", "harbour.count", params=counting).name for _ in range(2)]
        innocent.append(stubs.create("default", "harbour.stubborn", params={"seconds": 0.6}, executor="thread").name)
        yard = {"yard": str(tmp_path / "yard"), "keys": ["a", "b"], "pause": 0.3}
        innocent.append(stubs.create("default", "harbour.build", params=yard).name)
        request_of_bad = create_request("default", "bombs.bomb", params={"how": how}, executor=executor)
        request_of_bad.task.policy.max_lost_attempts = 3
        bad = stubs.tasks.CreateTask(request_of_bad, timeout=10).name
    world.until(all_rest(bad, *innocent))
    with connected(world.server.address) as stubs:
        assert {get(stubs, name).state for name in innocent} == {SUCCEEDED}
        failed = get(stubs, bad)
        assert (failed.state, reason(failed)) == (FAILED, "EXECUTOR_LOST")
        assert world.starts <= 7, world.server.log()
        assert stubs.wait(stubs.create("default", "harbour.noop").name).state == SUCCEEDED
    named = [line for line in world.server.log().splitlines() if bad in line and "nothing beside it" in line]
    assert named, world.server.log()
    world.server.kill()


@pytest.mark.timeout(60)
def test_new_tasks_wait_for_the_suspects_and_say_so(nursery: Nursery, tmp_path: Path) -> None:
    world = Supervised(nursery, tmp_path, suspect_time="1s")
    counting = {"steps": 1, "pause": 30, "lines": False}
    with connected(world.server.address) as stubs:
        first, second = [stubs.create("default", "harbour.count", params=counting).name for _ in range(2)]
        time.sleep(0.3)
    world.server.kill()
    world.again()
    with connected(world.server.address) as stubs:
        new = stubs.create("default", "harbour.noop")
        assert new.state == QUEUED
        states = {name: get(stubs, name) for name in (first, second)}
        assert sorted(task.state for task in states.values()) == [QUEUED, RUNNING], "one at a time"
        why = get(stubs, new.name).waiting_reason
        assert "one at a time" in why
        assert next(name for name, task in states.items() if task.state == RUNNING) in why
        waits = next(task for task in states.values() if task.state == QUEUED)
        assert "one at a time" in waits.waiting_reason
        assert "one at a time" in unavailable(stubs)
        assert stubs.wait(new.name, 15).state == SUCCEEDED, "not longer than the suspects' time"
        tasks = [get(stubs, name) for name in (first, second)]
        assert [task.state for task in tasks] == [RUNNING, RUNNING], "cleared, and they go on"
        assert not unavailable(stubs)
    world.server.kill()


@pytest.mark.timeout(60)
def test_an_orderly_end_makes_nobody_a_suspect(nursery: Nursery, tmp_path: Path) -> None:
    world = Supervised(nursery, tmp_path, suspect_time="30s")
    with connected(world.server.address) as stubs:
        deaf = [
            stubs.create("default", "harbour.stubborn", params={"seconds": 20}, executor="thread").name
            for _ in range(2)
        ]
        time.sleep(0.3)
    world.server.signal(signal.SIGTERM)
    world.server.wait()
    world.again()
    with connected(world.server.address) as stubs:
        assert stubs.wait(stubs.create("default", "harbour.noop").name, 5).state == SUCCEEDED
        assert [get(stubs, name).state for name in deaf] == [RUNNING, RUNNING]
    world.server.kill()


@pytest.mark.timeout(60)
def test_a_kill_during_an_orderly_end_makes_nobody_a_suspect(nursery: Nursery, tmp_path: Path) -> None:
    world = Supervised(nursery, tmp_path, suspect_time="30s")
    with connected(world.server.address) as stubs:
        for _ in range(2):
            stubs.create("default", "harbour.stubborn", params={"seconds": 20}, executor="thread")
        time.sleep(0.3)
    world.server.signal(signal.SIGTERM)
    time.sleep(0.7)  # it is asked to end, and gives scripts their time
    world.server.kill()
    world.again()
    with connected(world.server.address) as stubs:
        assert stubs.wait(stubs.create("default", "harbour.noop").name, 5).state == SUCCEEDED
    world.server.kill()
