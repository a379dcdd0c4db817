"""What people see: narrow terminals, colours, times and what is left to wait for."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.conftest import Shell

from wharfinger import Attempt, Progress, Task, TaskState
from wharfinger.cli.fitting import fit, shortened
from wharfinger.cli.lines import eta_words, progress_line
from wharfinger.cli.watching import present

pytestmark = pytest.mark.processes

LONG = "long-task-id-that-nobody-types-cutover-of-the-{}-harbour"


def on_a_terminal(wharf: Shell, columns: int, *arguments: str, **environ: str) -> str:
    """Return what the command line prints on a terminal that is so wide."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {key: value for key, value in wharf.environ.items() if key not in ("NO_COLOR", "COLUMNS", "TERM")}
    process = subprocess.Popen(
        [*wharf.command, *arguments], stdin=follower, stdout=follower, stderr=follower,
        env={**kept, "TERM": "xterm-256color", **environ},
    )  # fmt: skip
    os.close(follower)
    said = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(leader)
    process.wait(50)
    return said.decode()


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_narrow_terminal_keeps_states_and_tells_ids_apart(wharf: Shell, columns: int) -> None:
    for end, script in (("north", "harbour.half"), ("south", "harbour.noop")):
        wharf("submit", script, "--task-id", LONG.format(end), "--watch")
    lines = bare(on_a_terminal(wharf, columns, "ls")).splitlines()
    assert all(len(line) <= columns for line in lines), lines
    assert "STATE" in lines[0]
    (half,) = (line for line in lines if "PARTIALLY_FAILED" in line)
    (whole,) = (line for line in lines if "SUCCEEDED" in line)
    assert half.startswith("long-")
    assert "…" in half
    assert half.split()[0] != whole.split()[0]
    assert half.split()[0].endswith("-harbour")
    left = bare(on_a_terminal(wharf, columns, "ls", "--leftovers")).splitlines()
    assert "PARTIALLY_FAILED" in left[1]


def test_what_is_wide_enough_is_whole(wharf: Shell) -> None:
    wharf("submit", "harbour.noop", "--task-id", LONG.format("east"), "--watch")
    text = bare(on_a_terminal(wharf, 160, "ls"))
    assert LONG.format("east") in text
    assert "harbour.noop" in text


def test_columns_are_given_up_in_order_and_the_rest_is_shortened() -> None:
    titles = ("TASK", "SCRIPT", "STATE", "AGE")
    rows = [("a" * 30, "s" * 20, "SUCCEEDED", "5m")]
    drop = ("SCRIPT", "AGE")
    assert fit(titles, rows, 100, drop) == (list(titles), [list(rows[0])])
    assert fit(titles, rows, 50, drop)[0] == ["TASK", "STATE", "AGE"]
    assert fit(titles, rows, 40, drop) == (["TASK", "STATE", "AGE"], [["a" * 11 + "…" + "a" * 12, "SUCCEEDED", "5m"]])
    assert fit(titles, rows, 30, drop) == (["TASK", "STATE"], [["a" * 9 + "…" + "a" * 9, "SUCCEEDED"]])


def test_a_text_is_shortened_in_its_middle() -> None:
    assert shortened("abcdefghij", 10) == "abcdefghij"
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert shortened("abcdefghij", 1) == "…"


@pytest.mark.parametrize("arguments", [("ls",), ("ledger", "x"), ("submit", "harbour.count", "steps=1", "--watch")])
def test_no_color_leaves_no_style_at_all(wharf: Shell, arguments: tuple[str, ...]) -> None:
    wharf("submit", "harbour.half", "--task-id", "x", "--watch")
    assert re.search(r"\x1b\[[0-9;]*m", on_a_terminal(wharf, 100, *arguments)) or arguments[0] == "submit"
    assert not re.search(r"\x1b\[[0-9;]*m", on_a_terminal(wharf, 100, *arguments, NO_COLOR="1"))


def test_all_times_are_of_this_machine_and_say_their_zone(wharf: Shell) -> None:
    wharf("submit", "harbour.count", "steps=1", "pause=0", "lines=yes", "--task-id", "x", "--watch")
    wharf.environ["TZ"] = "Asia/Tokyo"
    begun = next(wharf.client().list()).create_time
    assert begun is not None
    here = begun.astimezone(tz=None) + timedelta(hours=9) - (begun.astimezone(tz=None).utcoffset() or timedelta())
    stamp = f"{here:%Y-%m-%d %H:%M:%S}+09:00"
    assert f"created   {stamp} (" in wharf.apart("show", "x").out
    assert re.search(rf"1  {here:%H:%M}:\d\d\+09:00  state ", wharf.apart("events", "x").out)
    assert re.search(rf"^{here:%H:%M}:\d\d\+09:00  state ", wharf.apart("watch", "x").out, re.MULTILINE)
    assert re.match(
        rf"{here:%Y-%m-%dT%H:%M}:\d\d\.\d{{3}}\+09:00 step 0\n", wharf.apart("logs", "x", "--timestamps").out
    )
    wharf.environ["TZ"] = "UTC"
    assert re.search(rf"^{begun:%H:%M}:\d\dZ  state ", wharf.apart("watch", "x").out, re.MULTILINE)


def test_what_is_left_fits_the_rate_that_is_shown_and_what_has_passed_since() -> None:
    now = datetime.now(UTC)
    progress = Progress("step", 2, 3, "services", eta=2.0, time=now)
    assert eta_words(progress, 0.1, now) == "10 s left"
    assert eta_words(progress, 0.1, now + timedelta(seconds=4)) == "6 s left"
    assert eta_words(progress, None, now) == "2 s left"
    assert eta_words(progress, None, now + timedelta(seconds=1)) == "1 s left"
    # What should have been over by now is no longer told.
    assert eta_words(progress, None, now + timedelta(seconds=9)) == ""
    assert eta_words(progress, 0.1, now + timedelta(seconds=11)) == ""
    assert "left" not in progress_line(Progress("s", 1, 3, eta=2.0, time=now - timedelta(minutes=1)), None)


@pytest.mark.parametrize("arguments", [(), ("prices",), ("config",)])
def test_a_command_alone_prints_its_help_and_no_complaint(nobody: Shell, arguments: tuple[str, ...]) -> None:
    said = nobody(*arguments)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: {' '.join(('wharfinger', *arguments))} ")
    assert said.out == nobody(*arguments, "--help").out


def test_help_is_a_command_too(nobody: Shell) -> None:
    assert nobody("help").out == nobody("--help").out
    assert nobody("help", "submit").out == nobody("submit", "--help").out
    assert nobody("help", "prices", "show").out == nobody("prices", "show", "--help").out
    assert nobody("help", "sbmit").code == 2


@pytest.mark.parametrize(
    ("state", "told", "shown"),
    [
        (TaskState.RUNNING, 10, True),
        (TaskState.CANCELLING, 10, True),
        (TaskState.RUNNING, 0, False),
        (TaskState.QUEUED, 10, False),
        (TaskState.ROLLING_BACK, 10, False),
        (TaskState.SUCCEEDED, 10, False),
    ],
)
def test_no_bar_is_drawn_of_what_an_earlier_attempt_did(state: TaskState, told: int, *, shown: bool) -> None:
    began = datetime(2026, 11, 30, 12, 0, 5, tzinfo=UTC)
    attempt = Attempt(2, "RUN", "asyncio", "", began, None, None)
    progress = Progress("download", 64, 64, time=began.replace(second=told))
    task = Task("projects/p/tasks/t", "u", "e", "x.y", state, progress=progress, attempts=(attempt,))
    assert (present(task) is not None) == shown
