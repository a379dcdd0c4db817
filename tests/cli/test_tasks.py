"""Tasks on the command line, against a real server, with exact exit codes."""

import dataclasses
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.servers.serving import Serving

import wharfinger
from wharfinger.cli.commands.showing import tell_task


def read_until(read: Callable[[], str], pattern: str, seconds: float = 20) -> str:
    text, end = "", time.monotonic() + seconds
    while not re.search(pattern, text):
        assert time.monotonic() < end, f"{pattern!r} did not come; there is {text!r}"
        text += read()
    return text


# ---------------------------------------------------------------- exit codes


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("submit", "harbour.noop", "--watch"), 0),
        (("submit", "harbour.fail", "--watch"), 1),
        (("submit", "harbour.noop", "--watch", "--wach"), 2),
        (("submit", "harbour.half", "--watch"), 3),
        (("--server", "127.0.0.1:1", "submit", "harbour.noop", "--watch"), 4),
        (("submit", "harbour.nope", "--watch"), 5),
    ],
)
def test_the_exit_code_of_the_process_tells_the_end(wharf: Shell, arguments: tuple[str, ...], code: int) -> None:
    said = wharf.apart(*arguments)
    assert said.code == code, said.err
    assert "Traceback (most" not in said.err


# ---------------------------------------------------------------- submit


def test_submit_prints_the_name_and_nothing_else(wharf: Shell) -> None:
    said = wharf("submit", "harbour.noop", "--task-id", "mine", "--label", "env=test")
    assert (said.code, said.out, said.err) == (0, f"projects/{wharf.project}/tasks/mine\n", "")
    with wharf.client() as client:
        assert client.get("mine").labels == {"env": "test"}


def test_submit_and_watch_tells_the_events_and_the_result(wharf: Shell) -> None:
    said = wharf("submit", "harbour.count", "steps=3", "pause=0.2", "lines=yes", "--watch")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].startswith(f"projects/{wharf.project}/tasks/")
    assert [line.partition("log")[2].strip() for line in lines if "  log " in line] == ["step 0", "step 1", "step 2"]
    assert any("progress" in line and "/3 steps, " in line for line in lines)
    assert lines[-2].startswith(f"{lines[0]} is SUCCEEDED after ")
    assert lines[-1] == "  steps: 3"


def test_submit_and_watch_for_programs_is_one_document_a_line(wharf: Shell) -> None:
    said = wharf("submit", "harbour.count", "steps=3", "pause=0", "--watch", "-o", "json")
    assert said.code == 0
    events = said.documents
    assert events[0]["kind"] == "snapshot"
    assert events[-1]["kind"] == "snapshot"
    assert events[-1]["final"] is True
    assert events[-1]["task"]["state"] == "SUCCEEDED"
    assert events[-1]["task"]["result"] == {"steps": 3}
    numbered = [e["sequence"] for e in events if e["kind"] not in ("snapshot", "progress_update")]
    assert numbered == list(range(1, len(numbered) + 1))
    assert events[-1]["task"]["create_time"].endswith("Z")


def test_params_come_from_a_file_and_the_command_line(wharf: Shell, tmp_path: Path) -> None:
    file = tmp_path / "params.json"
    file.write_text('{"steps": 1, "pause": 0, "lines": false}')
    said = wharf("submit", "harbour.count", "--params", str(file), "steps:=2", "-o", "json")
    assert said.json["params"] == {"steps": 2, "pause": 0, "lines": False}
    piped = wharf("submit", "harbour.count", "--params", "-", "-o", "json", stdin='{"steps": 4}')
    assert piped.json["params"] == {"steps": 4}


def test_a_policy_is_sent(wharf: Shell) -> None:
    said = wharf(
        "submit", "harbour.noop", "--on-failure", "keep", "--max-attempts", "3", "--total-timeout", "60", "-o", "json"
    )
    assert said.code == 0, said.err
    with wharf.client() as client:
        policy = client.get(said.json["name"]).raw.policy
    assert policy.max_attempts == 3
    assert policy.total_timeout.seconds == 60
    assert policy.on_failure == 1


