"""kill -9 at each moment in the making of a thing: after the restart nothing is lost and nothing is made twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.rpc.wire import Stubs, connected, create_request
from tests.servers.serving import Serving
from tests.system.conftest import make_package

from wharfinger.v1 import ledger_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

SUCCEEDED, FAILED = task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_FAILED
PARTIALLY_FAILED = task_pb2.TASK_STATE_PARTIALLY_FAILED
CREATED, UNCERTAIN = ledger_pb2.LEDGER_ENTRY_STATE_CREATED, ledger_pb2.LEDGER_ENTRY_STATE_UNCERTAIN

PIER = '''
"""Make one thing, and stay for ever at the moment that is asked for, once."""

import asyncio
import sqlite3
from pathlib import Path

from harbour.yard import Yard
from wharfinger.script import ResourceType

RESUMABLE = True
RESOURCE_TYPES = {
    "pier.token": ResourceType(idempotent=True, send_window=5.0, call_timeout=5.0, settling=0.2),
    "pier.tag": ResourceType(idempotent=False, send_window=1.0, call_timeout=1.0, settling=0.2),
}


async def reach(task, moment):
    if task.params["at"] == moment and task.attempt == 1:
        Path(task.params["reached"]).touch()
        await asyncio.sleep(3600)


def hold(task):
    """Keep the server from writing: what is reported from here on never becomes durable."""
    connection = sqlite3.connect(task.params["database"], isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    held.append(connection)
    Path(task.params["reached"]).touch()


held = []


async def main(task):
    yard = Yard(task.params["yard"])
    alone = yard.alone(task.name.rpartition("/")[2])
    assert alone is not None

    async def call(intent):
        await reach(task, "before the call")
        made = yard.make(intent.token, task.params["key"])
        await reach(task, "before the answer")
        if task.params["at"] == "before the report" and task.attempt == 1:
            while not Path(task.params["wait"]).exists():
                await asyncio.sleep(0.01)
            hold(task)
        return made

    await reach(task, "before the intent")
    made = await task.create(task.params["type"], "thing", call)
    await reach(task, "after the report")
    if task.params["at"] == "before the result" and task.attempt == 1:
        Path(task.params["wait"]).touch()
        while not Path(task.params["reached"]).exists():
            await asyncio.sleep(0.01)
    return {"made": made, "attempt": task.attempt}


async def find(task, resource):
    return Yard(task.params["yard"]).find(resource.token)
'''

BLIND = PIER.replace("RESUMABLE = True", "RESUMABLE = False").partition("async def find")[0]

MOMENTS = {
    "before the intent": 1,
    "before the call": 1,
    "before the answer": 1,
    "after the report": 1,
    # These two come last: from there on the server can write nothing.
    "before the result": 1,
    "before the report": 1,
}


@dataclass(frozen=True)
class After:
    """What there is after the kill and the restart."""

    stubs: Stubs
    yard: Path
    names: dict[str, str]

    def made(self, key: str) -> list[str]:
        """Return the ids of the things that carry `key`."""
        told = (thing.read_text().split(maxsplit=1) for thing in (self.yard / "things").iterdir())
        return [made for made, its in told if its == key]

    def calls(self, key: str) -> int:
        """Return how often the provider was called for `key`."""
        calls = self.yard / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        assert not [line for line in lines if line.startswith("TWICE")]
        return sum(line.startswith(f"make {key} ") for line in lines)


def ask(stubs: Stubs, folder: Path, database: Path, moment: str, script: str, kind: str, key: str) -> str:
    """Begin a task that stays at a moment; return its name when it is there."""
    reached = folder / ("locked" if moment in ("before the report", "before the result") else f"reached {key}")
    params = {
        "at": moment,
        "type": kind,
        "key": key,
        "yard": str(folder / "yard"),
        "reached": str(reached),
        "wait": str(folder / "result is due"),
        "database": str(database),
    }
    name = stubs.tasks.CreateTask(create_request("kills", script, params=params), timeout=10).name
    awaited = folder / "result is due" if moment == "before the result" else reached
    until = time.monotonic() + 20
    while not awaited.exists():
        assert time.monotonic() < until, f"{moment} is never reached"
        time.sleep(0.01)
    return name


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[After]:
    """Kill one server at which every moment was reached by some task, and start it again."""
    folder = tmp_path_factory.mktemp("kills")
    environ = make_package(folder / "site", "pier", token=PIER, blind=BLIND)
    serving = Serving(folder, environ=environ)
    database = folder / "data" / "wharfinger.db"
    names = {}
    with connected(serving.address) as stubs:
        names["no find"] = ask(stubs, folder, database, "before the answer", "pier.blind", "pier.token", "no find")
        names["tag"] = ask(stubs, folder, database, "before the call", "pier.token", "pier.tag", "tag")
        for moment in MOMENTS:
            names[moment] = ask(stubs, folder, database, moment, "pier.token", "pier.token", moment)
    time.sleep(0.2)  # what is reported without being durable has been reported
    serving.kill()
    serving = Serving(folder, environ=environ)
    try:
        with connected(serving.address) as stubs:
            yield After(stubs, folder / "yard", names)
    finally:
        serving.kill()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_task_is_finished_and_its_thing_is_made_once(after: After, moment: str) -> None:
    task = after.stubs.wait(after.names[moment])
    assert task.state == SUCCEEDED, task.failure
    (made,) = after.made(moment)
    assert dict(task.result)["made"] == made
    assert dict(task.result)["attempt"] == 2
    (entry,) = after.stubs.tasks.ListLedgerEntries(v1.ListLedgerEntriesRequest(parent=task.name)).entries
    assert (entry.state, entry.external_id, entry.generation) == (CREATED, made, 1)
    # Where the thing was found, or its report was written, it is not asked for again.
    assert after.calls(moment) == 1
    events = after.stubs.tasks.ListTaskEvents(v1.ListTaskEventsRequest(parent=task.name, page_size=1000)).events
    assert [event.sequence for event in events] == list(range(1, task.last_sequence + 1))
    assert task.attempts[0].failure.message.endswith("ended while it ran this attempt")


def test_without_tokens_nothing_is_made_before_an_earlier_call_can_have_landed(after: After) -> None:
    task = after.stubs.wait(after.names["tag"])
    assert task.state == SUCCEEDED
    assert len(after.made("tag")) == 1
    run, again = (attempt for attempt in task.attempts if attempt.phase == task_pb2.ATTEMPT_PHASE_RUN)
    window = 1.0 + 1.0 + 0.2
    assert again.start_time.ToNanoseconds() - run.start_time.ToNanoseconds() > window * 1e9


def test_what_nobody_can_find_is_uncertain_and_not_tried_again(after: After) -> None:
    task = after.stubs.wait(after.names["no find"])
    assert task.state == PARTIALLY_FAILED
    (entry,) = task.partial_failure.left_over
    assert (entry.key, entry.state, entry.external_id) == ("thing", UNCERTAIN, "")
    assert "has no `find`" in entry.failure.message
    assert after.calls("no find") == 1
