"""An `undo` that raises or hangs and a `find` that lies: each entry says why, nothing is lost, a person can go on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.servers.serving import Serving
from tests.system.conftest import make_package
from tests.system.lying import ASYNC, PLAIN

import wharfinger
from wharfinger import LedgerEntry, LedgerEntryState, Policy, TaskState

pytestmark = pytest.mark.processes

RESTS = 20


@pytest.fixture(scope="module")
def liars(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Return a server with the package `lie`, which fences soon."""
    folder = tmp_path_factory.mktemp("liars")
    environ = make_package(folder / "site", "lie", thing=ASYNC, plain=PLAIN)
    serving = Serving(folder, environ={**environ, "WHARFINGER_LIMITS__CANCEL_GRACE": "300ms"})
    try:
        yield serving
        assert serving.process.poll() is None, "a script has ended the server"
    finally:
        serving.kill()


@pytest.fixture
def client(liars: Serving) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(liars.address, project="liars") as client:
        yield client


def behave(folder: Path, verb: str, key: str, how: str) -> None:
    """Tell a script how `verb` shall behave for `key`; "" for well."""
    (folder / f"{verb}-{key}").write_text(how)


def ledger(client: wharfinger.Client, task: wharfinger.Handle) -> dict[str, LedgerEntry]:
    return {entry.key: entry for entry in client.ledger(task.name)}


def half(client: wharfinger.Client, folder: Path, **params: Any) -> wharfinger.Handle:
    """Run a task to its failure."""
    policy = params.pop("policy", None)
    task = client.submit("lie.thing", {"folder": str(folder), **params}, policy=policy)
    assert task.wait(RESTS).state is TaskState.PARTIALLY_FAILED
    return task


# ---------------------------------------------------------------- undo


def test_undos_that_fail_each_say_why_while_the_others_go_on(client: wharfinger.Client, tmp_path: Path) -> None:
    task = half(client, tmp_path, keys=["a", "b", "c", "d", "e"], after={"e": ["d"]})
    for key, how in (("a", "raise"), ("b", "hang"), ("c", "exit"), ("e", "raise")):
        behave(tmp_path, "undo", key, how)
    task.rollback()
    ended = task.wait(RESTS)
    assert ended.state is TaskState.ROLLBACK_FAILED
    assert ended.rollback_failure is not None
    assert (ended.rollback_failure.reason, ended.rollback_failure.metadata["count"]) == ("UNDO_FAILED", "5")
    entries = ledger(client, task)
    why = {key: entry.failure.message if entry.failure else "" for key, entry in entries.items()}
    assert {entry.state for key, entry in entries.items() if key != "d"} == {LedgerEntryState.UNDO_FAILED}
    assert "nobody may take id-a away" in why["a"]
    assert "Timeout" in why["b"]
    assert "SystemExit: 3" in why["c"]
    assert entries["d"].state is LedgerEntryState.CREATED
    assert entries["d"].blocked_by == "e, which depends on it, is UNDO_FAILED"
    assert {entry.external_id for entry in entries.values()} == {f"id-{key}" for key in "abcde"}
    for key in "abce":
        behave(tmp_path, "undo", key, "")
    task.rollback()
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    assert {entry.state for entry in ledger(client, task).values()} == {LedgerEntryState.UNDONE}


def test_an_undo_that_cannot_be_stopped_is_given_up_when_the_rollbacks_time_is_over(
    client: wharfinger.Client, tmp_path: Path
) -> None:
    task = half(client, tmp_path, keys=["a", "b"], policy=Policy(undo_timeout=0.8))
    behave(tmp_path, "undo", "a", "deaf")
    task.rollback()
    began = time.monotonic()
    assert client.submit("harbour.plain").wait(5).state is TaskState.SUCCEEDED
    ended = task.wait(RESTS)
    assert time.monotonic() - began < 3
    assert ended.state is TaskState.ROLLBACK_FAILED
    assert ended.rollback_failure is not None
    assert ended.rollback_failure.reason == "UNDO_TIMEOUT"
    assert dict(ended.rollback_failure.metadata) == {"timeout": "0.8s"}
    entries = ledger(client, task)
    assert [entries[key].state for key in "ab"] == [LedgerEntryState.UNDO_FAILED, LedgerEntryState.UNDONE]
    assert entries["a"].failure is not None
    assert "it may be gone" in entries["a"].failure.message
    behave(tmp_path, "undo", "a", "")
    task.rollback()
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK


