"""Many tasks at once: names alone, deleting and cancelling by filter, a project's watch, and one run again."""

import contextlib
import json
import select
import signal
import subprocess
from dataclasses import fields

import pytest
from tests.cli.conftest import Shell

from wharfinger import Policy
from wharfinger.cli.commands.submit import submit

pytestmark = pytest.mark.processes


def three(wharf: Shell) -> None:
    for name, env in (("a", "test"), ("b", "test"), ("c", "prod")):
        assert wharf("submit", "harbour.noop", "--task-id", name, "--label", f"env={env}", "--watch").code == 0


def names(wharf: Shell, *arguments: str) -> list[str]:
    return sorted(wharf("ls", "-q", *arguments).out.split())


def test_names_alone_are_printed_for_other_commands(wharf: Shell) -> None:
    three(wharf)
    assert wharf("ls", "-q").out == "c\nb\na\n"
    assert wharf("ls", "--quiet", "--label", "env=test").out == "b\na\n"
    assert wharf("ls", "-q", "--all-projects", "--label", "env=prod").out.splitlines()[0].startswith("projects/")
    assert (wharf("ls", "-q", "--state", "FAILED").out, wharf("ls", "-q", "--state", "FAILED").err) == ("", "")


def test_tasks_are_deleted_by_filter_after_a_question(wharf: Shell) -> None:
    three(wharf)
    asked = wharf("delete", "--label", "env=test", stdin="n\n")
    assert (asked.code, names(wharf)) == (5, ["a", "b", "c"])
    assert "2 tasks" in asked.err
    assert "b" in asked.err.split()
    assert wharf("delete", "--label", "env=test", stdin="y\n").code == 0
    assert names(wharf) == ["c"]
    done = wharf("delete", "--state", "SUCCEEDED", "--yes", "-o", "json")
    assert [one["deleted"] for one in done.documents] == [True]
    assert names(wharf) == []
    nothing = wharf("delete", "--state", "SUCCEEDED", "--yes")
    assert (nothing.code, nothing.out, "there are no such tasks" in nothing.err) == (0, "", True)


def test_nobody_to_ask_is_no_yes(wharf: Shell) -> None:
    three(wharf)
    said = wharf.apart("delete", "--label", "env=test")
    assert (said.code, "--yes" in said.err, len(names(wharf))) == (2, True, 3)


def test_what_is_refused_stops_none_of_the_others(wharf: Shell) -> None:
    three(wharf)
    wharf("submit", "harbour.half", "--task-id", "half", "--watch")
    said = wharf("delete", "--all", "--yes")
    assert (said.code, names(wharf)) == (5, ["half"])
    assert "half" in said.err
    assert "may be alive" in said.err
    assert len(said.out.splitlines()) == 3


def test_named_tasks_go_on_after_one_that_is_refused(wharf: Shell) -> None:
    three(wharf)
    said = wharf("delete", "a", "nope", "b")
    assert (said.code, names(wharf), "nope" in said.err) == (5, ["c"], True)


def test_tasks_are_cancelled_by_filter(wharf: Shell) -> None:
    for name in ("x", "y"):
        wharf("submit", "harbour.count", "steps=1000", "pause=0.1", "--task-id", name, "--label", "of=us")
    assert wharf("cancel", "--label", "of=us", "--script", "harbour.count", "--yes", "--reason", "enough").code == 0
    for name in ("x", "y"):
        assert wharf("wait", name, "--timeout", "20s").code == 1
    # Those at rest are none of its business.
    assert "no such tasks" in wharf("cancel", "--label", "of=us", "--yes").err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("delete",), "name the tasks"),
        (("cancel",), "name the tasks"),
        (("delete", "a", "--state", "FAILED"), "either"),
        (("delete", "a", "--all"), "either"),
        (("delete", "--state", "FAILED", "--etag", "x"), "--etag is of one task"),
    ],
)
def test_which_tasks_are_meant_must_be_plain(nobody: Shell, arguments: tuple[str, ...], told: str) -> None:
    said = nobody(*arguments)
    assert said.code == 2
    assert told in said.err


def interrupted(process: subprocess.Popen[str]) -> int:
    """Press Ctrl-C, as often as it takes: Python drops one that comes in the middle of a callback of its own."""
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(1)
    raise AssertionError("it does not end by Ctrl-C")