def test_validate_only_creates_nothing(wharf: Shell) -> None:
    said = wharf("submit", "harbour.noop", "--validate-only")
    assert said.code == 0
    assert "would be accepted" in said.out
    assert wharf("ls", "-o", "json").json == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["harbour.count", "stesp=3"], 2, "there is no param 'stesp'; did you mean 'steps'?"),
        (["harbour.count", "steps=many"], 2, "steps: 'many' is no whole number"),
        (["harbour.count", "steps=-1"], 5, "task.params.steps"),
        (["harbour.cuont"], 5, "UNKNOWN_SCRIPT"),
        (["harbour.noop", "--executor", "asincio"], 5, "UNKNOWN_EXECUTOR"),
        (["harbour.noop", "--task-id", "Not A Name"], 5, "INVALID_NAME"),
    ],
)
def test_what_is_refused_names_the_field(wharf: Shell, arguments: list[str], code: int, told: str) -> None:
    said = wharf("submit", *arguments)
    assert said.code == code, said.err
    assert told in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_the_same_request_id_makes_one_task(wharf: Shell) -> None:
    first = wharf("submit", "harbour.noop", "--request-id", "r1").out
    assert wharf("submit", "harbour.noop", "--request-id", "r1").out == first
    assert wharf("submit", "harbour.count", "--request-id", "r1").code == 5


# ---------------------------------------------------------------- ends


def test_a_failed_task_exits_with_1_and_says_why(wharf: Shell) -> None:
    said = wharf("submit", "harbour.fail", "how=failed", "--watch")
    assert said.code == 1
    name = said.out.splitlines()[0]
    assert said.out.splitlines()[-1] == f"{name} (harbour.fail) is FAILED: the crane is broken (CRANE_BROKEN)"
    assert wharf("wait", name).code == 1
    assert wharf("show", name).code == 0


def test_a_half_done_task_exits_with_3_and_prints_the_whole_report(wharf: Shell) -> None:
    said = wharf("submit", "harbour.half", "--task-id", "half", "--watch")
    assert said.code == 3, said.out + said.err
    report = said.out[said.out.index("(harbour.half) is PARTIALLY_FAILED") :]
    assert re.search(r"created \(1\):\n    yard\.crate  \S+  key crate/one", report)
    assert re.search(r"uncertain, may or may not exist \(1\):\n    yard\.crate  .*key crate/two", report)
    assert "not attempted (1):\n    crate/three" in report
    assert "what can be done:" in report
    assert "wharfinger ledger half" in report
    shown = wharf("show", "half")
    assert shown.code == 0
    assert report.splitlines()[1:] == shown.out[shown.out.index("  created (1)") :].splitlines()
    assert wharf("wait", "half").code == 3
    told = wharf("show", "half", "-o", "json").json["partial_failure"]
    assert [entry["key"] for entry in told["created"]] == ["crate/one"]
    assert [entry["key"] for entry in told["uncertain"]] == ["crate/two"]
    assert told["not_attempted"] == ["crate/three"]
    assert wharf("wait", "half", "-o", "json").json["kind"] == "partial_failure"
    assert wharf("watch", "half", "-o", "json").documents[-1]["kind"] == "partial_failure"
    refused = wharf("delete", "half")
    assert refused.code == 5


def test_waiting_too_short_exits_with_4_and_leaves_the_task_alone(wharf: Shell) -> None:
    name = wharf("submit", "harbour.count", "steps=500", "pause=0.1").out.strip()
    said = wharf("wait", name, "--timeout", "0.2")
    assert said.code == 4
    assert "goes on" in said.err
    cancelled = wharf("cancel", name, "--reason", "enough")
    assert cancelled.code == 0
    assert re.fullmatch(rf"{name} is (CANCELLING|CANCELLED)\n", cancelled.out)
    assert wharf("wait", name).code == 1
    assert wharf("delete", name).code == 0
    gone = wharf("show", name)
    assert gone.code == 5
    assert "TASK_NOT_FOUND" in gone.err


# ---------------------------------------------------------------- looking


