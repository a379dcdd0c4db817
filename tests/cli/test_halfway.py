"""Half-done tasks on the command line: what can be done is said, and done, with exact exit codes."""

import contextlib
import os
import pty
import re
import shlex
from pathlib import Path

import pytest
from tests.cli.conftest import Said, Shell


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    return tmp_path / "yard"


@pytest.fixture
def half(wharf: Shell, yard: Path) -> Said:
    """Make a, and b which depends on it; c is refused until the yard has room."""
    said = wharf(
        "submit", "harbour.build", f"yard={yard}", 'keys:=["a", "b", "c"]', 'after:={"b": ["a"]}', 'refuse:=["c"]',
        "--task-id", "half", "--watch",
    )  # fmt: skip
    assert said.code == 3, said.err
    return said


def things(yard: Path) -> list[str]:
    return [place.read_text().split()[0] for place in (yard / "things").iterdir()]


def ids(wharf: Shell, task: str = "half") -> dict[str, str]:
    return {entry["key"]: entry["external_id"] for entry in wharf("ledger", task, "-o", "json").json}


# ---------------------------------------------------------------- what is said


def test_the_report_names_the_commands_that_are_possible_now(wharf: Shell, half: Said) -> None:
    told = half.out[half.out.index("  what can be done:") :].splitlines()
    assert [line.split("  ")[2].strip() for line in told[1:4]] == [
        "wharfinger resume half",
        "wharfinger rollback half",
        "wharfinger resolve half thing/a VERDICT",
    ]
    assert told[3].endswith("VERDICT: gone, retain or forget")


def test_what_is_not_possible_is_not_offered(wharf: Shell) -> None:
    # That script has no undo; and its second crate is uncertain, so that is the one to decide about.
    said = wharf("submit", "harbour.half", "--task-id", "crates", "--watch")
    assert said.code == 3
    assert "wharfinger rollback" not in said.out
    assert "wharfinger resolve crates crate/two VERDICT" in said.out
    assert "VERDICT: created --id ID, not_created or forget" in said.out
    refused = wharf("rollback", "crates")
    assert refused.code == 5
    assert "harbour.half has no undo [NOT_SUPPORTED]" in refused.err


def test_the_ledger_is_grouped_by_state_with_ids_to_copy(wharf: Shell) -> None:
    wharf("submit", "harbour.half", "--task-id", "crates", "--watch")
    said = wharf("ledger", "crates")
    lines = said.out.splitlines()
    assert lines[0].split() == ["ID", "KEY", "TYPE", "WHY"]
    assert lines[1] == "UNCERTAIN (1): nobody can tell whether it exists"
    assert lines[2].split()[:3] == ["-", "crate/two", "yard.crate"]
    assert lines[3:] == ["CREATED (1): exists", lines[4]]
    assert lines[4].split() == ["berth-one", "crate/one", "yard.crate"]
    only = wharf("ledger", "crates", "--filter", "state = UNCERTAIN").out.splitlines()
    assert len(only) == 3


def test_ids_are_whole_on_a_narrow_terminal(wharf: Shell, half: Said) -> None:
    made = ids(wharf)
    ours, theirs = pty.openpty()
    wharf.environ |= {"TERM": "xterm-256color", "COLUMNS": "30"}
    listing = wharf.start("ledger", "half", stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes to it any more
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)
    assert listing.wait(20) == 0
    for key in ("thing/a", "thing/b"):
        assert f"  {made[key]}  {key}  yard.thing" in shown.decode()


# ---------------------------------------------------------------- rolling back


def test_a_dry_run_prints_the_plan_and_does_nothing(wharf: Shell, half: Said, yard: Path) -> None:
    made = ids(wharf)
    said = wharf("rollback", "half", "--dry-run")
    assert said.code == 0, said.err
    assert [line.split() for line in said.out.splitlines()[1:]] == [
        ["STEP", "KEY", "TYPE", "ID"],
        ["1", "thing/b", "yard.thing", made["thing/b"]],
        ["2", "thing/a", "yard.thing", made["thing/a"]],
    ]
    kept = wharf("rollback", "half", "--dry-run", "--retain", "thing/b").out
    assert "would undo 0 thing(s)\nkept (2):\n  thing/a\n  thing/b\n" in kept
    blocked = wharf("rollback", "half", "--dry-run", "--only", "thing/a").out
    assert "not undone, since something is in the way (1):\n  thing/a: thing/b, which depends on it" in blocked
    told = wharf("rollback", "half", "--dry-run", "-o", "json").json
    assert told["waves"] == [["thing/b"], ["thing/a"]]
    assert (told["retained"], told["sought"], told["blocked"]) == ([], [], {})
    assert len(things(yard)) == 2


