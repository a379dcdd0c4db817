"""Databases that earlier servers left in the middle of their work, served by today's: nothing is lost, and all goes on.

`python -m tests.upgrade.make COMMIT` makes them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.postgres import Cluster, postgres
from tests.rpc.wire import Stubs, connected, create_request, refused
from tests.servers.serving import Serving
from tests.upgrade import dump, earlier, scene
from tests.upgrade.make import DATABASES
from tests.upgrade.todays_words import todays_words

from wharfinger.v1 import task_pb2, task_service_pb2
from wharfinger_server.store.migrations import versions
from wharfinger_server.store.tables import schema

pytestmark = pytest.mark.processes

__all__ = ["postgres"]

COMMITS = sorted(path.name for path in DATABASES.iterdir())
UNFINISHED = {"QUEUED", "RUNNING", "CANCELLING", "ROLLING_BACK"}
ENUM = task_pb2.TaskState.DESCRIPTOR.values_by_name
ENDS = {
    "running": "SUCCEEDED",
    "queued": "SUCCEEDED",
    "sealed": "SUCCEEDED",
    "calling": "SUCCEEDED",
    "retrying": "SUCCEEDED",
    "cancelling": "CANCELLED",
    "undoing": "FAILED",
    "later": "QUEUED",
}
"""Where each task that an earlier server left unfinished comes to."""


@dataclass
class Upgraded:
    """Today's server over an earlier one's database: what that one said of it, and what this one did at first."""

    stubs: Stubs
    folder: Path
    before: dict[str, Any]
    after: dict[str, Any]

    def task(self, name: str) -> task_pb2.Task:
        request = task_service_pb2.GetTaskRequest(name=named(name))
        return self.stubs.tasks.GetTask(request, timeout=10)

    def resting(self) -> list[str]:
        """Return the names of the tasks that were at rest."""
        return [name for name, task in self.before["tasks"].items() if state(task) not in UNFINISHED]


def named(task: str) -> str:
    return f"projects/{scene.PROJECT}/tasks/{task}"


def state(task: scene.Said) -> str:
    return str(task["state"]).removeprefix("TASK_STATE_")


def assert_said(after: Any, before: Any, place: str) -> None:
    """Assert that nothing of what was said `before` is missing or another in `after`, which may say more."""
    if isinstance(before, dict):
        for name, value in before.items():
            assert name in after, f"{place}: {name} is said no more"
            assert_said(after[name], value, f"{place}.{name}")
    elif isinstance(before, list):
        assert len(after) == len(before), place
        for number, value in enumerate(before):
            assert_said(after[number], value, f"{place}[{number}]")
    else:
        assert after == before, place


@pytest.fixture(
    scope="module", params=[(commit, kind) for commit in COMMITS for kind in ("sqlite", "postgresql")], ids="-".join
)
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    commit, kind = request.param
    folder = tmp_path_factory.mktemp("upgraded")
    before = json.loads((DATABASES / commit / f"{kind}.json").read_text())
    before = {name: value if name == "files" else todays_words(value) for name, value in before.items()}
    sql = (DATABASES / commit / f"{kind}.sql").read_text()
    for name, text in before["files"].items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    scene.write_seal_key(folder / "data")
    for gate in ("gate", "answers"):
        (folder / gate).touch()
    environ = earlier.environ()
    if kind == "sqlite":
        dump.to_sqlite(sql, folder / "data" / "wharfinger.db")
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        environ["WHARFINGER_STORE__URL"] = cluster.database()
        dump.to_postgresql(sql, environ["WHARFINGER_STORE__URL"])
    serving = Serving(folder, environ=environ)
    try:
        with connected(serving.address) as stubs:
            yield Upgraded(stubs, folder, before, scene.everything(stubs))
    finally:
        assert serving.stop() == 0, serving.log()


def test_every_revision_but_the_newest_has_a_database_that_a_server_of_it_left() -> None:
    revisions = {path.stem.removeprefix("r")[:4] for path in Path(str(versions.__file__)).parent.glob("r*.py")}
    kept = {
        revision
        for commit in COMMITS
        for revision in revisions
        if f"INSERT INTO wharfinger_version VALUES ('{revision}');" in (DATABASES / commit / "sqlite.sql").read_text()
    }
    assert revisions - {schema.REVISION} <= kept, "make them with tests/upgrade/make.py, of the last commit of each"


def test_the_databases_hold_tasks_in_every_state(upgraded: Upgraded) -> None:
    states = {state(task) for task in upgraded.before["tasks"].values()}
    assert states == {str(name).removeprefix("TASK_STATE_") for name in ENUM} - {"UNSPECIFIED"}
    entries = {entry["state"] for ledger in upgraded.before["ledgers"].values() for entry in ledger}
    kinds = "INTENDED CREATED UNCERTAIN NOT_CREATED UNDOING UNDONE UNDO_FAILED RETAINED FORGOTTEN"
    assert {f"LEDGER_ENTRY_STATE_{kind}" for kind in kinds.split()} <= entries
    assert "end_time" not in upgraded.before["tasks"][named("running")]["attempts"][0], "its attempt is open"


def test_tasks_at_rest_are_the_same(upgraded: Upgraded) -> None:
    assert upgraded.after["tasks"].keys() == upgraded.before["tasks"].keys()
    for name in upgraded.resting():
        assert_said(upgraded.after["tasks"][name], upgraded.before["tasks"][name], name)


def test_ledgers_at_rest_are_the_same(upgraded: Upgraded) -> None:
    for name in upgraded.resting():
        assert_said(upgraded.after["ledgers"][name], upgraded.before["ledgers"][name], name)


def test_all_that_was_told_is_still_told(upgraded: Upgraded) -> None:
    for name, events in upgraded.before["events"].items():
        assert_said(upgraded.after["events"][name][: len(events)], events, name)
    for name in upgraded.resting():
        assert len(upgraded.after["events"][name]) == len(upgraded.before["events"][name]), name


def test_estimates_prices_and_catalogues_are_the_same(upgraded: Upgraded) -> None:
    for name, task in upgraded.before["tasks"].items():
        assert_said(upgraded.after["tasks"][name]["estimate"], task["estimate"], name)
    before = upgraded.before["prices"]
    del before["estimate"]["estimate_time"]  # when it was asked
    assert_said(upgraded.after["prices"], before, "prices")


def test_a_watch_of_the_project_goes_on_from_every_position_that_was_given_out(upgraded: Upgraded) -> None:
    told = upgraded.before["watch"]
    events = {
        (event["task"], int(event["sequence"])): event
        for events in upgraded.before["events"].values()
        for event in events
    }
    for number in {0, len(told) - 1, *range(0, len(told), 7)}:
        rest = [tuple(event) for message in told[number + 1 :] for event in message["events"]]
        watch = scene.Watch(upgraded.stubs, bytes.fromhex(told[number]["token"]))
        # All goes on: there is news after what was told before.
        heard = watch.until(partial(longer, rest))
        watch.end()
        assert [(event["task"], int(event["sequence"])) for event in heard[: len(rest)]] == rest
        for event in heard[: len(rest)]:
            # Of the task that was deleted the watch alone tells.
            assert_said(event, events.get((event["task"], int(event["sequence"])), {}), f"after {number}")


def test_a_watch_of_a_task_goes_on_from_every_number(upgraded: Upgraded) -> None:
    events = upgraded.before["events"][named("stuck")]
    for number in range(len(events) + 1):
        request = task_service_pb2.WatchTaskRequest(name=named("stuck"), after_sequence=number)
        told = [
            scene.said(event)
            for message in upgraded.stubs.tasks.WatchTask(request, timeout=20)
            for event in message.events.events
        ]
        assert_said(told[: len(events) - number], events[number:], f"after {number}")


def test_the_same_request_is_answered_with_the_same_task(upgraded: Upgraded) -> None:
    request = create_request(scene.PROJECT, scene.SCRIPT, task_id="partly", request_id="request-of-partly")
    request.task.params.update({"keys": ["hull", "mast", "sail"], "refuse": ["mast"], "skus": scene.SKUS})
    request.task.policy.on_failure = scene.KEEP
    uid = upgraded.before["tasks"][named("partly")]["uid"]
    assert upgraded.stubs.tasks.CreateTask(request, timeout=10).uid == uid
    request.task.params["keys"].append("oar")
    assert refused(upgraded.stubs.tasks.CreateTask, request).reason == "REQUEST_ID_REUSED"
    before = upgraded.before["tasks"][named("regretted")]
    assert_said(
        scene.said(upgraded.stubs.tasks.RollbackTask(scene.regret(named("regretted")), timeout=10)), before, "regretted"
    )


def test_a_deleted_task_stays_deleted_and_its_request_is_remembered(upgraded: Upgraded) -> None:
    asked = task_service_pb2.GetTaskRequest(name=named("deleted"))
    assert refused(upgraded.stubs.tasks.GetTask, asked).reason == "TASK_NOT_FOUND"
    request = create_request(
        scene.PROJECT, scene.SCRIPT, task_id="deleted", request_id="request-of-deleted", params={"text": "gone"}
    )
    assert upgraded.stubs.tasks.CreateTask(request, timeout=10).name == named("deleted")


@pytest.mark.parametrize("name", sorted(ENDS))
def test_what_was_unfinished_goes_on(upgraded: Upgraded, name: str) -> None:
    assert state(upgraded.before["tasks"][named(name)]) in UNFINISHED
    if ENDS[name] == "QUEUED":
        assert upgraded.task(name).state == task_pb2.TASK_STATE_QUEUED
        return
    task = upgraded.stubs.wait(named(name), 40)
    assert state(scene.said(task)) == ENDS[name], task
    assert task.end_time.ToMicroseconds() > task.create_time.ToMicroseconds()
    if name == "sealed":
        assert task.result["word"] == hashlib.sha256(scene.SEALED_WORD.encode()).hexdigest()
    for entry in scene.ledger(upgraded.stubs, named(name)):
        gone = name in ("cancelling", "undoing")
        assert entry["state"] == ("LEDGER_ENTRY_STATE_UNDONE" if gone else "LEDGER_ENTRY_STATE_CREATED")
        made = count(upgraded, f"make {entry['key']} {entry['token']}")
        assert made == 1, "nothing is made twice, and nothing was forgotten"
        assert (upgraded.folder / "yard" / entry["token"]).exists() is not gone


def longer(one: list[Any], other: list[Any]) -> bool:
    return len(other) > len(one)


def count(upgraded: Upgraded, call: str) -> int:
    return (upgraded.folder / "yard" / "calls").read_text().splitlines().count(call)


def test_what_failed_half_way_can_be_resumed(upgraded: Upgraded) -> None:
    (upgraded.folder / "room").touch()
    upgraded.stubs.tasks.ResumeTask(task_service_pb2.ResumeTaskRequest(name=named("partly")), timeout=10)
    task = upgraded.stubs.wait(named("partly"), 40)
    assert state(scene.said(task)) == "SUCCEEDED", task
    before = {entry["key"]: entry for entry in upgraded.before["ledgers"][named("partly")]}
    after = {entry["key"]: entry for entry in scene.ledger(upgraded.stubs, named("partly"))}
    assert after["hull"]["external_id"] == before["hull"]["external_id"], "what was made is used again"
    assert after.keys() == {"hull", "mast", "sail"}


@pytest.mark.parametrize(
    ("name", "end"), [("stuck", "ROLLED_BACK"), ("unsure", "ROLLED_BACK"), ("done", "ROLLED_BACK")]
)
def test_what_an_earlier_server_made_can_be_undone(upgraded: Upgraded, name: str, end: str) -> None:
    (upgraded.folder / "clear").touch()
    upgraded.stubs.tasks.RollbackTask(task_service_pb2.RollbackTaskRequest(name=named(name)), timeout=10)
    task = upgraded.stubs.wait(named(name), 40)
    assert state(scene.said(task)) == end, task
    owned = [entry for entry in scene.ledger(upgraded.stubs, named(name)) if entry.get("owned")]
    assert {entry["state"] for entry in owned} == {"LEDGER_ENTRY_STATE_UNDONE"}
    assert not any((upgraded.folder / "yard" / entry["token"]).exists() for entry in owned)
