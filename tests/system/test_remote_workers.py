"""Workers that attach to a real server, each a process of its own, which are killed, paused and asked to leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from tests.rpc.wire import Stubs, connected, create_request, refused
from tests.servers.serving import Serving
from tests.system.conftest import make_package
from tests.system.test_process_executor import ANVIL, ASYNC_ANVIL

from wharfinger.v1 import executor_service_pb2, task_pb2, worker_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

SUCCEEDED = task_pb2.TASK_STATE_SUCCEEDED
PATIENCE = 40.0

SLOW = """
'''Makes three files, one after the other, each when it is let.'''
import os, time
from pathlib import Path
from wharfinger.script import ResourceType
RESUMABLE = True
RESOURCE_TYPES = {"anvil": ResourceType(send_window=1, call_timeout=1, settling=0.2)}
def main(task):
    folder = Path(task.params["folder"])
    for number in range(3):
        def forge(making):
            with (folder / making.token).open("x"):
                return making.token
        task.create("anvil", f"anvil/{number}", forge)
        print(f"made {number} in {os.getpid()}")
        while not (folder / f"go{number}").exists() and not task.cancelled:
            time.sleep(0.01)
    return {"process": os.getpid()}
def find(task, thing):
    return [thing.token] if (Path(task.params["folder"]) / thing.token).exists() else []
