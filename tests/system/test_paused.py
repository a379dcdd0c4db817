"""Paused past its lease and revived: what was made late is in the ledger, and nothing is made twice unknown."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.campaigns.crash.checking import check
from tests.campaigns.crash.house import configure
from tests.campaigns.crash.people import WHAT
from tests.postgres import Cluster, postgres  # noqa: F401  # the fixture
from tests.servers.cloud import Cloud
from tests.servers.cloud_oracle import Oracle
from tests.servers.nursery import Forked, Nursery

import wharfinger
from wharfinger import LedgerEntryState, TaskState

pytestmark = pytest.mark.processes

HOOK = "tests.campaigns.crashpoints.scene:quicken"
SETTINGS = '[limits]\ncancel_grace = "0.2s"\nlease_ttl = "1s"\n'
RESTS = 30.0


class Holding(Oracle):
    """Holds the answer of a call, or the call itself, until `release` is set; `reached` tells that it came."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.release = threading.Event(), threading.Event()
        self._held: tuple[str, bool] | None = None

    def hold(self, call: str, *, done: bool) -> None:
        """Hold the next `call`: once it is `done`, or before it is."""
        self._held = (call, done)

    def around(self, call: str, do: Callable[[], Any]) -> tuple[str, Any]:
        """Do as the plain oracle, but for the call that is held."""
        with self.lock:
            held, done = self._held or ("", False)
            if held != call:
                held = ""
            else:
                self._held = None
                self.calls.append(call)
        if not held:
            return super().around(call, do)
        answer = do() if done else None
        self.reached.set()
        assert self.release.wait(60)
        return "", answer if done else do()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def oracle() -> Holding:
    return Holding()


@pytest.fixture
def server(nursery: Nursery, oracle: Holding, tmp_path: Path) -> Iterator[Forked]:
    with Cloud(oracle) as cloud:
        configure(tmp_path, cloud, SETTINGS)
        server = Forked(nursery, tmp_path, hook=HOOK)
        try:
            yield server
        finally:
            oracle.release.set()
            server.kill()


@pytest.fixture
def client(server: Forked) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(server.address) as client:
        yield client


def deploy(client: wharfinger.Client, provider: str, executor: str = "thread", **policy: Any) -> wharfinger.Handle:
    """Ask for one node."""
    return client.submit(
        "compute.deploy", {**WHAT[provider], "name": "web-1"}, executor=executor, policy=policy, request_id="once"
    )


def until(there: Callable[[], bool], seconds: float = RESTS) -> None:
    """Return when `there` is true."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def node(client: wharfinger.Client, task: wharfinger.Handle) -> wharfinger.models.LedgerEntry:
    """Return the ledger's entry of the node."""
    return next(entry for entry in client.ledger(task.name) if entry.key == "node/web-1")


def agrees(client: wharfinger.Client, oracle: Oracle, name: str) -> None:
    """Check the ledger against what exists."""
    alive = [thing for thing in oracle.things.values() if not thing.gone]
    assert check(client.get(name), list(client.ledger(name)), alive) == []


@pytest.mark.timeout(90)
def test_an_answer_that_comes_after_its_thing_was_found_changes_nothing(
    client: wharfinger.Client, oracle: Holding
) -> None:
    oracle.hold("RunInstances", done=True)
    task = deploy(client, "ec2")
    assert oracle.reached.wait(RESTS)
    task.cancel()
    assert task.wait(RESTS).state is TaskState.PARTIALLY_FAILED
    entry, events = node(client, task), list(client.events(task.name))
    assert [entry.external_id] == oracle.everything()
    oracle.release.set()
    time.sleep(1)
    assert node(client, task) == entry
    assert list(client.events(task.name)) == events
    task.rollback()
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    assert oracle.everything() == []


@pytest.mark.timeout(90)
@pytest.mark.parametrize(("provider", "call"), [("ec2", "RunInstances"), ("openstack", "POST /servers")])
def test_what_is_made_after_its_task_settled_is_in_the_ledger_and_can_be_rolled_back(
    client: wharfinger.Client, oracle: Holding, provider: str, call: str
) -> None:
    oracle.hold(call, done=False)
    task = deploy(client, provider)
    assert oracle.reached.wait(RESTS)
    task.cancel()
    assert task.wait(RESTS).state is TaskState.CANCELLED
    first = client.get(task.name).failure
    assert node(client, task).state is LedgerEntryState.NOT_CREATED
    oracle.release.set()
    until(lambda: client.get(task.name).state is TaskState.PARTIALLY_FAILED)
    assert [node(client, task).external_id] == oracle.everything()
    assert client.get(task.name).failure == first
    assert [event for event in client.events(task.name) if getattr(event, "reason", "") == "LATE_EVIDENCE"]
    task.rollback()
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    assert oracle.everything() == []