def test_tasks_are_listed_and_filtered(wharf: Shell) -> None:
    wharf("submit", "harbour.noop", "--task-id", "a", "--label", "env=x", "--watch")
    wharf("submit", "harbour.fail", "--task-id", "b", "--watch")
    listed = wharf("ls").out.splitlines()
    assert listed[0].split() == ["TASK", "SCRIPT", "STATE", "PROGRESS", "LEFT", "OVER", "AGE"]
    assert [line.split()[:3] for line in listed[1:]] == [
        ["b", "harbour.fail", "FAILED"],
        ["a", "harbour.noop", "SUCCEEDED"],
    ]

    def ids(*arguments: str) -> list[str]:
        return [task["name"].rpartition("/")[2] for task in wharf("ls", "-o", "json", *arguments).json]

    assert ids("--state", "failed") == ["b"]
    assert ids("--state", "failed", "--state", "SUCCEEDED") == ["b", "a"]
    assert ids("--script", "harbour.noop") == ["a"]
    assert ids("--label", "env=x") == ["a"]
    assert ids("--filter", 'create_time > "2020-01-01T00:00:00Z"', "--order-by", "create_time") == ["a", "b"]
    limited = wharf("ls", "--limit", "1")
    assert len(limited.out.splitlines()) == 2
    assert "there are more than 1" in limited.err
    refused = wharf("ls", "--filter", "colour = blue")
    assert refused.code == 5
    assert "INVALID_FILTER" in refused.err


def test_a_task_is_shown_by_its_short_or_full_name(wharf: Shell) -> None:
    name = wharf("submit", "harbour.count", "steps=2", "pause=0", "--task-id", "c", "--watch").out.splitlines()[0]
    assert wharf("show", "c").out == wharf("show", name).out
    told = wharf("show", "c", "-o", "json").json
    assert told["result"] == {"steps": 2}
    assert told["partial_failure"] is None
    assert "raw" not in told


def test_events_and_logs_are_printed(wharf: Shell) -> None:
    wharf("submit", "harbour.count", "steps=2", "pause=0", "--task-id", "c", "--watch")
    assert wharf("logs", "c").out == "step 0\nstep 1\n"
    assert wharf("logs", "-f", "c").out == "step 0\nstep 1\n"
    stamped = wharf("logs", "--timestamps", "c").out.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d) step 0", stamped[0])
    events = wharf("events", "c", "-o", "json").documents
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["kind"] == "state_changed"
    later = wharf("events", "c", "--after", str(len(events) - 1)).out.splitlines()
    assert len(later) == 1
    assert "SUCCEEDED" in later[0]


def test_scripts_and_executors_are_shown(wharf: Shell) -> None:
    assert "harbour.count" in wharf("scripts").out
    shown = wharf("scripts", "harbour.count").out
    assert re.search(r"steps +whole number", shown)
    assert {"harbour.count"} <= {script["name"] for script in wharf("scripts", "-o", "json").json}
    assert wharf("scripts", "harbour.cuont").code == 5
    assert "asyncio" in wharf("executors").out


def test_shared_options_stand_before_or_after_the_command(wharf: Shell) -> None:
    wharf("submit", "harbour.noop", "--project", "elsewhere", "--watch")
    wharf.environ.pop("WHARFINGER_SERVER")
    before = wharf("--server", wharf.server, "--project", "elsewhere", "-o", "json", "ls", "--limit", "1")
    after = wharf("ls", "--server", wharf.server, "--project", "elsewhere", "-o", "json", "--limit", "1")
    assert before.code == 0
    assert before.out == after.out


# ---------------------------------------------------------------- watching