def test_a_watched_rollback_ends_with_0_and_leaves_nothing(wharf: Shell, half: Said, yard: Path) -> None:
    said = wharf("rollback", "half", "--watch")
    assert said.code == 0, said.err
    name = f"projects/{wharf.project}/tasks/half"
    assert said.out.splitlines()[-1] == f"{name} is ROLLED_BACK: 2 undone"
    assert said.out.index("thing/b") < said.out.index("thing/a")
    assert "PARTIALLY_FAILED" not in said.out
    assert things(yard) == []
    waited = wharf("wait", "half")
    assert waited.code == 1
    assert "is ROLLED_BACK; before that it failed" in waited.out
    assert wharf("ledger", "half").out.splitlines()[1] == "UNDONE (2): made and undone"
    again = wharf("rollback", "half")
    assert again.code == 5
    assert "STATE_FORBIDS" in again.err


def test_what_is_retained_stays(wharf: Shell, half: Said, yard: Path) -> None:
    kept = ids(wharf)["thing/a"]
    said = wharf("rollback", "half", "--retain", "thing/a", "--watch")
    assert said.code == 0
    assert said.out.splitlines()[-1].endswith("is ROLLED_BACK: 1 undone, 1 retained")
    assert things(yard) == [kept]


def test_a_rollback_of_some_keys_leaves_the_task_half_done(wharf: Shell, half: Said, yard: Path) -> None:
    said = wharf("rollback", "half", "--only", "thing/b", "--watch")
    assert said.code == 3
    assert "is PARTIALLY_FAILED" in said.out
    # Only a part was undone, and can be made again.
    assert "wharfinger resume half" in said.out
    assert "wharfinger rollback half" in said.out
    assert len(things(yard)) == 1
    # What is left is one thing; with that undone the task is ROLLED_BACK for good, so nothing else is promised.
    assert "--only KEY" in half.out
    assert "--only KEY" not in said.out


def test_a_rollback_that_fails_ends_with_3_and_can_be_gone_on_with(wharf: Shell, half: Said, yard: Path) -> None:
    (yard / "stuck").touch()
    said = wharf("rollback", "half", "--watch")
    assert said.code == 3
    assert "its rollback stopped: " in said.out
    assert re.search(r"key thing/b  \(UNDO_FAILED; .*the crane does not answer", said.out)
    assert re.search(r"wharfinger resolve half thing/b VERDICT +VERDICT: not_created, retain or forget", said.out)
    assert wharf("wait", "half", "-o", "json").json["rollback_failure"]["reason"] == "UNDO_FAILED"
    assert wharf("ledger", "half").out.splitlines()[1] == "UNDO_FAILED (1): undoing failed, it may exist"
    (yard / "stuck").unlink()
    assert wharf("rollback", "half", "--watch", "-o", "json").documents[-1]["task"]["state"] == "ROLLED_BACK"
    assert things(yard) == []


def test_a_policy_rolls_back_by_itself(wharf: Shell, yard: Path) -> None:
    for word in ("roll_back", "ROLL_BACK"):
        said = wharf(
            "submit", "harbour.build", f"yard={yard}", 'keys:=["a", "b"]', "refuse=b", "--on-failure", word, "--watch"
        )
        assert said.code == 1, said.out
        assert "is FAILED: the yard has no room for b (QUOTA_EXCEEDED)" in said.out
        assert things(yard) == []


def test_a_task_that_succeeded_is_rolled_back(wharf: Shell, yard: Path) -> None:
    wharf("submit", "harbour.build", f"yard={yard}", "keys=a", "--task-id", "done", "--watch")
    assert wharf("rollback", "done").out == f"projects/{wharf.project}/tasks/done is ROLLING_BACK\n"
    assert wharf("wait", "done").code == 1
    assert things(yard) == []


# ---------------------------------------------------------------- going on


def test_a_resumed_task_makes_only_what_is_missing(wharf: Shell, half: Said, yard: Path) -> None:
    before = things(yard)
    (yard / "room").touch()
    said = wharf("resume", "half", "--watch")
    assert said.code == 0, said.out
    assert f"projects/{wharf.project}/tasks/half is SUCCEEDED" in said.out
    assert len(things(yard)) == 3
    assert set(before) < set(things(yard))
    assert wharf("resume", "half").code == 5


def test_a_resumed_task_that_fails_again_ends_with_3(wharf: Shell, half: Said, yard: Path) -> None:
    assert wharf("resume", "half", "-o", "json").code == 0  # its state may be a later one where the answer was slow
    assert wharf("wait", "half").code == 3
    gone = wharf("resume", "half", "--script-version", "9.9.9")
    assert gone.code == 5
    assert "SCRIPT_VERSION_GONE" in gone.err


