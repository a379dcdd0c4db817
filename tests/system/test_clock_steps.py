"""The wall clock steps between a kill -9 and the next start: no window is shorter or longer for it (rule 33)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.rpc.wire import Stubs, connected, create_request
from tests.servers.serving import Serving
from tests.servers.wall_clock import shifted
from tests.system.conftest import make_package

from wharfinger.v1 import ledger_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

QUEUED, SUCCEEDED = task_pb2.TASK_STATE_QUEUED, task_pb2.TASK_STATE_SUCCEEDED
CALL = 5.0
"""How long a call may take, in seconds; longer on a machine on which a server is not up again within that."""
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
TIDE = '''
"""Make one thing of a kind without tokens, by a request that outlives the server and lands when it is told to."""

import asyncio
import subprocess
import sys
from pathlib import Path

from harbour.yard import Yard
from wharfinger.script import Failed, ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"boat": ResourceType(idempotent=False, send_window=0.5, call_timeout=CALL, settling=0.5)}

LAND = """
import sys, time
from pathlib import Path
from harbour.yard import Yard
yard, token, key, cue = sys.argv[1:]
until = time.monotonic() + 120
while not Path(cue).exists():
    if time.monotonic() > until:
        sys.exit()  # the test is over, and nobody will tell
    time.sleep(0.01)
Yard(yard).make(f"{token}-{time.monotonic_ns()}", key)
"""


async def main(task):
    yard = task.params["yard"]

    async def call(intent):
        command = [sys.executable, "-c", LAND, yard, intent.token, "boat", task.params["cue"]]
        if task.attempt > 1:
            Path(task.params["cue"]).touch()
        subprocess.Popen(command, start_new_session=True)
        Path(task.params["sent"]).touch()
        while task.attempt == 1 or not (made := seen(yard, intent.token)):
            await asyncio.sleep(0.01)
        return made[0]

    return {"made": await task.create("boat", "boat", call)}


def seen(yard, token):
    things = Yard(yard).folder / "things"
    return [thing.read_text().split()[0] for thing in sorted(things.iterdir()) if thing.name.startswith(token)]


async def find(task, resource):
    return seen(task.params["yard"], resource.token)
'''
AGAIN = '''
"""Fail once, in a way that may be tried again."""

from wharfinger.script import Failed


async def main(task):
    if task.attempt == 1:
        raise Failed("not yet", retryable=True)
    return {}
'''
LATER = '''
"""Do nothing."""


async def main(task):
    return {}
'''


@dataclass
class Step:
    """A server that was killed and started again with another time of day, and what it had been given before.

    `ends`: when the window of the boat's call is over, by our monotonic clock; `waiting`: its task after the start;
    `early`: how many boats there were then, before the request that was on its way landed.
    """

    seconds: int
    folder: Path
    serving: Serving
    stubs: Stubs
    boat: str
    again: str
    later: str
    ends: float
    waiting: task_pb2.Task
    early: int

    @property
    def boats(self) -> int:
        """How many boats there are."""
        return len(list((self.folder / "yard" / "things").iterdir()))

    def get(self, name: str) -> task_pb2.Task:
        """Return a task as it is now."""
        return self.stubs.tasks.GetTask(v1.GetTaskRequest(name=name), timeout=10)


def _has_failed(stubs: Stubs, name: str) -> bool:
    """Whether the task's first attempt is over: one that is at work would be lost with the server."""
    return any(attempt.HasField("end_time") for attempt in stubs.tasks.GetTask(v1.GetTaskRequest(name=name)).attempts)


def _begin(folder: Path, environ: dict[str, str]) -> tuple[Serving, str, str, str, float]:
    serving = Serving(folder, environ=environ)
    with connected(serving.address) as stubs:
        later = create_request("tides", "tide.later")
        later.task.policy.not_before_time.FromDatetime(datetime.now(UTC) + timedelta(hours=12))
        later.task.policy.total_timeout.FromSeconds(6 * 3600)
        last = stubs.tasks.CreateTask(later, timeout=10).name
        params = {"yard": str(folder / "yard"), "cue": str(folder / "cue"), "sent": str(folder / "sent")}
        boat = stubs.create("tides", "tide.boat", params=params).name
        retried = create_request("tides", "tide.again")
        retried.task.policy.max_attempts = 2
        retried.task.policy.retry_backoff.FromSeconds(3)
        again = stubs.tasks.CreateTask(retried, timeout=10).name
        until = time.monotonic() + 20
        while not (folder / "sent").exists() or not _has_failed(stubs, again):
            assert time.monotonic() < until, "the first call is never sent"
            time.sleep(0.01)
        return serving, boat, again, last, time.monotonic()


