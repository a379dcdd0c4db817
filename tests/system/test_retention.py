"""What is over is kept for a while, then as a tombstone, then not at all; what may be alive is always kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from tests.rpc.wire import Stubs, connected, create_request, refused
from tests.servers.serving import Serving
from tests.system.documented import as_promised

from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

SUCCEEDED, PARTIALLY_FAILED = task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_PARTIALLY_FAILED


def eventually(true: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Wait until something is true."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def gone(stubs: Stubs, name: str) -> bool:
    """Whether there is no such task any more."""
    try:
        stubs.tasks.GetTask(v1.GetTaskRequest(name=name), timeout=5)
    except grpc.RpcError as error:
        return error.code() is grpc.StatusCode.NOT_FOUND
    return False


# ---------------------------------------------------------------------- tombstones, on the shared server


def test_a_deleted_task_is_gone_but_its_name_and_request_stay_taken(stubs: Stubs, project: str) -> None:
    task = stubs.create(project, "harbour.noop", task_id="mayfly", request_id="r-1")
    stubs.wait(task.name)
    stubs.tasks.DeleteTask(v1.DeleteTaskRequest(name=task.name))
    name = task.name
    asked = (
        (stubs.tasks.GetTask, v1.GetTaskRequest(name=name)),
        (stubs.tasks.WaitTask, v1.WaitTaskRequest(name=name)),
        (stubs.tasks.WatchTask, v1.WatchTaskRequest(name=name)),
        (stubs.tasks.ListTaskEvents, v1.ListTaskEventsRequest(parent=name)),
        (stubs.tasks.ListLedgerEntries, v1.ListLedgerEntriesRequest(parent=name)),
        (stubs.tasks.CancelTask, v1.CancelTaskRequest(name=name)),
    )
    for call, request in asked:
        told = as_promised(refused(call, request, timeout=10))
        assert (told.reason, told.metadata) == ("TASK_NOT_FOUND", {"task": name})
    stubs.tasks.DeleteTask(v1.DeleteTaskRequest(name=name))
    assert not stubs.tasks.ListTasks(v1.ListTasksRequest(parent=f"projects/{project}")).tasks
    told = as_promised(refused(stubs.tasks.CreateTask, create_request(project, "harbour.noop", task_id="mayfly")))
    assert told.reason == "TASK_EXISTS"
    assert "as a deleted task" in told.message
    again = stubs.create(project, "harbour.noop", task_id="mayfly", request_id="r-1")
    assert (again.uid, again.state) == (task.uid, SUCCEEDED)
    told = as_promised(refused(stubs.tasks.CreateTask, create_request(project, "harbour.plain", request_id="r-1")))
    assert told.reason == "REQUEST_ID_REUSED"


def test_a_task_that_left_something_cannot_be_deleted(stubs: Stubs, project: str, tmp_path: Path) -> None:
    params = {"yard": str(tmp_path / "yard"), "keys": ["a"]}
    made = stubs.create(project, "harbour.build", params=params).name
    half = stubs.create(project, "harbour.half").name
    assert stubs.wait(made).state == SUCCEEDED
    told = as_promised(refused(stubs.tasks.DeleteTask, v1.DeleteTaskRequest(name=made)))
    assert (told.reason, told.metadata["count"]) == ("LEFTOVERS_ALIVE", "1")
    assert stubs.wait(half).state == PARTIALLY_FAILED
    told = as_promised(refused(stubs.tasks.DeleteTask, v1.DeleteTaskRequest(name=half)))
    assert told.code is grpc.StatusCode.FAILED_PRECONDITION
    assert not gone(stubs, made)
    assert not gone(stubs, half)


# ---------------------------------------------------------------------- expiry, on a server that forgets soon


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stubs]:
    """Return a connection to a server that keeps ended tasks for a second, and tombstones for two."""
    environ = {"WHARFINGER_RETENTION__ENDED": "1s", "WHARFINGER_RETENTION__TOMBSTONES": "2s"}
    serving = Serving(tmp_path_factory.mktemp("forgetful"), environ=environ)
    try:
        with connected(serving.address) as stubs:
            yield stubs
    finally:
        serving.kill()


def test_what_is_over_expires_and_is_purged_but_never_what_may_be_alive(forgetful: Stubs, tmp_path: Path) -> None:
    stubs = forgetful
    beat = {"nanos": 100_000_000}
    watch = stubs.tasks.WatchTasks(v1.WatchTasksRequest(parent="projects/bay", heartbeat_interval=beat), timeout=60)
    next(watch)  # it has begun: what ended before would not be told
    stubs.create("bay", "harbour.noop")
    token = next(message.resume_token for message in watch if message.HasField("events"))
    watch.cancel()
    params = {"yard": str(tmp_path / "yard"), "keys": ["a"]}
    made = stubs.create("bay", "harbour.build", params=params).name
    half = stubs.create("bay", "harbour.half").name
    running = stubs.create("bay", "harbour.once", params={"seconds": 1000}).name
    mayfly = stubs.create("bay", "harbour.noop", task_id="mayfly", request_id="r-1")
    ended = stubs.wait(mayfly.name)
    assert ended.expire_time.ToNanoseconds() - ended.end_time.ToNanoseconds() == 1e9
    assert stubs.wait(made).state == SUCCEEDED
    assert not stubs.wait(made).HasField("expire_time")
    eventually(lambda: gone(stubs, mayfly.name), "an ended task does not expire")
    assert stubs.wait(half).state == PARTIALLY_FAILED

    def name_is_free() -> bool:
        try:
            return stubs.create("bay", "harbour.noop", task_id="mayfly", request_id="r-1").uid != mayfly.uid
        except grpc.RpcError as error:
            return error.code() is not grpc.StatusCode.ALREADY_EXISTS

    eventually(name_is_free, "a tombstone is not purged")
    request = v1.WatchTasksRequest(parent="projects/bay", resume_token=token)
    told = as_promised(refused(stubs.tasks.WatchTasks, request, timeout=10))
    assert (told.code, told.reason) == (grpc.StatusCode.OUT_OF_RANGE, "RESUME_TOKEN_TOO_OLD")
    assert "begin without one" in told.message
    time.sleep(1.5)
    assert not any(gone(stubs, name) for name in (made, half, running))
