"""Opening a database: one server, the right schema, a disk that is waited for; refusals that say what to do."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.postgres import Cluster
from tests.store.conftest import OpenStore
from tests.store.making import draft, encode

from wharfinger_server.store.databases import migrate
from wharfinger_server.store.databases.migrate import VERSION_TABLE
from wharfinger_server.store.errors import InUse, NotDurable, NotOurs, NotWritable, SchemaTooNew
from wharfinger_server.store.store import Store
from wharfinger_server.store.tables import schema


def _execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


async def test_an_empty_database_is_made_ready(open_store: OpenStore, empty_url: str) -> None:
    store = open_store(empty_url)
    assert len(store.incarnation) == 16
    assert int(store.incarnation, 16) >= 0
    assert store.schema_version == schema.REVISION
    task = await store.create(draft())
    await store.close()
    again = open_store(empty_url)
    assert again.incarnation == store.incarnation
    assert await again.task_by_id(task.id) == task


async def test_a_second_server_is_refused_and_the_first_is_named(
    store: Store, open_store: OpenStore, kind: str
) -> None:
    with pytest.raises(InUse) as refused:
        open_store()
    assert str(os.getpid()) in str(refused.value), "by process, or by the session's name, which has it"
    assert "stop that one" in str(refused.value)
    await store.close()
    assert await open_store().unfinished(0, 1) == []


@pytest.mark.processes
def test_a_server_that_was_killed_locks_nobody_out(url: str) -> None:
    program = (
        "import sys, time; from tests.store.making import encode; from wharfinger_server.store.store import Store\n"
    )
    program += "Store.open(sys.argv[1], encode=encode); print('open', flush=True); time.sleep(60)"
    paths = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    child = subprocess.Popen(
        [sys.executable, "-c", program, url], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths}
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"open\n"
    with pytest.raises(InUse, match=str(child.pid)):
        Store.open(url, encode=encode)
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    child.stdout.close()
    asyncio.run(_opened_soon(url).close())


def _opened_soon(url: str) -> Store:
    """Open a store as soon as the system has ended what a killed process held."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return Store.open(url, encode=encode)
        except InUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def test_a_schema_of_a_newer_server_is_refused_and_left_alone(url: str, kind: str) -> None:
    _execute(url, "UPDATE wharfinger_version SET version_num = '9999'", "DROP TABLE memos")
    with pytest.raises(SchemaTooNew) as refused:
        Store.open(url, encode=encode)
    assert "9999" in str(refused.value)
    assert schema.REVISION in str(refused.value)
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    assert "memos" not in sa.inspect(engine).get_table_names()
    engine.dispose()


def test_tables_of_another_program_are_refused_and_left_alone(empty_url: str) -> None:
    _execute(empty_url, "CREATE TABLE tasks (name TEXT)")
    with pytest.raises(NotOurs, match="tables of another program"):
        Store.open(empty_url, encode=encode)
    engine = sa.create_engine(empty_url.replace("postgresql://", "postgresql+psycopg://"))
    assert sa.inspect(engine).get_table_names() == ["tasks"]
    engine.dispose()


def test_a_migration_that_breaks_off_leaves_the_database_as_it_was(
    empty_url: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wharfinger_server.store.migrations.versions import r0001_first

    # The last table cannot be made.
    source = Path(r0001_first.__file__)
    broken = source.read_text().replace('"batches",', '"tasks",')
    assert broken != source.read_text()
    monkeypatch.setattr("alembic.util.pyfiles.load_module_py", _load_broken(broken))
    # As if there were an older database: an empty one gets its tables without migrations.
    monkeypatch.setattr(migrate, "_make", migrate._migrate)
    with pytest.raises(Exception, match="tasks"):
        Store.open(empty_url, encode=encode)
    monkeypatch.undo()
    engine = sa.create_engine(empty_url.replace("postgresql://", "postgresql+psycopg://"))
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_server_that_breaks_off_while_it_makes_the_tables_leaves_the_database_as_it_was(
    empty_url: str, kind: str
) -> None:
    def refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if f"INTO {VERSION_TABLE}" in statement:
            raise RuntimeError("all tables are made, and that can't be noted")

    sa.event.listen(sa.Engine, "before_cursor_execute", refuse)
    try:
        with pytest.raises(RuntimeError, match="all tables are made"):
            Store.open(empty_url, encode=encode)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", refuse)
    engine = sa.create_engine(empty_url.replace("postgresql://", "postgresql+psycopg://"))
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def _load_broken(source: str) -> object:
    import types

    from alembic.util import pyfiles

    load = pyfiles.load_module_py

    def load_module(module_id: str, path: str) -> types.ModuleType:
        if not str(path).endswith("r0001_first.py"):
            return load(module_id, path)
        module = types.ModuleType(module_id)
        exec(compile(source, str(path), "exec"), module.__dict__)
        return module

    return load_module


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_sqlite_waits_for_the_disk_and_keeps_foreign_keys(store: Store) -> None:
    driver = store._database._connection.connection.driver_connection
    modes = {
        name: driver.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode", "foreign_keys")
    }
    assert modes == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}
    assert driver.execute("PRAGMA busy_timeout").fetchone()[0] == 5000


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sqlite_files_are_for_their_owner_only(empty_url: str, tmp_path: Path, open_store: OpenStore) -> None:
    open_store(empty_url)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("kind", ["postgres"])