STEPS = {"a day on": 86_400, "an hour back": -3_600}


@contextmanager
def _stepped(folder: Path, seconds: int) -> Iterator[Step]:
    """Kill a server that was given work, and start it again with its wall clock moved."""
    clocks = shifted(seconds)
    call = CALL
    while True:
        home = folder / f"{call:g}"
        (home / "yard" / "things").mkdir(parents=True)
        tide = TIDE.replace("CALL", str(call))
        environ = make_package(home / "site", "tide", boat=tide, again=AGAIN, later=LATER)
        serving, boat, again, later, sent = _begin(home, environ)
        serving.kill()
        serving = Serving(home, environ={**environ, **clocks})
        ends, took = sent + 0.5 + call + 0.5, time.monotonic() - sent
        if took < call - 1:
            break
        serving.kill()
        call = 2 * took + 5
    try:
        with connected(serving.address) as stubs:
            waiting = stubs.tasks.GetTask(v1.GetTaskRequest(name=boat), timeout=10)
            early = len(list((home / "yard" / "things").iterdir()))
            (home / "cue").touch()  # the request lands, inside its window
            assert time.monotonic() < ends - 0.5, "this machine is too slow to tell"
            yield Step(seconds, home, serving, stubs, boat, again, later, ends, waiting, early)
    finally:
        (home / "cue").touch()
        serving.kill()


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Step]]:
    """Take all steps at once: most of their time is waiting."""
    ways = [_stepped(tmp_path_factory.mktemp("step"), seconds) for seconds in STEPS.values()]
    with ExitStack() as stack, ThreadPoolExecutor() as at_once:
        begun = list(at_once.map(lambda way: way.__enter__(), ways))
        for way in ways:
            stack.push(way)
        yield dict(zip(STEPS, begun, strict=True))


@pytest.fixture(params=STEPS)
def step(request: pytest.FixtureRequest, steps: dict[str, Step]) -> Step:
    return steps[request.param]


def test_a_call_that_is_on_its_way_is_waited_for_and_its_thing_is_made_once(step: Step) -> None:
    waiting = step.waiting
    assert waiting.state == QUEUED, waiting.failure
    told = waiting.waiting_reason
    assert told.startswith("until ")
    until = datetime.fromisoformat(told.split()[1]).timestamp() - step.seconds
    ends = time.time() + step.ends - time.monotonic()
    assert abs(until - ends) < 3, "it names the end of the window by the clock as it is set now"
    assert step.early == 0, "the request had not landed, and nothing may be made beside it"
    task = step.stubs.wait(step.boat, seconds=max(0, step.ends - time.monotonic()) + 20)
    assert task.state == SUCCEEDED, task.failure
    assert step.boats == 1
    (entry,) = step.stubs.tasks.ListLedgerEntries(v1.ListLedgerEntriesRequest(parent=task.name)).entries
    assert (entry.state, entry.external_id) == (ledger_pb2.LEDGER_ENTRY_STATE_CREATED, dict(task.result)["made"])


def test_a_back_off_is_as_long_as_it_was(step: Step) -> None:
    task = step.stubs.wait(step.again)
    assert task.state == SUCCEEDED, (task.state, task.waiting_reason)


def test_not_before_follows_the_time_of_day_and_total_timeout_does_not(step: Step) -> None:
    if step.seconds > 0:  # it is tomorrow
        assert step.stubs.wait(step.later).state == SUCCEEDED
        return
    task = step.get(step.later)
    assert (task.state, task.waiting_reason.startswith("not before ")) == (QUEUED, True)