def test_a_project_is_watched(wharf: Shell) -> None:
    wharf("submit", "harbour.count", "steps=1000", "pause=0.1", "--task-id", "before", "--label", "of=us")
    process = wharf.start(
        "ls", "--watch", "--label", "of=us", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert "before" in process.stdout.readline()
        wharf("submit", "harbour.fail", "--task-id", "new", "--label", "of=us")
        wharf("submit", "harbour.noop", "--task-id", "other", "--label", "of=them")
        said = ""
        while "SCRIPT_RAISED" not in said or "FAILED" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        assert "new  " in said
        assert "QUEUED" in said
        assert "other" not in said
        assert interrupted(process) == 130
    finally:
        process.kill()
        process.communicate()
        wharf("cancel", "before")


def test_a_project_is_watched_by_programs_and_only_the_states_that_are_asked_for(wharf: Shell) -> None:
    process = wharf.start(
        "ls", "--watch", "--state", "FAILED", "-o", "json",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        while not select.select([process.stdout], [], [], 0.2)[0]:
            wharf("submit", "harbour.fail", "--watch")
        told = json.loads(process.stdout.readline())
        assert (told["kind"], told["state"]) == ("state_changed", "FAILED")
    finally:
        process.kill()
        process.communicate()


def test_a_watch_of_a_project_takes_nothing_that_is_of_a_list(nobody: Shell) -> None:
    for more in (["--leftovers"], ["--all-projects"], ["--full"], ["--order-by", "create_time"], ["-q"]):
        said = nobody("ls", "--watch", *more)
        assert (said.code, "--watch" in said.err) == (2, True), more


def test_a_task_is_run_again_with_what_it_was_given(wharf: Shell) -> None:
    wharf(
        "submit", "harbour.count", "steps=2", "pause=0", "--task-id", "a", "--label", "env=test",
        "--max-attempts", "3", "--executor", "thread", "--watch",
    )  # fmt: skip
    again = wharf("rerun", "a", "--task-id", "b", "--watch")
    assert again.code == 0, again
    one, other = (wharf("show", name, "-o", "json").json for name in "ab")
    for field in ("script", "params", "labels", "executor", "result"):
        assert one[field] == other[field], field
    with wharf.client() as client:
        assert client.get("a").raw.policy == client.get("b").raw.policy
    changed = wharf("rerun", "a", "steps=1", "--watch")
    assert (changed.code, changed.out.splitlines()[-1]) == (0, "  steps: 1")
    assert wharf("rerun", "nope").code == 5
    assert wharf("rerun", "a", "stepz=1").code == 2


def test_a_task_with_sealed_params_is_run_again_only_with_them_given_anew(wharf: Shell) -> None:
    assert wharf("submit", "harbour.vault", "password=hunter2", "--task-id", "s", "--watch").code == 0
    said = wharf("rerun", "s")
    assert said.code == 5
    assert "password" in said.err
    assert "give the value itself" in said.err
    assert wharf("rerun", "s", "password=hunter3", "--watch").code == 0


def test_every_field_of_a_policy_has_an_option() -> None:
    assert {field.name for field in fields(Policy)} <= {param.name for param in submit.params}


def test_the_options_of_a_policy_reach_the_task(wharf: Shell) -> None:
    said = wharf(
        "submit", "harbour.priced", "skus:={}", "--task-id", "p", "--on-failure", "roll_back", "--on-cancel", "keep",
        "--max-attempts", "3", "--max-lost-attempts", "7", "--max-undo-attempts", "4",
        "--retry-backoff", "1500ms", "--attempt-timeout", "5m",
        "--total-timeout", "1h30m", "--undo-timeout", "90", "--not-before", "2026-11-01T00:00:00Z",
        "--priority", "-5",
        "--concurrency-key", "one", "--max-hourly-cost", "2.50 USD", "--allow-unpriced",
    )  # fmt: skip
    assert said.code == 0, said
    with wharf.client() as client:
        policy = client.get("p").raw.policy
    assert (policy.max_attempts, policy.max_lost_attempts, policy.max_undo_attempts, policy.priority) == (3, 7, 4, -5)
    assert (policy.retry_backoff.ToMilliseconds(), policy.attempt_timeout.seconds) == (1500, 300)
    assert (policy.total_timeout.seconds, policy.undo_timeout.seconds) == (5400, 90)
    assert policy.not_before_time.ToJsonString() == "2026-11-01T00:00:00Z"
    assert (policy.concurrency_key, policy.allow_unpriced) == ("one", True)
    assert (policy.max_hourly_cost.amount, policy.max_hourly_cost.currency_code) == ("2.50", "USD")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--total-timeout", "5 minutes"), "is no duration"),
        (("--max-hourly-cost", "2.50"), "such as 2.50 USD"),
        (("--max-hourly-cost", "x USD"), "such as 2.50 USD"),
        (("--max-hourly-cost", "-1 USD"), "such as 2.50 USD"),
        (("--not-before", "tomorrow"), "is no time such as 2026-11-01T00:00:00Z"),
    ],
)
def test_an_option_that_can_not_be_is_told_with_an_example(
    nobody: Shell, arguments: tuple[str, ...], told: str
) -> None:
    said = nobody("submit", "harbour.noop", *arguments)
    assert (said.code, told in said.err) == (2, True), said


def test_waiting_takes_a_duration_too(wharf: Shell) -> None:
    wharf("submit", "harbour.count", "steps=1000", "pause=0.1", "--task-id", "w")
    said = wharf("wait", "w", "--timeout", "200ms")
    assert said.code == 4
    wharf("cancel", "w")
