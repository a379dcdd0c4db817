"""Databases that a server must not have: each is refused at the start, with a sentence, and left as it was."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.rpc.wire import connected
from tests.servers.serving import NotServing, Serving

from wharfinger.v1 import task_pb2
from wharfinger_server.store.errors import NotOurs, OpenRefused, SchemaTooNew
from wharfinger_server.store.store import Store

pytestmark = pytest.mark.processes

Serve = Callable[..., Serving]


def said(refused: NotServing) -> str:
    """Return the one sentence with which the server ended; there is nothing else for people to read."""
    assert refused.exit_code == 5, refused.log
    assert "Traceback" not in refused.log
    line = refused.log.splitlines()[-1]
    assert line.startswith("wharfinger: ")
    return line


def put(database: Path, *statements: str) -> bytes:
    """Make a database with SQLite's own means, and return its bytes."""
    with closing(sqlite3.connect(database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return database.read_bytes()


NEWER = (
    "CREATE TABLE wharfinger_version (version_num TEXT PRIMARY KEY)",
    "INSERT INTO wharfinger_version VALUES ('r9999')",
    "CREATE TABLE tasks (id INTEGER PRIMARY KEY, from_the_future TEXT)",
)
FOREIGN = ("CREATE TABLE recipes (name TEXT)", "INSERT INTO recipes VALUES ('soup')")


def test_a_second_server_on_the_same_file_is_refused_and_told_whose_it_is(server: Serving, serve: Serve) -> None:
    with pytest.raises(NotServing) as refused:
        serve(environ={"WHARFINGER_DATA_DIR": str(server.folder / "data")})
    told = said(refused.value)
    assert f"process {server.pid}" in told
    assert "data directory of its own" in told
    with connected(server.address) as stubs:
        assert stubs.create("p", "harbour.noop").uid


def test_a_database_of_a_newer_server_is_refused_by_the_process(tmp_path: Path, serve: Serve) -> None:
    database = tmp_path / "data" / "wharfinger.db"
    database.parent.mkdir()
    before = put(database, *NEWER)
    with pytest.raises(NotServing) as refused:
        serve()
    assert "r9999, and this server knows" in said(refused.value)
    assert database.read_bytes() == before


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize(
    ("statements", "kind", "phrase"),
    [(NEWER, SchemaTooNew, "a newer server has migrated it"), (FOREIGN, NotOurs, "another program (recipes)")],
    ids=["newer", "foreign"],
)
def test_a_database_that_is_refused_is_left_as_it_was(
    tmp_path: Path, statements: tuple[str, ...], kind: type[OpenRefused], phrase: str, journal: str
) -> None:
    database = tmp_path / "some.db"
    before = put(database, f"PRAGMA journal_mode = {journal}", *statements)
    with pytest.raises(kind) as refused:
        Store.open(f"sqlite:///{database}", encode=lambda _: b"")
    assert phrase in str(refused.value)
    assert database.read_bytes() == before


HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def test_a_program_that_holds_the_file_for_a_while_is_waited_out(server: Serving) -> None:
    """Longer than SQLite itself waits: callers see a slow answer, and no refusal."""
    database = server.folder / "data" / "wharfinger.db"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(database), "6.5"], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with connected(server.address) as stubs:
            began = time.monotonic()
            task = stubs.create("busy", "harbour.noop")
            assert time.monotonic() - began > 4
            assert stubs.wait(task.name).state == task_pb2.TASK_STATE_SUCCEEDED
    finally:
        holder.kill()
        holder.communicate()
