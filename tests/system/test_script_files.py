"""`wharfinger serve --scripts FOLDER --reload`: scripts are edited while the server runs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers.serving import Serving

from wharfinger import Client

pytestmark = pytest.mark.processes

SAY = '"""Say a word."""\n\nimport words\n\n\ndef main(task):\n    return {"word": words.WORD}\n'
HOLD = """
import pathlib
import time


def main(task):
    pathlib.Path(task.params["begun"]).touch()
    while not pathlib.Path(task.params["go"]).exists():
        time.sleep(0.01)
    return {"edit": 1}
"""
BERTH = """
RESUMABLE = True


def main(task):
    task.create("thing", "berth", lambda intent: "b-1")
    THEN


def undo(task, resource): ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "words.py").write_text("WORD = 'first'\n")
    (scripts / "say.py").write_text(SAY)
    (scripts / "hold.py").write_text(HOLD)
    return scripts


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path, ("--scripts", str(folder), "--reload"))
    yield serving
    assert serving.stop() == 0, serving.log()


@pytest.fixture
def client(server: Serving) -> Iterator[Client]:
    with Client(server.address) as one:
        yield one


def wait_for(server: Serving, text: str, times: int = 1) -> None:
    until = time.monotonic() + 30
    while server.log().count(text) < times:
        assert time.monotonic() < until, server.log()
        time.sleep(0.02)


def edit(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def test_what_is_saved_is_what_the_next_task_runs(server: Serving, client: Client, folder: Path) -> None:
    assert "for development only" in server.log()
    assert client.submit("say", {}).result() == {"word": "first"}
    edit(folder / "words.py", "WORD = 'second'\n")
    wait_for(server, "the script say was read again")
    assert client.submit("say", {}).result() == {"word": "second"}
    edit(folder / "more.py", "def main(task):\n    return {'is': 'new'}\n")
    wait_for(server, "the script more was read again")
    assert client.submit("more", {}).result() == {"is": "new"}


def test_a_broken_edit_keeps_the_last_good_one_and_says_what_is_wrong_where(
    server: Serving, client: Client, folder: Path
) -> None:
    edit(folder / "say.py", SAY.replace("return {", "return ("))
    wait_for(server, "it stays as it was before the edit")
    assert "SyntaxError" in server.log()
    assert "say.py:7" in server.log()
    assert client.script("say").broken_reason == ""
    assert client.submit("say", {}).result() == {"word": "first"}
    edit(folder / "bad.py", "def main(task, more, and_more):\n    ...\n")
    wait_for(server, "the script bad can't be used")
    assert "main" in client.script("bad").broken_reason
    edit(folder / "bad.py", "def main(task):\n    return {'is': 'mended'}\n")
    wait_for(server, "the script bad was read again")
    assert client.submit("bad", {}).result() == {"is": "mended"}


def test_what_runs_goes_on_with_the_edit_that_it_began_with(
    server: Serving, client: Client, folder: Path, tmp_path: Path
) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"
    handle = client.submit("hold", {"begun": str(begun), "go": str(go)}, executor="thread")
    while not begun.exists():
        time.sleep(0.01)
    edit(folder / "hold.py", "def main(task):\n    return {'edit': 2}\n")
    wait_for(server, "the script hold was read again")
    go.touch()
    assert handle.result() == {"edit": 1}
    assert client.submit("hold", {}).result() == {"edit": 2}


def test_a_script_that_failed_half_way_is_mended_and_resumed(server: Serving, client: Client, folder: Path) -> None:
    edit(folder / "berth.py", BERTH.replace("THEN", "raise OSError"))
    wait_for(server, "the script berth was read again")
    handle = client.submit("berth", {})
    assert handle.wait().state == "PARTIALLY_FAILED"
    edit(folder / "berth.py", BERTH.replace("THEN", "return {'made': 'once'}"))
    wait_for(server, "the script berth was read again", 2)
    handle.resume()
    assert handle.result() == {"made": "once"}
    assert [entry.external_id for entry in handle.ledger()] == ["b-1"]


def test_reload_without_scripts_is_refused() -> None:
    command = [sys.executable, "-m", "wharfinger", "serve", "--reload"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 2
    assert "name the folder whose files are edited" in done.stderr
