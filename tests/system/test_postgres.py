"""The whole server on a real PostgreSQL: tasks, watches, lost connections, kill -9 and a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.postgres import Cluster, postgres  # noqa: F401  # the fixture
from tests.rpc.wire import Stubs, connected, create_request
from tests.servers.serving import Serving
from tests.store.proxy import Proxy

from wharfinger.v1 import event_pb2, ledger_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

SUCCEEDED, FAILED = task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_FAILED
PARTIALLY_FAILED = task_pb2.TASK_STATE_PARTIALLY_FAILED
PROJECT = "projects/pg"


def feed_from(stubs: Stubs, token: bytes, until_ended: set[str]) -> tuple[list[event_pb2.TaskEvent], bytes]:
    """Read the project's feed after a token until these tasks are at rest; return the events and the last token."""
    waiting, events = set(until_ended), []
    for message in stubs.tasks.WatchTasks(v1.WatchTasksRequest(parent=PROJECT, resume_token=token), timeout=40):
        token = message.resume_token
        for event in message.events.events:
            events.append(event)
            if event.state_change.state >= SUCCEEDED:
                waiting.discard(event.task)
        if not waiting:
            break
    return events, token


def run_all_kinds(stubs: Stubs) -> list[str]:
    """Run tasks to every kind of end, with odd text that a database might stumble over; return their names."""
    batch = v1.BatchCreateTasksRequest(parent=PROJECT)
    odd = {"text": "NUL \0, quote ', backslash \\, snow \u2603, \U0001f6a2"}
    batch.requests.extend(create_request("pg", "harbour.noop", params=odd, labels={"n": str(i)}) for i in range(50))
    batch.requests.add(parent=PROJECT).task.script = "harbour.nothing"
    outcomes = stubs.tasks.BatchCreateTasks(batch, timeout=30).outcomes
    assert [outcome.WhichOneof("outcome") for outcome in outcomes] == ["task"] * 50 + ["error"]
    names = [outcome.task.name for outcome in outcomes[:50]]
    assert {stubs.wait(name).state for name in names} == {SUCCEEDED}
    assert dict(stubs.wait(names[0]).params) == odd
    others = [stubs.create("pg", script).name for script in ("harbour.fail", "harbour.half", "harbour.plain")]
    assert [stubs.wait(name).state for name in others] == [FAILED, PARTIALLY_FAILED, SUCCEEDED]
    listed = stubs.tasks.ListTasks(v1.ListTasksRequest(parent=PROJECT, filter='labels.n = "7" AND state = SUCCEEDED'))
    assert [task.name for task in listed.tasks] == [names[7]]
    return names + others


def build(stubs: Stubs, yard: Path, *keys: str) -> str:
    """Begin a task that makes things, and return its name."""
    return stubs.create("pg", "harbour.build", params={"yard": str(yard), "keys": list(keys), "pause": 0.1}).name


@pytest.mark.timeout(150)
def test_everything_works_on_postgresql(postgres: Cluster, tmp_path: Path, serve: Callable[..., Serving]) -> None:  # noqa: F811
    url = postgres.database()
    serving = serve("--store", url)
    yard = tmp_path / "yard"
    with connected(serving.address) as stubs:
        request = v1.WatchTasksRequest(parent=PROJECT, heartbeat_interval={"nanos": 100_000_000})
        token = next(iter(stubs.tasks.WatchTasks(request, timeout=10))).resume_token
        names = run_all_kinds(stubs)
        seen, token = feed_from(stubs, token, set(names))
        building = build(stubs, yard, "a", "b")
        ours = "application_name LIKE 'wharfinger %'"
        postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")
        assert stubs.wait(building).state == SUCCEEDED
        killed = [build(stubs, yard, *(f"k{i}" for i in range(8))) for _ in range(3)]
        once = stubs.create("pg", "harbour.once", params={"seconds": 1000}).name
        time.sleep(0.5)
    serving.kill()
    serving = serve("--store", url)
    with connected(serving.address) as stubs:
        assert {stubs.wait(name, 30).state for name in killed} == {SUCCEEDED}
        assert (stubs.wait(once).state, stubs.wait(building).state) == (FAILED, SUCCEEDED)
        assert "ended while it ran this attempt" in stubs.wait(once).failure.message
        after, _ = feed_from(stubs, token, {building, *killed, once})
        for name in (*names, building, *killed, once):
            mine = [event.sequence for event in (*seen, *after) if event.task == name]
            assert mine == list(range(1, stubs.wait(name).last_sequence + 1)), name
        tokens = {entry.token for name in (building, *killed) for entry in ledger(stubs, name)}
        stubs.tasks.DeleteTask(v1.DeleteTaskRequest(name=names[0]))
    assert serving.stop() == 0
    assert {thing.name for thing in (yard / "things").iterdir()} == tokens
    assert len(tokens) == 26


def ledger(stubs: Stubs, name: str) -> list[ledger_pb2.LedgerEntry]:
    """Return the entries of a task's ledger."""
    return list(stubs.tasks.ListLedgerEntries(v1.ListLedgerEntriesRequest(parent=name, page_size=100)).entries)


@pytest.mark.timeout(150)
def test_a_connection_that_is_open_and_silent_is_noticed_told_and_replaced(
    postgres: Cluster,  # noqa: F811
    tmp_path: Path,
    serve: Callable[..., Serving],
) -> None:
    proxy = Proxy(tmp_path, postgres.folder, tcp=True)
    try:
        url = postgres.database().replace(f"host={postgres.folder}", f"host=127.0.0.1&port={proxy.port}")
        serving = serve(environ={"WHARFINGER_STORE__URL": url, "WHARFINGER_STORE__DEADLINE": "8s"})
        with connected(serving.address) as stubs:
            health = health_pb2_grpc.HealthStub(stubs.channel)

            def until(status: int) -> None:
                """Wait for the server's health to be so."""
                while health.Check(health_pb2.HealthCheckRequest()).status != status:
                    time.sleep(0.05)

            stubs.wait(stubs.create("pg", "harbour.noop").name)
            proxy.freeze()
            going = stubs.tasks.CreateTask.future(create_request("pg", "harbour.noop"), timeout=60)
            until(health_pb2.HealthCheckResponse.NOT_SERVING)
            until(health_pb2.HealthCheckResponse.SERVING)
            assert stubs.wait(going.result().name).state == SUCCEEDED
            assert len(stubs.tasks.ListTasks(v1.ListTasksRequest(parent=PROJECT), timeout=10).tasks) == 2
        assert "the database is not well" in serving.log()
        assert "has not answered for 8 s; the connection is dropped" in serving.log()
        assert serving.stop() == 0
    finally:
        proxy.close()
