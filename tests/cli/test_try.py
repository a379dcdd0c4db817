"""`wharfinger try FILE`: a script in one file is run once, on a server of its own."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

SCRIPT = '''
"""Write greetings."""

from dataclasses import dataclass
from pathlib import Path
import time


@dataclass
class Params:
    """Whom to greet, and where."""

    folder: str
    count: int = 1
    then: str = ""


def main(task):
    for number in range(task.params.count):
        task.create("greeting", f"greeting/{number}", lambda intent: write(task, number))
    if task.params.then == "fail":
        raise OSError("no more ink")
    while task.params.then == "hold" and not task.cancelled:
        time.sleep(0.01)
    return {"written": task.params.count}


def write(task, number):
    file = Path(task.params.folder, f"{number}.txt")
    file.write_text("hello")
    return str(file)


def undo(task, resource):
    Path(resource.external_id).unlink(missing_ok=True)
'''


@dataclass
class Desk:
    """A folder with the script, and a home of its own for what is kept."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "greet.py").write_text(SCRIPT)
        own = {key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")}
        self.environ = {**own, "WHARFINGER_DATA_DIR": str(self.folder / "data"), "NO_COLOR": "1"}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "wharfinger", *arguments]

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=55, check=False,
        )  # fmt: skip

    def tried(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self("try", "greet.py", f"folder={self.folder}", *arguments)

    @property
    def kept(self) -> list[Path]:
        return list((self.folder / "data/tried").glob("*"))

    @property
    def written(self) -> list[str]:
        return sorted(file.name for file in self.folder.glob("*.txt"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_script_that_makes_nothing_leaves_nothing(desk: Desk) -> None:
    done = desk.tried("count=0")
    assert done.returncode == 0, done.stderr
    assert "is SUCCEEDED" in done.stdout
    assert "written: 0" in done.stdout
    assert "its ledger is empty" in done.stdout
    assert (desk.kept, done.stderr) == ([], "")


def test_what_it_made_is_shown_and_rolled_back_if_that_is_asked_for(desk: Desk) -> None:
    done = desk.tried("count=2", "--undo")
    assert done.returncode == 0, done.stderr
    assert re.search(r"UNDONE \(2\).*greeting/0.*greeting/1", done.stdout, re.DOTALL)
    assert (desk.written, desk.kept) == ([], [])
    done = desk.tried("count=2", "then=fail", "--undo")
    assert done.returncode == 1, done.stderr
    assert (desk.written, desk.kept) == ([], [])


def test_a_half_done_one_keeps_its_ledger_and_says_how_to_go_on(desk: Desk) -> None:
    done = desk.tried("count=2", "then=fail")
    assert done.returncode == 3, done.stderr
    assert "no more ink" in done.stdout
    assert "greet.py:2" in done.stdout, "where it failed"
    assert re.search(r"CREATED \(2\): exists.*greeting/0.*greeting/1", done.stdout, re.DOTALL)
    assert "wharfinger resume" not in done.stdout, "nobody can resume it at a server that is gone"
    assert desk.written == ["0.txt", "1.txt"]
    (ledger,) = desk.kept
    assert str(ledger) in done.stderr
    serve, ready, rollback = re.findall(r"^  wharfinger (.*?)(?: &)?$", done.stderr, re.MULTILINE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with subprocess.Popen(
        desk.command(*shlex.split(serve.replace("7481", port))), env=desk.environ, stderr=subprocess.DEVNULL
    ) as server:
        try:
            assert desk(*shlex.split(ready.replace("7481", port))).returncode == 0
            back = desk(*shlex.split(rollback.replace("7481", port)))
            assert back.returncode == 0, back.stdout + back.stderr
        finally:
            server.terminate()
    assert desk.written == []


def test_what_is_no_script_and_wrong_params_are_told_before_anything_runs(desk: Desk) -> None:
    (desk.folder / "broken.py").write_text("def main(task):\n    return (\n")
    broken = desk("try", "broken.py")
    assert broken.returncode == 2
    assert "SyntaxError" in broken.stderr
    assert "broken.py:2" in broken.stderr
    wrong = desk.tried("cuont=2")
    assert wrong.returncode == 2
    assert "did you mean 'count'?" in wrong.stderr
    assert desk.kept == []


def test_a_program_gets_events_and_the_ledger_a_line_each(desk: Desk) -> None:
    done = desk.tried("--undo", "-o", "json")
    assert done.returncode == 0, done.stderr
    *events, ledger = map(json.loads, done.stdout.splitlines())
    assert {event["kind"] for event in events} >= {"state_changed", "entry_changed"}
    assert ledger["kind"] == "ledger"
    assert [(entry["key"], entry["state"]) for entry in ledger["entries"]] == [("greeting/0", "UNDONE")]


def test_it_has_the_operators_settings_and_needs_none_of_the_servers_credentials(desk: Desk) -> None:
    settings = desk.folder / "server.toml"
    settings.write_text(
        f'[server]\naddress = "127.0.0.1:1"\n[stores.main]\nurl = "file://{desk.folder}/main"\n[greet]\nink = "blue"\n'
        f'[tls]\ncert = "{desk.folder}/greet.py"\nkey = "{desk.folder}/greet.py"\n'
        f'[[tokens]]\nsha256 = "{"0" * 64}"\ncreator = "somebody"\nprojects = "*"\n'
    )
    settings.chmod(0o600)
    (desk.folder / "greet.py").write_text(
        "def main(task):\n    return {'ink': task.settings['ink'], 'store': type(task.store('main')).__name__}\n"
    )
    desk.environ["WHARFINGER_TOKEN"] = "of-another-server"
    done = desk("try", "greet.py", "--config", str(settings))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ink: blue" in done.stdout


def test_ctrl_c_asks_the_script_to_stop_and_no_server_stays(desk: Desk) -> None:
    command = desk.command("try", "greet.py", f"folder={desk.folder}", "count=1", "then=hold")
    with subprocess.Popen(
        command, cwd=desk.folder, env=desk.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as trial:
        try:
            assert trial.stdout is not None
            assert any("CREATED  greeting" in line for line in trial.stdout)
            trial.send_signal(signal.SIGINT)
            out, err = trial.communicate(timeout=50)
        finally:
            trial.kill()
    assert trial.returncode == 130, out + err
    assert "asked to stop" in err
    assert "CREATED (1): exists" in out
    (ledger,) = desk.kept
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(ledger) not in listed