# ---------------------------------------------------------------- deciding


def test_what_is_left_is_resolved_one_by_one(wharf: Shell) -> None:
    wharf("submit", "harbour.half", "--task-id", "crates", "--watch")
    name = f"projects/{wharf.project}/tasks/crates"
    said = wharf("resolve", "crates", "crate/one", "retain", "--reason", "still needed")
    assert (said.code, said.out) == (0, f"crate/one: retain; {name} is PARTIALLY_FAILED, with 1 left over\n")
    unnamed = wharf("resolve", "crates", "crate/two", "created")
    assert unnamed.code == 5
    assert "Give the provider's id by --id." in unnamed.err
    found = wharf("resolve", "crates", "crate/two", "created", "--id", "berth-two")
    assert found.out == f"crate/two: created; {name} is PARTIALLY_FAILED, with 1 left over\n"
    assert ids(wharf, "crates")["crate/two"] == "berth-two"
    last = wharf("resolve", "crates", "crate/two", "forget")
    assert last.out == f"crate/two: forget; {name} is FAILED\n"
    groups = [line for line in wharf("ledger", "crates").out.splitlines()[1:] if not line.startswith(" ")]
    assert groups == ["RETAINED (1): exists, and is no longer the task's", "FORGOTTEN (1): given up, perhaps it exists"]
    assert "1 retained" in wharf("show", "crates").out
    assert wharf("delete", "crates").code == 0


def test_what_can_not_be_is_refused_with_a_hint(wharf: Shell, half: Said) -> None:
    unknown = wharf("resolve", "half", "thing/z", "forget")
    assert unknown.code == 5
    assert "KEY_UNKNOWN" in unknown.err
    assert "`wharfinger ledger TASK` lists the keys." in unknown.err
    assert wharf("rollback", "half", "--only", "thing/z").code == 5
    assert wharf("rollback", "half", "--etag", '"old"').code == 5
    assert wharf("rollback", "nothing").code == 5
    wrong = wharf("resolve", "half", "thing/a", "retained")
    assert wrong.code == 2
    assert "'created', 'not_created', 'retain', 'forget'" in wrong.err
    both = wharf("rollback", "half", "--dry-run", "--watch")
    assert both.code == 2
    assert "give one of them" in both.err


def test_the_commands_of_a_report_can_be_copied(wharf: Shell, half: Said) -> None:
    commands = re.findall(r"wharfinger ((?:ledger|events|resolve|rollback|resume) .*?)(?:  |$)", half.out, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        words = shlex.split(command.replace("VERDICT", "retain"))
        # In the report's order: what is resumed fails again, and is rolled back.
        said = wharf(*words, *(["--watch"] if words[0] in ("resume", "rollback") else []))
        assert said.code == {"resume": 3, "rollback": 0, "resolve": 5}.get(words[0], 0), said.err


# ---------------------------------------------------------------- why, in words that are true


def test_a_rollback_that_fails_after_a_success_is_headed_by_its_true_cause(wharf: Shell, yard: Path) -> None:
    assert wharf("submit", "harbour.build", f"yard={yard}", 'keys:=["a"]', "--task-id", "well", "--watch").code == 0
    (yard / "stuck").touch()
    said = wharf("rollback", "well", "--watch")
    assert said.code == 3
    head = next(line for line in said.out.splitlines() if "is ROLLBACK_FAILED" in line)
    assert "the task had succeeded; its rollback failed: 1 thing(s) could not be undone; thing/a: " in head
    assert "nobody can tell" not in said.out + wharf("show", "well").out
    assert "the task had succeeded" in wharf("show", "well").out


def test_a_success_of_which_some_was_rolled_back_says_so(wharf: Shell, yard: Path) -> None:
    keys = 'keys:=["a", "b"]'
    assert wharf("submit", "harbour.build", f"yard={yard}", keys, "--task-id", "some", "--watch").code == 0
    said = wharf("rollback", "some", "--only", "thing/b", "--watch")
    assert said.code == 3
    assert "the task had succeeded, and then some of what it made was rolled back; 1 thing(s) are left" in said.out


def test_what_was_found_since_is_not_said_to_be_in_doubt(wharf: Shell, yard: Path) -> None:
    said = wharf(
        "submit", "harbour.build", f"yard={yard}", 'keys:=["a", "b"]', 'lose:=["a", "b"]', "--max-attempts", "3",
        "--task-id", "found", "--watch",
    )  # fmt: skip
    assert said.code == 0, said.out
    assert "in doubt: the call that makes thing/a failed" in said.out
    shown = wharf("show", "found").out
    assert "was in doubt, found since: the call that makes thing/a failed" in shown
    assert " in doubt: " not in shown.replace("was in doubt, found since: ", "")