def test_a_plain_undo_that_hangs_is_fenced_by_a_cancel_and_the_server_stays_responsive(
    client: wharfinger.Client,
) -> None:
    task = client.submit("lie.plain", {"keys": ["a", "b"], "seconds": 4})
    assert task.wait(RESTS).state is TaskState.PARTIALLY_FAILED
    task.rollback()
    while not any(entry.state is LedgerEntryState.UNDOING for entry in client.ledger(task.name)):
        time.sleep(0.02)
    began = time.monotonic()
    task.cancel("it hangs")
    ended = task.wait(RESTS)
    assert time.monotonic() - began < 2
    assert ended.state is TaskState.ROLLBACK_FAILED
    entries = ledger(client, task)
    assert {entry.state for entry in entries.values()} == {LedgerEntryState.UNDO_FAILED, LedgerEntryState.CREATED}
    assert {entry.external_id for entry in entries.values()} == {"id-a", "id-b"}


# ---------------------------------------------------------------- find


@pytest.mark.parametrize(
    ("how", "phrase"),
    [
        ("raise", "the list can't be read"),
        ("hang", "Timeout"),
        ("none", "find returned NoneType, not a list of ids"),
        ("text", "find returned str, not a list of ids"),
        ("dict", "find returned dict, not a list of ids"),
        ("number", "find returned 7 among the ids"),
        ("blank", "each must be a non-empty str"),
    ],
)
def test_a_find_that_gives_no_answer_leaves_the_entry_in_doubt_and_says_why(
    client: wharfinger.Client, tmp_path: Path, how: str, phrase: str
) -> None:
    behave(tmp_path, "find", "b", how)
    task = half(client, tmp_path, keys=["a", "b"], lose=["b"])
    entry = ledger(client, task)["b"]
    assert entry.state is LedgerEntryState.UNCERTAIN
    assert entry.failure is not None
    assert phrase in entry.failure.message
    # Later the search answers: what was asked for exists after all, and is undone with the rest.
    behave(tmp_path, "find", "b", "id-b")
    task.rollback()
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    undone = ledger(client, task)
    assert {key: (entry.state, entry.external_id) for key, entry in undone.items()} == {
        key: (LedgerEntryState.UNDONE, f"id-{key}") for key in "ab"
    }


def test_an_id_that_another_entry_holds_is_not_found_twice(client: wharfinger.Client, tmp_path: Path) -> None:
    behave(tmp_path, "find", "b", "id-a")
    entries = ledger(client, half(client, tmp_path, keys=["a", "b"], lose=["b"]))
    assert {key: (entry.state, entry.external_id) for key, entry in entries.items()} == {
        "a": (LedgerEntryState.CREATED, "id-a"),
        "b": (LedgerEntryState.NOT_CREATED, ""),
    }


def test_the_id_of_a_foreign_thing_that_was_adopted_is_not_taken_and_never_undone(
    client: wharfinger.Client, tmp_path: Path
) -> None:
    behave(tmp_path, "find", "b", "id-old")
    task = half(client, tmp_path, keys=["a", "b"], adopt=["old"], lose=["b"])
    assert ledger(client, task)["b"].state is LedgerEntryState.NOT_CREATED
    task.rollback()
    assert task.wait(RESTS).state is TaskState.ROLLED_BACK
    entries = ledger(client, task)
    assert (entries["old"].state, entries["old"].owned) == (LedgerEntryState.CREATED, False)


def test_one_id_that_is_told_twice_is_one_thing_and_two_are_both_listed(
    client: wharfinger.Client, tmp_path: Path
) -> None:
    behave(tmp_path, "find", "b", "x,x")
    behave(tmp_path, "find", "c", "y,z,y,id-a")
    entries = ledger(client, half(client, tmp_path, keys=["a", "b", "c"], lose=["b", "c"]))
    found = {key: (entry.external_id, entry.state) for key, entry in entries.items()}
    assert found == {
        "a": ("id-a", LedgerEntryState.CREATED),
        "b": ("x", LedgerEntryState.CREATED),
        "c": ("y", LedgerEntryState.CREATED),
        "c~1": ("z", LedgerEntryState.UNCERTAIN),
    }
    assert entries["c~1"].owned


def test_ids_that_no_database_could_keep_are_kept_readable(client: wharfinger.Client, tmp_path: Path) -> None:
    behave(tmp_path, "find", "b", "nul\0nul")
    entry = ledger(client, half(client, tmp_path, keys=["a", "b"], lose=["b"]))["b"]
    assert (entry.state, entry.external_id) == (LedgerEntryState.CREATED, "nul\ufffdnul")


# ---------------------------------------------------------------- keys


def test_the_same_key_twice_fails_the_attempt_and_loses_nothing(client: wharfinger.Client, tmp_path: Path) -> None:
    task = half(client, tmp_path, keys=["a", "b", "a"])
    failure = task.refresh().failure
    assert failure is not None
    assert (failure.reason, dict(failure.metadata)) == ("KEY_REUSED", {"key": "a"})
    assert {key: entry.external_id for key, entry in ledger(client, task).items()} == {"a": "id-a", "b": "id-b"}
