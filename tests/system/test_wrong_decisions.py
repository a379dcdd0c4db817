"""What people ask of half-done tasks and cannot have: refused with the reason, and the ledger stays as it was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from tests.rpc.wire import Stubs, Told, refused
from tests.servers.serving import Serving
from tests.system.conftest import make_package
from tests.system.documented import as_promised
from tests.system.lying import ASYNC

import wharfinger
from wharfinger import LedgerEntryState, TaskState, Verdict
from wharfinger.v1 import ledger_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

RESTS = 20


@pytest.fixture
def client(server: Serving, project: str) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(server.address, project=project) as client:
        yield client


def half(client: wharfinger.Client, folder: Path, **params: Any) -> wharfinger.Handle:
    """Make a, and b which depends on it; c is refused."""
    asked = {"yard": str(folder), "keys": ["a", "b", "c"], "after": {"b": ["a"]}, "refuse": ["c"], **params}
    task = client.submit("harbour.build", asked)
    assert task.wait(RESTS).state is TaskState.PARTIALLY_FAILED
    return task


def ledger(stubs: Stubs, name: str) -> list[ledger_pb2.LedgerEntry]:
    """Return all that the ledger says."""
    return list(stubs.tasks.ListLedgerEntries(v1.ListLedgerEntriesRequest(parent=name)).entries)


def told(stubs: Stubs, request: Message) -> Told:
    """Ask for what is refused; return what is said, checked against what the API promises."""
    method = type(request).__name__.removesuffix("Request")
    return as_promised(refused(getattr(stubs.tasks, method), request, timeout=20))


def resolving(name: str, key: str, verdict: str, **more: str) -> v1.ResolveLedgerEntryRequest:
    number = v1.LedgerVerdict.Value(f"LEDGER_VERDICT_{verdict}")
    return v1.ResolveLedgerEntryRequest(name=name, key=key, verdict=number, **more)


# ---------------------------------------------------------------- keys and etags


@pytest.mark.parametrize("field", ["only", "retain"])
@pytest.mark.parametrize("validate_only", [False, True])
def test_a_rollback_of_unknown_keys_is_refused_whole(
    client: wharfinger.Client, stubs: Stubs, tmp_path: Path, field: str, validate_only: bool
) -> None:
    task = half(client, tmp_path)
    before = ledger(stubs, task.name)
    request = v1.RollbackTaskRequest(name=task.name, validate_only=validate_only, **{field: ["thing/a", "thing/z"]})
    said = told(stubs, request)
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "KEY_UNKNOWN")
    assert said.metadata == {"key": "thing/z"}
    assert "the ledger has no thing/z; list the resources" in said.message
    assert client.get(task.name).state is TaskState.PARTIALLY_FAILED
    assert ledger(stubs, task.name) == before


def test_a_decision_about_what_changed_since_is_refused(
    client: wharfinger.Client, stubs: Stubs, tmp_path: Path
) -> None:
    task = half(client, tmp_path)
    old = client.get(task.name).etag
    task.resolve("thing/b", Verdict.FORGET)
    before = ledger(stubs, task.name)
    for request in (
        v1.RollbackTaskRequest(name=task.name, etag=old),
        v1.ResumeTaskRequest(name=task.name, etag=old),
        resolving(task.name, "thing/a", "RETAIN", etag=old),
    ):
        said = told(stubs, request)
        assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
        assert "read it again" in said.message
        assert said.metadata["etag"] == client.get(task.name).etag
    assert ledger(stubs, task.name) == before
    assert task.rollback(etag=client.get(task.name).etag).state is TaskState.ROLLING_BACK


# ---------------------------------------------------------------- verdicts


def test_a_verdict_on_what_is_unknown_or_closed_is_refused(
    client: wharfinger.Client, stubs: Stubs, tmp_path: Path
) -> None:
    task = half(client, tmp_path)
    task.resolve("thing/b", Verdict.RETAIN)
    before = ledger(stubs, task.name)
    said = told(stubs, resolving(task.name, "thing/z", "FORGET"))
    assert (said.reason, said.metadata) == ("KEY_UNKNOWN", {"key": "thing/z"})
    verdicts = {"CREATED", "NOT_CREATED", "RETAIN", "FORGET"}
    for key, state, same in (("thing/b", "RETAINED", "RETAIN"), ("thing/c", "NOT_CREATED", "NOT_CREATED")):
        # What is the case already may be said again.
        assert client.resolve(task.name, key, same).last_sequence == client.get(task.name).last_sequence
        for verdict in sorted(verdicts - {same}):
            said = told(stubs, resolving(task.name, key, verdict, external_id="x"))
            assert said.reason == "STATE_FORBIDS"
            assert said.metadata["state"] == state
            assert f"{key} is {state}" in said.message
    said = told(stubs, resolving(task.name, "thing/a", "NOT_CREATED"))
    assert "possible: RETAIN, FORGET" in said.message
    assert ledger(stubs, task.name) == before
    assert client.get(task.name).state is TaskState.PARTIALLY_FAILED


def test_a_verdict_with_an_id_that_cannot_be_is_refused(
    client: wharfinger.Client, stubs: Stubs, tmp_path: Path
) -> None:
    task = half(client, tmp_path)
    before = ledger(stubs, task.name)
    said = told(stubs, resolving(task.name, "thing/a", "RETAIN", external_id="another"))
    assert (said.reason, said.fields) == ("INVALID_ARGUMENT", ["external_id"])
    assert before[0].external_id in said.message
    assert ledger(stubs, task.name) == before


@pytest.fixture(scope="module")
def liars(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Return a server with a script that adopts."""
    folder = tmp_path_factory.mktemp("liars")
    serving = Serving(folder, environ=make_package(folder / "site", "lie", thing=ASYNC))
    try:
        yield serving
    finally:
        serving.kill()