@pytest.mark.timeout(90)
def test_what_is_made_beside_a_later_attempt_is_an_entry_of_its_own(client: wharfinger.Client, oracle: Holding) -> None:
    oracle.hold("POST /servers", done=False)
    task = deploy(client, "openstack", attempt_timeout=3, max_attempts=20, retry_backoff=0.1)
    assert task.wait(RESTS).state is TaskState.SUCCEEDED
    (made,) = oracle.everything()
    oracle.release.set()
    until(lambda: client.get(task.name).state is TaskState.PARTIALLY_FAILED)
    ledger = {entry.key: entry for entry in client.ledger(task.name)}
    assert ledger["node/web-1"].external_id == made
    (late,) = set(oracle.everything()) - {made}
    assert (ledger["node/web-1~1"].external_id, ledger["node/web-1~1"].owned) == (late, True)
    task.rollback()
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    assert oracle.everything() == []


@pytest.mark.timeout(90)
def test_an_undo_that_ends_after_another_one_did_it_changes_nothing(client: wharfinger.Client, oracle: Holding) -> None:
    task = deploy(client, "ec2", undo_timeout=1.5)
    assert task.wait(RESTS).state is TaskState.SUCCEEDED
    oracle.hold("TerminateInstances", done=False)
    task.rollback()
    assert oracle.reached.wait(RESTS)
    assert task.wait(RESTS).state is TaskState.ROLLBACK_FAILED
    assert node(client, task).state is LedgerEntryState.UNDO_FAILED
    task.rollback()
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    entry, events = node(client, task), list(client.events(task.name))
    oracle.release.set()
    time.sleep(1)
    assert (node(client, task), list(client.events(task.name))) == (entry, events)
    assert client.get(task.name).state is TaskState.ROLLED_BACK
    assert oracle.everything() == []


@pytest.mark.timeout(90)
@pytest.mark.parametrize(
    ("provider", "call", "executor"),
    [("ec2", "RunInstances", "asyncio"), ("openstack", "POST /servers", "thread")],
)
def test_a_server_stopped_past_its_leases_goes_on_and_makes_nothing_twice(
    server: Forked, client: wharfinger.Client, oracle: Holding, provider: str, call: str, executor: str
) -> None:
    oracle.hold(call, done=True)
    task = deploy(client, provider, executor)
    assert oracle.reached.wait(RESTS)
    server.signal(signal.SIGSTOP)
    time.sleep(2.5)  # more than the lease, and than the call's windows
    oracle.release.set()
    server.signal(signal.SIGCONT)
    if task.wait(RESTS).state is not TaskState.SUCCEEDED:  # the call's time was over
        assert [node(client, task).external_id] == oracle.everything()
        task.resume()
        assert task.wait(RESTS).state is TaskState.SUCCEEDED
    assert len(oracle.everything()) == 1
    agrees(client, oracle, task.name)
    task.rollback()
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    assert oracle.everything() == []


@pytest.mark.timeout(120)
def test_a_server_stopped_while_another_took_its_database_changes_nothing_but_late_evidence(
    nursery: Nursery,
    oracle: Holding,
    tmp_path: Path,
    postgres: Cluster,  # noqa: F811
) -> None:
    url = postgres.database()
    with Cloud(oracle) as cloud:
        folders = [tmp_path / "first", tmp_path / "second"]
        for folder in folders:
            folder.mkdir()
            configure(folder, cloud, SETTINGS)
        first = Forked(nursery, folders[0], ["--store", url], hook=HOOK)
        oracle.hold("POST /servers", done=False)
        try:
            with wharfinger.Client(first.address) as client:
                name = deploy(client, "openstack").name
                assert oracle.reached.wait(RESTS)
                first.signal(signal.SIGSTOP)
            # As a database that no longer hears of a machine does.
            postgres.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'wharfinger %'"
            )
            second = Forked(nursery, folders[1], ["--store", url], hook=HOOK)
            try:
                with wharfinger.Client(second.address) as client:
                    task = client.handle(name)
                    assert task.wait(RESTS).state is TaskState.SUCCEEDED
                    (made,) = oracle.everything()
                    first.signal(signal.SIGCONT)
                    oracle.release.set()
                    until(lambda: len(oracle.everything()) == 2)
                    time.sleep(1)  # the first one has its answer, and nowhere to write it
                    assert [entry.external_id for entry in client.ledger(name)] == [made]
                second.signal(signal.SIGTERM)
                second.wait()
            finally:
                second.kill()
            with wharfinger.Client(first.address) as client:
                task = client.handle(name)
                until(lambda: client.get(name).state is TaskState.PARTIALLY_FAILED)
                assert {entry.external_id for entry in client.ledger(name)} == set(oracle.everything())
                task.rollback()
                assert task.wait(RESTS).state is TaskState.ROLLED_BACK
            assert oracle.everything() == []
        finally:
            oracle.release.set()
            first.kill()
