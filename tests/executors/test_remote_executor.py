"""The remote executor passes the suite of all executors, with workers on an in-memory connection that can break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from wharfinger.runtime.protocol import Environment
from wharfinger.runtime.redaction import Redactor
from wharfinger.v1 import executor_service_pb2, worker_pb2
from wharfinger.worker.assignments import key_of
from wharfinger.worker.runner import Prepared, Runner
from wharfinger_server.domain.errors import InvalidArgument
from wharfinger_server.executors.remote_executor import RemoteExecutor
from wharfinger_server.sdk.conformance import ExecutorConformance
from wharfinger_server.sdk.executor import ASYNC, PLAIN, Executor, Host
from wharfinger_server.sdk.recording import eventually
from wharfinger_server.sdk.stage import Play, Stage
from wharfinger_server.sdk.trial_scripts import awaiting, plain
from wharfinger_server.sdk.workers import Attached, WorkerFacts

pytestmark = pytest.mark.lengthy

TRIALS = {f"trial.{ASYNC}": awaiting, f"trial.{PLAIN}": plain}
PATIENCE = 15.0


there: list[Worker] = []


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    """End what workers still wait for when a test is over."""
    yield
    for worker in there:
        worker.runner.lose_all("the test is over")
    there.clear()


class Worker:
    """A worker in this process: a real runner, whose connection is `attach`."""

    def __init__(self, name: str, slots: int, scripts: dict[str, Any] = TRIALS) -> None:
        self.name, self.slots, self.scripts = name, slots, scripts
        self.runner = Runner(self._send, self)
        self.attached: Attached | None = None
        self.welcomes: list[Any] = []
        self.closed = False
        self.deaf = False
        self._loop: asyncio.AbstractEventLoop | None = None
        there.append(self)

    def prepare(self, assignment: Any) -> Prepared:
        module = self.scripts[assignment.script]
        return Prepared(module, assignment.script.endswith(ASYNC), Environment(), Redactor())

    def attach(self, executor: RemoteExecutor, instance: str = "i") -> None:
        """Attach by a new connection, as after the one before broke."""
        self._loop = asyncio.get_running_loop()
        self.closed = self.deaf = False
        held = frozenset(map(key_of, self.runner.held))
        scripts = frozenset((name, "1") for name in self.scripts)
        self.attached = executor.attach(WorkerFacts(self.name, instance, self.slots, scripts, held), self)

    def send(self, response: Any) -> None:
        """Hear from the server."""
        if self.deaf:
            return
        if response.WhichOneof("kind") == "welcome":
            self.welcomes.append(response.welcome)
            self.runner.lose_all("its lease is lost", frozenset(map(key_of, response.welcome.kept)))
            asyncio.get_running_loop().call_soon(self.runner.resend)
        else:
            self.runner.hear(response)

    def close(self) -> None:
        """Hear that the server ended the connection."""
        self.closed = True
        self.attached = None

    def _send(self, request: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.arrive, request)

    def arrive(self, request: Any) -> None:
        """Have a message arrive at the server."""
        if self.attached is not None and not self.deaf:
            self.attached.hear(request)

    def break_off(self) -> None:
        """Lose the connection, and with it all that is on its way."""
        attached, self.attached = self.attached, None
        if attached is not None:
            attached.detach()


class WithWorkers(RemoteExecutor):
    """The executor with workers that attach as it starts."""

    async def start(self, host: Host) -> None:
        await super().start(host)
        self.attached = [Worker(f"w{number}", 25) for number in range(2)]
        for worker in self.attached:
            worker.attach(self)
        self._renewals = asyncio.ensure_future(self._renew())

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            for worker in self.attached:
                worker.arrive(executor_service_pb2.WorkRequest(renewal=worker_pb2.WorkerRenewal(number=1)))

    async def stop(self, grace: float) -> None:
        await super().stop(grace)
        self._renewals.cancel()


class TestRemote(ExecutorConformance):
    def make(self) -> Executor:
        return WithWorkers({"lease_ttl": 2})

    def at_once(self, executor: Executor, colour: str) -> int:
        return 50

    def test_it_describes_itself(self) -> None:
        executor = self.make()
        assert executor.summary
        assert executor.slots == 0  # before a worker has attached

    def lose(self, executor: Executor) -> bool:
        assert isinstance(executor, WithWorkers)
        for worker in executor.attached:
            if len(worker.runner):
                worker.deaf = True
        return True


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(RemoteExecutor({"lease_ttl": "700ms"}), tmp_path, PATIENCE)
    await made.executor.start(made.host)
    yield made
    made.release()
    await made.executor.stop(0.1)


def executor_of(stage: Stage) -> RemoteExecutor:
    assert isinstance(stage.executor, RemoteExecutor)
    return stage.executor


async def begun(stage: Stage, worker: Worker, colour: str = PLAIN) -> Play:
    play = stage.play(colour, "stubborn", until=str(stage.gate))
    await play.says("begun")
    return play


async def test_slots_are_those_of_the_workers_that_are_connected(stage: Stage) -> None:
    executor, one, two = executor_of(stage), Worker("one", 3), Worker("two", 4)
    one.attach(executor)
    two.attach(executor)
    assert executor.slots == 7
    two.break_off()
    assert executor.slots == 3
    assert [shown.facts.id for shown in executor.workers] == ["one"]
    assert stage.host.resizes == 3


async def test_what_runs_goes_on_when_its_worker_s_connection_breaks_and_comes_again(stage: Stage) -> None:
    """The reports that were not answered are told again, and each counts once."""
    executor, worker = executor_of(stage), Worker("one", 3)
    worker.attach(executor)
    play = await begun(stage, worker)
    worker.break_off()
    stage.release()
    await eventually(lambda: not len(worker.runner.held) or worker.runner.held, "it goes on", PATIENCE)
    await asyncio.sleep(0.1)
    worker.attach(executor)
    await play.freed()
    assert play.done.result is not None
    assert [line for line in stage.lines() if line == "finished"] == ["finished"]
    assert stage.host.lost_jobs == []
    assert len(worker.welcomes[1].kept) == 1


async def test_a_worker_that_is_not_heard_of_loses_what_it_ran(stage: Stage) -> None:
    executor, worker = executor_of(stage), Worker("one", 3)
    worker.attach(executor)
    play = await begun(stage, worker)
    worker.break_off()
    await play.freed()
    assert "was not heard of for 0.7 s" in stage.host.lost_jobs[0][1]
    worker.attach(executor)
    assert list(worker.welcomes[1].kept) == []
    assert worker.runner.held == []


async def test_an_assignment_that_did_not_arrive_is_told_again(stage: Stage) -> None:
    executor, worker = executor_of(stage), Worker("one", 3)
    worker.attach(executor)
    worker.deaf = True
    play = stage.play(PLAIN, "echo")
    await asyncio.sleep(0)
    worker.break_off()
    worker.attach(executor)
    await play.freed()
    assert play.done.result["do"] == "echo"
    assert stage.host.lost_jobs == []


async def test_a_second_process_of_the_same_id_is_refused_while_the_first_is_connected(stage: Stage) -> None:
    executor, worker, other = executor_of(stage), Worker("one", 3), Worker("one", 3)
    worker.attach(executor)
    with pytest.raises(InvalidArgument, match="another process is attached as one"):
        other.attach(executor, "another instance")
    worker.break_off()
    other.attach(executor, "another instance")
    assert executor.slots == 3


async def test_a_second_connection_of_a_process_takes_the_place_of_the_first(stage: Stage) -> None:
    """As when the first one is half open: nobody has told that it is gone."""
    executor, worker = executor_of(stage), Worker("one", 3)
    worker.attach(executor)
    play = await begun(stage, worker)
    worker.attach(executor)
    stage.release()
    await play.freed()
    assert play.done.outcome is not None
    assert executor.slots == 3


async def test_what_no_worker_can_run_is_said(stage: Stage) -> None:
    executor = executor_of(stage)
    assert executor.why_not("trial.plain", "1", "quay") == "no worker is attached"
    Worker("one", 3, {f"trial.{ASYNC}": awaiting}).attach(executor)
    assert executor.why_not(f"trial.{ASYNC}", "1", "quay") == ""
    assert "can run trial.plain 1 for quay" in executor.why_not("trial.plain", "1", "quay")


async def test_a_worker_that_leaves_is_given_nothing_more(stage: Stage) -> None:
    executor, worker = executor_of(stage), Worker("one", 3)
    worker.attach(executor)
    play = await begun(stage, worker)
    assert worker.attached is not None
    worker.attached.hear(leaving())
    assert executor.slots == 1
    assert executor.why_not("trial.plain", "1", "quay") == "no worker is attached"
    stage.release()
    await play.freed()
    assert play.done.outcome is not None


def leaving() -> Any:
    return executor_service_pb2.WorkRequest(leaving=worker_pb2.WorkerLeaving())


@pytest.mark.parametrize("options", [{"lease_ttl": 0}, {"slots": 3}])
def test_a_wrong_option_is_refused_by_its_name(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"^\[executors\.remote\] {next(iter(options))} "):
        RemoteExecutor(options)