@pytest.fixture
def interruptible():
    """A child that an interrupt reaches, though these tests run in a background where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_leaves_the_task_running_and_says_how_to_come_back(wharf: Shell) -> None:
    watching = wharf.start(
        "submit", "harbour.count", "steps=600", "pause=0.1", "--task-id", "long", "--watch",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert watching.stdout is not None
    out = watching.stdout
    read_until(out.readline, r"step 1\n")
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=20)
    assert watching.returncode == 130
    assert f"projects/{wharf.project}/tasks/long goes on; to come back to it: wharfinger watch long" in err
    with wharf.client() as client:
        assert not client.get("long").state.resting
        client.cancel("long")


def test_a_watch_outlives_a_restart_of_the_server(serve: Callable[..., Serving], tmp_path: Path) -> None:
    first = serve(folder=tmp_path)
    wharf = Shell(first.address)
    watching = wharf.start(
        "submit", "harbour.count", "steps=40", "pause=0.05", "--watch", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert watching.stdout is not None
    out = watching.stdout
    before = read_until(out.readline, r"step 3\n")
    first.kill()
    serve("--address", first.address, folder=tmp_path)
    rest, err = watching.communicate(timeout=40)
    assert watching.returncode == 0, err
    assert "watching again" in err
    assert (before + rest).count("SUCCEEDED after") == 1


def test_a_reader_that_has_enough_is_no_error(wharf: Shell) -> None:
    wharf("submit", "harbour.count", "steps=50", "pause=0", "--task-id", "c", "--watch")
    reading = wharf.start("events", "c", "-o", "json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert reading.stdout is not None
    assert json.loads(reading.stdout.readline())["sequence"] == 1
    reading.stdout.close()
    assert reading.stderr is not None
    with reading.stderr as err:
        assert err.read() == ""
    assert reading.wait(20) == 0


def test_a_terminal_shows_a_bar_above_which_events_scroll(wharf: Shell) -> None:
    ours, theirs = pty.openpty()
    wharf.environ |= {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    watching = wharf.start("submit", "harbour.count", "steps=8", "pause=0.2", "--watch", stdout=theirs, stderr=theirs)
    os.close(theirs)

    def read() -> str:
        ready, _, _ = select.select([ours], [], [], 1)
        try:
            return os.read(ours, 65536).decode(errors="replace") if ready else ""
        except OSError:
            return ""

    shown = read_until(read, r"SUCCEEDED after", 30)
    assert watching.wait(20) == 0
    os.close(ours)
    assert "━" in shown
    assert re.search(r"\d/8 steps  \d+%", shown)
    assert "log" in shown


def test_a_sealed_param_is_shown_by_its_mark_and_best_given_from_elsewhere(wharf):
    done = wharf.apart("submit", "harbour.vault", "password@=env:WORD", "--watch", WORD="squawk-squawk")
    assert done.code == 0, done.err
    assert "sealed" not in done.err
    exposed = wharf("submit", "harbour.vault", "password=squawk-squawk", "-o", "json")
    assert "password is sealed" in exposed.err
    assert exposed.json["params"] == {"password": {"sealed": True}}
    assert "squawk" not in done.out + done.err + exposed.out + exposed.err
    assert "text (sealed)" in wharf("scripts", "harbour.vault").out


# ---------------------------------------------------------------- what a list tells


def test_a_list_for_programs_tells_reasons_and_nothing_that_it_did_not_read(wharf: Shell) -> None:
    assert wharf("submit", "harbour.fail", "--task-id", "f", "--watch").code == 1
    assert wharf("submit", "harbour.count", "steps=1", "pause=0", "--task-id", "c", "--watch").code == 0
    brief = {task["name"].rpartition("/")[2]: task for task in wharf("ls", "-o", "json").json}
    assert brief["f"]["failure"]["reason"] == "SCRIPT_RAISED"
    assert brief["f"]["failure"] == wharf("show", "f", "-o", "json").json["failure"]
    for task in brief.values():
        assert not {"params", "result", "attempts", "estimate", "waiting_reason"} & set(task)
    full = {task["name"].rpartition("/")[2]: task for task in wharf("ls", "--full", "-o", "json").json}
    assert (full["c"]["params"], full["c"]["result"]) == ({"pause": 0, "steps": 1}, {"steps": 1})
    assert len(full["f"]["attempts"]) == 1
    assert full["f"]["result"] is None
    text = wharf("ls", "--full").out
    assert '"steps": 1' in text
    assert text.count("\nstate") == 2


def test_a_field_that_has_no_words_of_its_own_is_shown_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclasses.dataclass(frozen=True)
    class Later(wharfinger.Task):
        closing_note: str = ""
        uses_left: int = 0

    task = Later("projects/p/tasks/t", "u", "e", "a.b", wharfinger.TaskState.RUNNING, closing_note="well done")
    tell_task(task)
    assert re.search(r"closing note +well done", capsys.readouterr().out)
    tell_task(dataclasses.replace(task, closing_note=""))
    assert "closing" not in capsys.readouterr().out
