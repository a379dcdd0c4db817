"""A SQLite file that is cut, garbled, emptied or gone is refused, with what to do, and nothing of it is changed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.store.conftest import OpenStore
from tests.store.making import draft, encode

from wharfinger_server.domain.errors import Unavailable
from wharfinger_server.store.databases import soundness
from wharfinger_server.store.errors import Damaged
from wharfinger_server.store.store import Store

pytestmark = pytest.mark.processes

PAGE = 4096
TASKS = 60
PROGRAM = """
import asyncio, sys, time
from tests.store.making import draft, encode
from wharfinger_server.store.store import Store

async def work():
    store = Store.open(sys.argv[1], encode=encode)
    for _ in range(60):
        await store.create(draft(params=b'{"text": "' + b"x" * 3000 + b'"}'))
    if sys.argv[2] == "closed":
        await store.close()
    print("written", flush=True)
    if sys.argv[2] != "closed":
        time.sleep(60)

asyncio.run(work())
"""


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders as servers left them: "killed" with its log, "written back" without one, and "closed" in order."""
    folders = {}
    for how in ("killed", "closed"):
        folder = folders[how] = tmp_path_factory.mktemp(how)
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, f"sqlite:///{folder / 'w.db'}", how], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        if how == "killed":
            process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    folders["written back"] = shutil.copytree(folders["killed"], tmp_path_factory.mktemp("w") / "copy")
    with closing(sqlite3.connect(folders["written back"] / "w.db")) as driver:
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert (folders["killed"] / "w.db-wal").stat().st_size
    return folders


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // PAGE * PAGE)


def cut_a_page(path: Path) -> None:
    os.truncate(path, path.stat().st_size - PAGE)


def garble(path: Path, first: int = 3) -> None:
    chance = random.Random(1)
    with path.open("r+b") as file:
        for number in range(first, path.stat().st_size // PAGE, 2):
            file.seek(number * PAGE)
            file.write(chance.randbytes(PAGE))


def garble_the_head(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * PAGE)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.suffix not in (".db-shm", ".lock")}


@pytest.mark.parametrize(
    ("how", "harm", "told"),
    [
        ("killed", empty, "is empty, though .*w.db-wal and .*w.db.lock show"),
        ("killed", Path.unlink, "is missing, though .*w.db-wal"),
        ("written back", halve, r"is damaged: it has [\d,]+ bytes of the [\d,]+ that"),
        ("written back", cut_a_page, r"is damaged: it has [\d,]+ bytes of the [\d,]+ that"),
        ("written back", garble, "is damaged"),
        ("closed", halve, "is damaged"),
        ("closed", garble, "is damaged"),
        ("closed", garble_the_head, "is damaged"),
        ("closed", empty, "is empty, though .*w.db.lock shows? that"),
        ("closed", Path.unlink, "is missing, though .*w.db.lock shows? that"),
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(
    left: dict[str, Path], tmp_path: Path, how: str, harm: Callable[[Path], None], told: str
) -> None:
    folder = shutil.copytree(left[how], tmp_path / "left")
    harm(folder / "w.db")
    before = contents(folder)
    for _ in range(2):
        with pytest.raises(Damaged, match=told) as refused:
            Store.open(f"sqlite:///{folder / 'w.db'}", encode=encode)
        assert "estore a backup" in str(refused.value)
    assert contents(folder) == before


@pytest.mark.parametrize("how", ["killed", "written back", "closed"])
async def test_a_whole_file_is_opened_however_the_server_ended(
    left: dict[str, Path], tmp_path: Path, open_store: OpenStore, how: str
) -> None:
    folder = shutil.copytree(left[how], tmp_path / "left")
    store = open_store(f"sqlite:///{folder / 'w.db'}")
    assert len(await store.unfinished(0, 1000)) == TASKS
    await store.close()
    assert (folder / "w.db.lock").read_text().splitlines()[1] == "closed"


def test_who_removes_what_the_refusal_names_begins_anew(left: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(left["killed"], tmp_path / "left")
    for name in ("w.db", "w.db-wal", "w.db.lock"):
        (folder / name).unlink()
    Store.open(f"sqlite:///{folder / 'w.db'}", encode=encode)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_damage_that_is_seen_later_ends_all_serving(
    left: dict[str, Path], tmp_path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soundness, "ALWAYS", 0)
    folder = shutil.copytree(left["closed"], tmp_path / "left")
    garble(folder / "w.db", first=46)
    store = open_store(f"sqlite:///{folder / 'w.db'}")
    with pytest.raises(Unavailable, match="restore a backup"):
        await store.unfinished(0, 1000)
    for _ in range(2):
        with pytest.raises(Unavailable, match="its file is damaged"):
            await store.health()
        with pytest.raises(Unavailable, match="its file is damaged"):
            await store.create(draft())
    await store.close()
    assert (folder / "w.db.lock").read_text().splitlines()[1] == "open", "the next start looks it through"


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_file_that_is_taken_away_is_noticed(store: Store, tmp_path: Path) -> None:
    await store.health()
    (tmp_path / "wharfinger.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(Unavailable, match="was removed or replaced"):
        await store.health()