def test_a_verdict_on_what_was_adopted_or_with_the_id_of_another_entry_is_refused(
    liars: Serving, tmp_path: Path
) -> None:
    (tmp_path / "find-b").write_text("none")
    params = {"folder": str(tmp_path), "keys": ["a", "b"], "adopt": ["old"], "lose": ["b"]}
    with wharfinger.Client(liars.address) as client:
        task = client.submit("lie.thing", params)
        assert task.wait(RESTS).state is TaskState.PARTIALLY_FAILED
        before = list(task.ledger())
        for verdict in Verdict:
            with pytest.raises(wharfinger.FailedPrecondition, match="old is CREATED and not owned") as caught:
                task.resolve("old", verdict)
            assert caught.value.reason == "STATE_FORBIDS"
        for held in ("id-a", "id-old"):
            with pytest.raises(wharfinger.FailedPrecondition, match="an id belongs to one entry"):
                task.resolve("b", Verdict.CREATED, external_id=held)
        with pytest.raises(wharfinger.InvalidArgument, match="the id of b is needed"):
            task.resolve("b", Verdict.CREATED)
        with pytest.raises(wharfinger.FailedPrecondition, match="has no id, so there is nothing to take over"):
            task.resolve("b", Verdict.RETAIN)
        assert list(task.ledger()) == before
        assert task.resolve("b", Verdict.CREATED, external_id="id-b").state is TaskState.PARTIALLY_FAILED


# ---------------------------------------------------------------- at the wrong moment


def test_a_running_task_is_neither_rolled_back_resumed_nor_resolved(
    client: wharfinger.Client, stubs: Stubs, tmp_path: Path
) -> None:
    task = client.submit("harbour.build", {"yard": str(tmp_path), "keys": ["a", "b"], "pause": 1.0})
    while not any(entry.state is LedgerEntryState.CREATED for entry in task.ledger()):
        time.sleep(0.05)
    for request in (
        v1.RollbackTaskRequest(name=task.name),
        v1.RollbackTaskRequest(name=task.name, validate_only=True),
        v1.ResumeTaskRequest(name=task.name),
        resolving(task.name, "thing/a", "FORGET"),
    ):
        said = told(stubs, request)
        assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "STATE_FORBIDS")
        assert said.metadata["state"] == "RUNNING"
        assert "is RUNNING" in said.message
        assert "possible: cancel" in said.message
    assert len(task.result(RESTS)["things"]) == 2


def test_while_it_is_rolled_back_a_task_is_neither_resumed_nor_resolved_nor_deleted(
    client: wharfinger.Client, stubs: Stubs, tmp_path: Path
) -> None:
    task = half(client, tmp_path, pause=0.5)
    task.rollback()
    for request in (
        v1.ResumeTaskRequest(name=task.name),
        v1.DeleteTaskRequest(name=task.name),
        resolving(task.name, "thing/a", "RETAIN"),
        v1.RollbackTaskRequest(name=task.name, retain=["thing/a"]),
    ):
        said = told(stubs, request)
        assert (said.reason, said.metadata["state"]) == ("STATE_FORBIDS", "ROLLING_BACK")
        assert "possible: cancel" in said.message
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    assert list((tmp_path / "things").iterdir()) == []


@pytest.mark.parametrize("same", [True, False])
def test_of_two_rollbacks_at_once_one_is_done_and_the_other_told(
    client: wharfinger.Client, stubs: Stubs, tmp_path: Path, same: bool
) -> None:
    task = half(client, tmp_path, pause=0.2)

    def ask(number: int) -> task_pb2.TaskState | Told:
        """Roll back; return the state, or the refusal."""
        request = v1.RollbackTaskRequest(name=task.name, request_id="one" if same else f"r{number}")
        try:
            return stubs.tasks.RollbackTask(request, timeout=20).state
        except grpc.RpcError:
            return told(stubs, request)

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(ask, range(8)))
    done = [answer for answer in answers if answer == task_pb2.TASK_STATE_ROLLING_BACK]
    assert len(done) == (8 if same else 1)
    assert {answer.reason for answer in answers if isinstance(answer, Told)} <= {"STATE_FORBIDS"}
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    deleted = [line for line in (tmp_path / "calls").read_text().splitlines() if line.startswith("delete")]
    assert len(deleted) == len(set(deleted)) == 2


def test_nothing_is_made_after_a_cancel_and_what_was_made_is_in_the_ledger(
    client: wharfinger.Client, tmp_path: Path
) -> None:
    params = {"yard": str(tmp_path), "keys": [f"k{number}" for number in range(40)], "pause": 0.05}
    task = client.submit("harbour.build", params)
    while not any(entry.state is LedgerEntryState.CREATED for entry in task.ledger()):
        time.sleep(0.02)
    task.cancel("enough")
    assert task.wait(RESTS).state is TaskState.PARTIALLY_FAILED
    made = {place.read_text().split()[0] for place in (tmp_path / "things").iterdir()}
    alive = {entry.external_id for entry in task.ledger() if entry.state is LedgerEntryState.CREATED}
    assert 0 < len(made) < 40
    assert alive == made
    time.sleep(0.3)
    assert len(list((tmp_path / "things").iterdir())) == len(made)
