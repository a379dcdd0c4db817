"""Scripts that report too much, or what can't be sent, and large events of an earlier server: all can be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.rpc.wire import Stubs, connected
from tests.servers.serving import Serving
from tests.system.conftest import make_package

import wharfinger
from wharfinger import LedgerEntryState, TaskState
from wharfinger.v1 import event_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

LOUD = """
from wharfinger.script import Failed, ResourceType

RESOURCE_TYPES = {"node": ResourceType(idempotent=True, send_window=0.3, call_timeout=0.3, settling=0.0)}
PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    how = task.params["how"]
    if how == "progress":
        with task.step("copy", total=12.5, unit=5) as step:
            step.progress(7.25)
        return {}
    if how == "facts":
        raise Failed("much", reason="MUCH", metadata={str(n): "x" * 500 for n in range(20_000)})
    size = 10_000_000 if how == "attributes" else 1

    async def call(intent):
        return {"id": "i" * 10_000_000, "surrogate": "i-\\udc80", "nul": "i-\\0"}.get(how, "i-1")

    await task.create("node", "node/1", call, attributes={"user_data": "x" * size})
    return {}


async def find(task, resource):
    return ["i-\\udc80"] if task.params["how"] == "surrogate" else []


async def undo(task, resource):
    pass
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loud")


@pytest.fixture(scope="module")
def environ(folder: Path) -> dict[str, str]:
    return make_package(folder / "site", "loud", thing=LOUD)


@pytest.fixture(scope="module")
def loud(folder: Path, environ: dict[str, str]) -> Iterator[Serving]:
    serving = Serving(folder, environ=environ)
    try:
        yield serving
    finally:
        serving.kill()


@pytest.fixture
def client(loud: Serving) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(loud.address, project="loud") as client:
        yield client


def ended(client: wharfinger.Client, how: str) -> wharfinger.Task:
    """Run a task of that kind to its end, and return it as everybody can read it."""
    handle = client.submit("loud.thing", {"how": how})
    handle.wait(30)
    list(client.events(handle.name))
    list(client.list(full=True))
    return client.get(handle.name)


def test_progress_in_odd_numbers_is_shown_in_whole_ones(client: wharfinger.Client) -> None:
    task = ended(client, "progress")
    assert task.state is TaskState.SUCCEEDED
    assert task.progress is not None
    assert (task.progress.done, task.progress.total, task.progress.unit) == (7, 12, "5")


def test_attributes_without_end_are_refused_in_the_script_by_name(client: wharfinger.Client) -> None:
    task = ended(client, "attributes")
    assert task.state is TaskState.FAILED
    assert task.failure is not None
    assert (task.failure.reason, task.failure.metadata["limit"]) == ("REPORT_TOO_LARGE", "65536")
    assert "attributes" in task.failure.message
    assert not list(client.ledger(task.name))


def test_a_failure_with_facts_without_end_is_told_with_some_of_them(client: wharfinger.Client) -> None:
    task = ended(client, "facts")
    assert task.failure is not None
    assert (task.failure.reason, task.failure.metadata["left_out"]) == ("MUCH", "19968")


def test_an_id_that_is_too_long_is_in_doubt_by_name(client: wharfinger.Client, loud: Serving) -> None:
    task = ended(client, "id")
    assert task.failure is not None
    assert task.failure.reason == "RESOURCE_UNCERTAIN"
    assert "10000000 characters" in task.failure.message
    assert "Traceback" not in loud.log()
    assert next(iter(client.ledger(task.name))).state is LedgerEntryState.NOT_CREATED


@pytest.mark.parametrize("how", ["surrogate", "nul"])
def test_an_id_that_no_message_can_hold_is_kept_readable_and_nothing_is_undone_by_it(
    client: wharfinger.Client, loud: Serving, how: str
) -> None:
    task = ended(client, how)
    assert task.state is TaskState.SUCCEEDED
    assert next(iter(client.ledger(task.name))).external_id == "i-\ufffd"
    client.rollback(task.name)
    assert client.wait(task.name, 30).state is TaskState.ROLLBACK_FAILED
    entry = next(iter(client.ledger(task.name)))
    assert entry.state is LedgerEntryState.UNDO_FAILED
    assert entry.failure is not None
    assert "could not be kept as it was" in entry.failure.message
    assert "Traceback" not in loud.log()


def test_nobody_is_stuck_at_what_an_earlier_server_took(loud: Serving, folder: Path, environ: dict[str, str]) -> None:
    with connected(loud.address) as stubs:
        watch = v1.WatchTasksRequest(parent="projects/old", heartbeat_interval={"nanos": 100_000_000})
        begin = next(iter(stubs.tasks.WatchTasks(watch, timeout=10)))
        task = stubs.create("old", "loud.thing", params={"how": "one"})
        stubs.wait(task.name)
    loud.stop()
    _make_large(folder / "data" / "wharfinger.db", task.name)
    again = Serving(folder, environ=environ)
    try:
        with connected(again.address) as stubs:
            events = stubs.tasks.ListTaskEvents(v1.ListTaskEventsRequest(parent=task.name), timeout=10).events
            assert any(event.entry.truncated for event in events)
            [entry] = stubs.tasks.ListLedgerEntries(v1.ListLedgerEntriesRequest(parent=task.name), timeout=10).entries
            assert entry.truncated
            assert entry.attributes["size"] == "m1"
            told = _watched(stubs, task.name)
            assert [event.sequence for event in told] == list(range(1, len(events) + 1))
            newer = stubs.create("old", "loud.thing", params={"how": "one"})
            stubs.wait(newer.name)
            watch.resume_token = begin.resume_token
            feed = stubs.tasks.WatchTasks(watch, timeout=30)
            seen = [event for message in _until(feed, newer.name) for event in message.events.events]
            assert {event.task for event in seen} == {task.name, newer.name}
    finally:
        again.kill()


def _make_large(database: Path, name: str) -> None:
    """Write into the database what a server without limits would have taken: 10 MB of attributes."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT rowid, task, body FROM events").fetchall()
        for rowid, task, body in rows:
            event = event_pb2.TaskEvent.FromString(body)
            if event.task == name and event.HasField("entry"):
                event.entry.attributes["user_data"] = "x" * 10_000_000
                connection.execute("UPDATE events SET body = ? WHERE rowid = ?", (event.SerializeToString(), rowid))
                number = task
        [(document,)] = connection.execute("SELECT doc FROM entries WHERE task = ?", (number,)).fetchall()
        large = document.replace(b'"user_data":"x"', b'"size":"m1","user_data":"' + b"x" * 10_000_000 + b'"')
        assert len(large) > 10_000_000
        connection.execute("UPDATE entries SET doc = ? WHERE task = ?", (large, number))
    connection.close()


def _watched(stubs: Stubs, name: str) -> list[event_pb2.TaskEvent]:
    watch = stubs.tasks.WatchTask(v1.WatchTaskRequest(name=name), timeout=30)
    return [event for message in watch for event in message.events.events]


def _until(feed: Iterator[v1.WatchTasksResponse], name: str) -> Iterator[v1.WatchTasksResponse]:
    for message in feed:
        yield message
        if any(event.task == name and event.state_change.state >= 5 for event in message.events.events):
            return
