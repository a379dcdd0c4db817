"""What a shell completes to, asked as the shells' own functions ask; and tasks by a part of their id."""

from __future__ import annotations

import time

import pytest
from tests.cli.conftest import Shell

pytestmark = pytest.mark.processes


def completed(wharf: Shell, *words: str) -> list[str]:
    """Return what bash is offered for the last of `words`."""
    line = ["wharfinger", *words]
    said = wharf.apart(_WHARFINGER_COMPLETE="bash_complete", COMP_WORDS="\n".join(line), COMP_CWORD=str(len(line) - 1))
    assert said.err == ""
    return [line.partition(",")[2] for line in said.out.splitlines() if line]


@pytest.fixture
def tasks(wharf: Shell) -> list[str]:
    names = ["alpha-1", "alpha-2", "beta"]
    for name in names:
        assert wharf("submit", "harbour.noop", "--task-id", name, "--watch").code == 0
    return names


def test_the_shell_is_told_what_the_server_knows(wharf: Shell, tasks: list[str]) -> None:
    assert completed(wharf, "show", "") == ["beta", "alpha-2", "alpha-1"]
    assert completed(wharf, "cancel", "alpha-1", "al") == ["alpha-2"]
    assert completed(wharf, "submit", "harbour.noo") == ["harbour.noop"]
    assert completed(wharf, "ls", "--script", "harbour.noo") == ["harbour.noop"]
    assert completed(wharf, "submit", "harbour.noop", "--executor", "a") == ["asyncio"]
    assert completed(wharf, "submit", "harbour.half", "pa") == ["pause="]
    assert completed(wharf, "rerun", "beta", "zzz") == []
    assert completed(wharf, "ls", "--state", "SUC") == ["succeeded"]
    assert completed(wharf, "wa") == ["watch", "wait", "wait-ready"]


def test_keys_are_those_of_the_task(wharf: Shell) -> None:
    wharf("submit", "harbour.half", "--task-id", "torn", "--watch")
    assert completed(wharf, "resolve", "torn", "crate/t") == ["crate/two"]
    assert completed(wharf, "rollback", "torn", "--only", "crate/o") == ["crate/one"]


def test_without_a_server_nothing_is_said_and_soon(nobody: Shell) -> None:
    began = time.process_time(), time.monotonic()
    assert completed(nobody, "show", "") == []
    assert completed(nobody, "resolve", "some", "") == []
    assert completed(nobody, "submit", "harbour.noop", "p") == []
    assert time.monotonic() - began[1] < 30
    said = nobody.apart(
        "--server", "not:an:address", _WHARFINGER_COMPLETE="bash_complete",
        COMP_WORDS="wharfinger\n--server\nnot:an:address\nshow\n", COMP_CWORD="4",
    )  # fmt: skip
    assert (said.out.strip(), said.err) == ("", "")


def test_a_task_is_read_by_a_part_of_its_id_and_an_ambiguous_part_lists_whose_it_is(
    wharf: Shell, tasks: list[str]
) -> None:
    for part in ("bet", "eta", "b…ta", "be...a"):
        assert wharf("show", part, "-o", "json").json["name"].endswith("/tasks/beta")
    assert wharf("events", "bet").code == wharf("ledger", "bet").code == wharf("logs", "bet").code == 0
    # As it was called before.
    assert wharf("resources", "bet").out == wharf("ledger", "bet").out
    assert wharf("wait", "bet").code == 0
    several = wharf("show", "alpha")
    assert several.code == 2
    assert "any of 2 tasks" in several.err
    assert "alpha-1  harbour.noop, SUCCEEDED" in several.err
    assert "alpha-2  harbour.noop, SUCCEEDED" in several.err


def test_a_part_that_fits_none_or_is_too_short_is_told_as_before(wharf: Shell, tasks: list[str]) -> None:
    for part in ("gamma", "be"):
        none = wharf("show", part)
        assert none.code == 5
        assert "there is no task" in none.err


def test_what_changes_a_task_takes_its_whole_id(wharf: Shell, tasks: list[str]) -> None:
    for command in (["delete", "bet"], ["cancel", "bet"], ["rollback", "bet"], ["resume", "bet"], ["rerun", "bet"]):
        assert wharf(*command).code == 5, command
    assert wharf("resolve", "bet", "key", "gone").code == 5
    assert wharf("show", "beta").code == 0


def test_a_whole_id_is_never_taken_for_a_part_of_another(wharf: Shell) -> None:
    for name in ("one", "one-more"):
        wharf("submit", "harbour.noop", "--task-id", name, "--watch")
    assert wharf("show", "one", "-o", "json").json["name"].endswith("/tasks/one")