"""


class Workers:
    """Worker processes of one server."""

    def __init__(self, folder: Path, serving: Serving, environ: dict[str, str]) -> None:
        self.folder, self.serving, self.environ = folder, serving, environ
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, slots: int = 2, **environ: str) -> subprocess.Popen[bytes]:
        """Start a worker."""
        address = str(self.serving.address)
        command = [sys.executable, "-m", "wharfinger", "worker", "--server", address, "--id", name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*command, "--slots", str(slots)], env={**os.environ, **self.environ, **environ}, stdout=log, stderr=log
            )
        return self.running[name]

    def log(self, name: str) -> str:
        """Return what a worker has logged."""
        return (self.folder / f"{name}.log").read_text()

    def end(self) -> None:
        """Kill all."""
        for process in self.running.values():
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


@pytest.fixture
def wharf(tmp_path: Path) -> Iterator[tuple[Serving, Workers]]:
    environ = make_package(tmp_path / "site", "dock", slow=SLOW, anvil=ANVIL, anvil_async=ASYNC_ANVIL)
    serving = Serving(tmp_path, environ=environ | {"WHARFINGER_EXECUTORS__REMOTE__LEASE_TTL": "1500ms"})
    workers = Workers(tmp_path, serving, environ)
    try:
        yield serving, workers
    finally:
        workers.end()
        serving.kill()


@pytest.fixture
def stubs(wharf: tuple[Serving, Workers]) -> Iterator[Stubs]:
    with connected(wharf[0].address) as stubs:
        yield stubs


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def submit(stubs: Stubs, script: str, folder: Path) -> str:
    request = create_request("quay", script, params={"folder": str(folder)})
    request.task.executor = "remote"
    name: str = stubs.tasks.CreateTask(request, timeout=10).name
    return name


def attached(stubs: Stubs) -> list[str]:
    request = executor_service_pb2.GetExecutorRequest(name="executors/remote")
    return [worker.id for worker in stubs.executors.GetExecutor(request).workers]


def slots(stubs: Stubs) -> int:
    return stubs.executors.GetExecutor(executor_service_pb2.GetExecutorRequest(name="executors/remote")).slots


def lines(stubs: Stubs, name: str) -> list[str]:
    page = stubs.tasks.ListTaskEvents(v1.ListTaskEventsRequest(parent=name, page_size=1000))
    return [event.log.text for event in page.events if event.HasField("log")]


def made(folder: Path) -> int:
    return len([one for one in folder.iterdir() if not one.name.startswith("go")])


def let_go(folder: Path) -> None:
    for number in range(3):
        (folder / f"go{number}").touch()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "made"
    found.mkdir()
    return found


def test_a_task_waits_for_a_worker_and_says_so(wharf: tuple[Serving, Workers], stubs: Stubs, folder: Path) -> None:
    _, workers = wharf
    name = submit(stubs, "dock.slow", folder)
    waiting = stubs.tasks.GetTask(v1.GetTaskRequest(name=name))
    assert waiting.state == task_pb2.TASK_STATE_QUEUED
    assert waiting.waiting_reason == "the executor remote: no worker is attached"
    let_go(folder)
    worker = workers.start("one")
    task = stubs.wait(name)
    assert (task.state, task.result["process"]) == (SUCCEEDED, worker.pid)
    assert attached(stubs) == ["one"]


def test_a_task_whose_worker_is_killed_goes_on_in_another(
    wharf: tuple[Serving, Workers], stubs: Stubs, folder: Path
) -> None:
    """Nothing is made twice, and its watch hears it all."""
    _, workers = wharf
    first = workers.start("one")
    name = submit(stubs, "dock.slow", folder)
    until(lambda: f"made 0 in {first.pid}" in lines(stubs, name), workers.log("one"))
    watch = stubs.tasks.WatchTask(v1.WatchTaskRequest(name=name), timeout=60)
    first.kill()
    second = workers.start("two")
    let_go(folder)
    task = stubs.wait(name)
    assert (task.state, task.result["process"]) == (SUCCEEDED, second.pid), workers.log("two")
    assert made(folder) == 3
    states = [event.state_change.state for message in watch for event in message.events.events]
    assert states[-1] == SUCCEEDED


@pytest.mark.parametrize("script", ["dock.anvil", "dock.anvil_async"])
def test_what_a_worker_that_died_in_a_call_has_made_is_found(
    wharf: tuple[Serving, Workers], stubs: Stubs, folder: Path, script: str
) -> None:
    _, workers = wharf
    workers.start("one")
    workers.start("two")
    until(lambda: len(attached(stubs)) == 2, "both are attached")
    task = stubs.wait(submit(stubs, script, folder))
    assert task.state == SUCCEEDED, task
    assert {one.name for one in folder.iterdir()} - {"died"} == {task.result["id"]}


def test_a_worker_that_was_paused_past_its_lease_changes_nothing(
    wharf: tuple[Serving, Workers], stubs: Stubs, folder: Path
) -> None:
    _, workers = wharf
    first = workers.start("one")
    name = submit(stubs, "dock.slow", folder)
    until(lambda: f"made 0 in {first.pid}" in lines(stubs, name), workers.log("one"))
    first.send_signal(signal.SIGSTOP)
    second = workers.start("two")
    let_go(folder)
    task = stubs.wait(name)
    assert (task.state, task.result["process"]) == (SUCCEEDED, second.pid)
    first.send_signal(signal.SIGCONT)
    until(lambda: sorted(attached(stubs)) == ["one", "two"], workers.log("one"))
    after = stubs.tasks.GetTask(v1.GetTaskRequest(name=name))
    assert (after.state, after.etag, after.last_sequence) == (task.state, task.etag, task.last_sequence)
    assert made(folder) == 3


def test_a_worker_goes_on_with_a_server_that_was_started_again(tmp_path: Path, folder: Path) -> None:
    """What it ran is lost with the server, and is run again from the ledger."""
    environ = make_package(tmp_path / "site", "dock", slow=SLOW)
    environ |= {"WHARFINGER_EXECUTORS__REMOTE__LEASE_TTL": "1500ms"}
    serving = Serving(tmp_path, environ=environ)
    workers = Workers(tmp_path, serving, environ)
    try:
        worker = workers.start("one")
        with connected(serving.address) as stubs:
            name = submit(stubs, "dock.slow", folder)
            until(lambda: f"made 0 in {worker.pid}" in lines(stubs, name), "it has begun")
        serving.kill()
        serving = Serving(tmp_path, ("--address", str(serving.address)), environ)
        let_go(folder)
        with connected(serving.address) as stubs:
            task = stubs.wait(name)
        assert (task.state, task.result["process"]) == (SUCCEEDED, worker.pid), workers.log("one")
        assert made(folder) == 3
    finally:
        workers.end()
        serving.kill()


def test_a_worker_that_is_asked_to_end_finishes_what_it_runs(
    wharf: tuple[Serving, Workers], stubs: Stubs, folder: Path
) -> None:
    _, workers = wharf
    first = workers.start("one")
    name = submit(stubs, "dock.slow", folder)
    until(lambda: f"made 0 in {first.pid}" in lines(stubs, name), workers.log("one"))
    first.send_signal(signal.SIGTERM)
    until(lambda: slots(stubs) == 1, "the worker says that it leaves")
    other = submit(stubs, "dock.slow", folder)
    let_go(folder)
    assert stubs.wait(name).result["process"] == first.pid
    assert first.wait(PATIENCE) == 0
    assert stubs.tasks.GetTask(v1.GetTaskRequest(name=other)).state == task_pb2.TASK_STATE_QUEUED


def test_a_running_task_is_cancelled_in_its_worker(wharf: tuple[Serving, Workers], stubs: Stubs, folder: Path) -> None:
    _, workers = wharf
    workers.start("one")
    name = submit(stubs, "dock.slow", folder)
    until(lambda: lines(stubs, name), workers.log("one"))
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name))
    assert stubs.wait(name).state in (task_pb2.TASK_STATE_PARTIALLY_FAILED, task_pb2.TASK_STATE_CANCELLED)


def hello(**fields: object) -> executor_service_pb2.WorkRequest:
    told = {"worker_id": "w", "instance": "i", "protocol": 1, "slots": 1, **fields}
    return executor_service_pb2.WorkRequest(hello=worker_pb2.WorkerHello(**told))  # type: ignore[arg-type]


def test_a_worker_that_does_not_keep_to_the_protocol_is_refused(wharf: tuple[Serving, Workers], stubs: Stubs) -> None:
    def ask(*requests: executor_service_pb2.WorkRequest) -> tuple[object, str]:
        told = refused(lambda _: list(stubs.executors.Work(iter(requests), timeout=10)), None)
        return told.code, told.reason

    renewal = executor_service_pb2.WorkRequest(renewal=worker_pb2.WorkerRenewal(number=1))
    invalid = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert ask(renewal) == invalid
    assert ask(hello(slots=0)) == invalid
    assert ask(hello(worker_id="")) == invalid
    assert ask(hello(), hello()) == invalid
    assert ask(hello(protocol=2)) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_SUPPORTED")
    lease = worker_pb2.WorkLease(task="projects/quay/tasks/none", uid="none", epoch=1)
    report = worker_pb2.WorkerReport(lease=lease, number=1, created=worker_pb2.ReportCreated(key="a", external_id="b"))
    told = list(stubs.executors.Work(iter([hello(), executor_service_pb2.WorkRequest(report=report)]), timeout=10))
    assert [answer.WhichOneof("kind") for answer in told[:1]] == ["welcome"]


def evidence(of: task_pb2.Task, external_id: str, **lease: object) -> list[executor_service_pb2.WorkRequest]:
    """Return what a worker says that has made something in the first attempt, and tells so late."""
    whose = worker_pb2.WorkLease(**{"task": of.name, "uid": of.uid, "epoch": 1, **lease})  # type: ignore[arg-type]
    created = worker_pb2.ReportCreated(key="anvil/0", generation=1, external_id=external_id)
    report = worker_pb2.WorkerReport(lease=whose, number=1, created=created)
    return [hello(), executor_service_pb2.WorkRequest(report=report)]


def test_evidence_that_comes_late_is_kept_and_nothing_else_of_it(
    wharf: tuple[Serving, Workers], stubs: Stubs, folder: Path
) -> None:
    _, workers = wharf
    workers.start("one")
    let_go(folder)
    task = stubs.wait(submit(stubs, "dock.slow", folder))
    assert task.state == SUCCEEDED

    def tell(requests: list[executor_service_pb2.WorkRequest]) -> worker_pb2.WorkerAnswer:
        over = threading.Event()

        def said() -> Iterator[executor_service_pb2.WorkRequest]:
            yield from requests
            over.wait(PATIENCE)

        try:
            stream = stubs.executors.Work(said(), timeout=PATIENCE)
            return next(response.answer for response in stream if response.HasField("answer"))
        finally:
            over.set()

    for stranger in ({"uid": "none"}, {"epoch": 99}, {"task": "projects/quay/tasks/other"}):
        assert tell(evidence(task, "another", **stranger)).lease_lost
    assert stubs.tasks.GetTask(v1.GetTaskRequest(name=task.name)).etag == task.etag
    assert tell(evidence(task, "another")).lease_lost
    after = stubs.tasks.GetTask(v1.GetTaskRequest(name=task.name))
    assert after.state == task_pb2.TASK_STATE_PARTIALLY_FAILED
    assert (after.ledger.created, after.ledger.uncertain) == (3, 1)