def test_postgresql_that_does_not_wait_for_the_disk_is_refused(url: str, postgres: Cluster) -> None:
    postgres.run(f"ALTER DATABASE {sa.make_url(url).database} SET synchronous_commit = off")
    with pytest.raises(NotDurable, match="synchronous_commit = off"):
        Store.open(url, encode=encode)


@pytest.mark.parametrize("kind", ["postgres"])
def test_postgresql_that_does_not_sync_is_refused(url: str, postgres: Cluster) -> None:
    postgres.set("fsync", "off")
    try:
        with pytest.raises(NotDurable, match="fsync = off"):
            Store.open(url, encode=encode)
    finally:
        postgres.set("fsync", "on")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for path in (tmp_path / "file" / "w.db", Path("/proc/wharfinger/w.db")):
        with pytest.raises(NotWritable, match="data directory"):
            Store.open(f"sqlite:///{path}", encode=encode)


def test_a_folder_that_is_missing_is_made(tmp_path: Path, open_store: OpenStore) -> None:
    open_store(f"sqlite:///{tmp_path / 'a' / 'b' / 'w.db'}")
    assert (tmp_path / "a" / "b" / "w.db").exists()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    path.write_bytes(b"a letter to my aunt" * 300)
    with pytest.raises(NotOurs, match="not a SQLite database"):
        Store.open(f"sqlite:///{path}", encode=encode)
    assert path.read_bytes() == b"a letter to my aunt" * 300


def test_a_database_that_is_not_there_is_refused(postgres: Cluster) -> None:
    with pytest.raises(NotWritable, match="nowhere"):
        Store.open(postgres.url("nowhere"), encode=encode)
    with pytest.raises(NotWritable):
        Store.open("postgresql://someone:secret@127.0.0.1:1/x", encode=encode)


def test_no_password_is_in_a_refusal() -> None:
    with pytest.raises(NotWritable) as refused:
        Store.open("postgresql://someone:secret@127.0.0.1:1/x", encode=encode)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/x", "wharfinger.db", ""])
def test_a_url_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(NotOurs):
        Store.open(url, encode=encode)


async def test_old_spellings_of_the_url_are_understood(open_store: OpenStore, url: str, kind: str) -> None:
    spelled = (
        url.replace("postgresql://", "postgres://")
        if kind == "postgres"
        else url.replace("sqlite:", "sqlite+pysqlite:")
    )
    assert await open_store(spelled).unfinished(0, 1) == []


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_was_refused_is_not_held(url: str, tmp_path: Path, open_store: OpenStore) -> None:
    _execute(url, "UPDATE wharfinger_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew):
        Store.open(url, encode=encode)
    _execute(url, f"UPDATE wharfinger_version SET version_num = '{schema.REVISION}'")
    open_store()
    with sqlite3.connect(tmp_path / "wharfinger.db") as driver:
        assert driver.execute("SELECT count(*) FROM meta").fetchone() == (1,)
    driver.close()


@pytest.mark.processes
def test_a_lock_that_a_dead_process_left_to_another_says_so(tmp_path: Path) -> None:
    note = tmp_path / "wharfinger.db.lock"
    ended = subprocess.Popen(["true"])
    ended.wait()
    note.write_text(f"{ended.pid}\n")
    with note.open("r+") as held:  # as by a process that it started
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(InUse, match=f"process {ended.pid}, which took .*, is gone.*`fuser {note}` names that one"):
            Store.open(f"sqlite:///{tmp_path / 'wharfinger.db'}", encode=encode)


def test_a_session_that_a_dead_process_left_says_so(postgres: Cluster) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    url = postgres.database()
    left = f"application_name=wharfinger%20{ended.pid}@{socket.gethostname()}"
    store = Store.open(f"{url}{'&' if '?' in url else '?'}{left}", encode=encode)
    with pytest.raises(InUse, match=f"wharfinger {ended.pid}@.*, whose process is gone"):
        Store.open(url, encode=encode)
    asyncio.run(store.close())
