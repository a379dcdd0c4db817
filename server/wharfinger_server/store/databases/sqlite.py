"""SQLite: one file, one server, WAL, every commit on the disk before it is answered."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import orjson
import sqlalchemy as sa

from wharfinger_server.store.databases import migrate
from wharfinger_server.store.databases.base import TASKS, Database, Trouble, Verdict, ensure_incarnation
from wharfinger_server.store.databases.bulk import SqliteBulks, pieces
from wharfinger_server.store.databases.connection import Line, SqliteLine
from wharfinger_server.store.databases.forked import allow_children, keep_from_children, of_files
from wharfinger_server.store.databases.lock import CLOSED, OPEN, FileLock
from wharfinger_server.store.databases.readers import Readers
from wharfinger_server.store.databases.soundness import refuse_damaged, refuse_missing
from wharfinger_server.store.databases.steady_clock import SteadyClock
from wharfinger_server.store.databases.writes import statements
from wharfinger_server.store.errors import Damaged, FileMoved, NotDurable, NotOurs, NotWritable, OpenRefused
from wharfinger_server.store.tables.codec import Row

T = TypeVar("T")

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another connection's lock: a checkpoint, or an operator's own shell."""

_FULL, _EXTRA = 2, 3
_CLASHES = (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID, sqlite3.SQLITE_CONSTRAINT_UNIQUE)
_ROOM_TO_OPEN = 64 * 1024
_TROUBLE = {
    sqlite3.SQLITE_BUSY: Trouble(Verdict.AGAIN, "another program holds its file locked"),
    sqlite3.SQLITE_LOCKED: Trouble(Verdict.AGAIN, "another connection holds a table locked"),
    sqlite3.SQLITE_FULL: Trouble(Verdict.UNAVAILABLE, "its disk is full"),
    sqlite3.SQLITE_IOERR: Trouble(Verdict.UNAVAILABLE, "its disk reports an error"),
    sqlite3.SQLITE_READONLY: Trouble(Verdict.UNAVAILABLE, "its file cannot be written"),
    sqlite3.SQLITE_CANTOPEN: Trouble(Verdict.UNAVAILABLE, "its file cannot be opened"),
    sqlite3.SQLITE_CORRUPT: Trouble(Verdict.UNAVAILABLE, "its file is damaged; restore a backup"),
    sqlite3.SQLITE_NOTADB: Trouble(Verdict.UNAVAILABLE, "its file is no database any more; restore a backup"),
    sqlite3.SQLITE_NOMEM: Trouble(Verdict.UNAVAILABLE, "there is no memory left"),
}


_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
log = logging.getLogger(__name__)


class SqliteDatabase(Database):
    """A SQLite file. `clock` is the database's clock, microseconds since the epoch."""

    kind = "sqlite"
    mark = "?"

    def __init__(self, url: sa.URL, clock: Callable[[], int] | None = None, steady: SteadyClock | None = None) -> None:
        super().__init__(statements(SqliteBulks), clock, steady)
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise NotOurs("a SQLite database needs a file, such as sqlite:////var/lib/wharfinger/wharfinger.db")
        self._url = url
        self._path = Path(os.path.realpath(url.database))
        self._lock = FileLock(self._path)

    # ------------------------------------------------------------------ life

    def open(self) -> None:
        """Take the lock, set and check the file's modes, migrate."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.take(lambda: refuse_missing(self._path, bool(self._lock.before)))
            self._took_over()
            keep_from_children(self._held)
        except OSError as error:
            raise NotWritable(
                f"{self._path} cannot be written ({error.strerror}): give the server a data directory that it may write"
            ) from error
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _held(self) -> Iterator[int]:
        return of_files(*(f"{self._path}{suffix}" for suffix in ("", "-wal", "-shm")))

    def _open(self) -> None:
        try:
            refuse_damaged(self._path, served=bool(self._lock.before), orderly=self._lock.before == CLOSED)
            self._look()
            self._engine = self._make_engine(None, _writing)
            self._readers = Readers(self._make_engine("AUTOCOMMIT", _reading_only))
            self._connection = self._engine.connect()
            self._check()
            with self._connection.begin():
                migrate.upgrade(self._connection, str(self._path))
                self.incarnation = ensure_incarnation(self._connection)
            driver = self._connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            self._line = SqliteLine(driver)
            self._inode = self._path.stat().st_ino
            self._lock.mark(OPEN)
        except OSError as error:
            raise NotWritable(f"{self._path} cannot be written ({error.strerror})") from error
        except sa.exc.DBAPIError as error:
            raise _open_refusal(self._path, error) from error

    def _look(self) -> None:
        """Refuse a database that is not ours, or too new, before anything is changed: setting its mode would."""
        engine = self._make_engine("AUTOCOMMIT", _looking)
        try:
            with engine.connect() as connection:
                migrate.check(connection, str(self._path))
        finally:
            engine.dispose()

    def _make_engine(self, isolation: Literal["AUTOCOMMIT"] | None, prepare: Callable[[Any, Any], None]) -> sa.Engine:
        options: dict[str, Any] = {"isolation_level": isolation} if isolation else {}
        engine = sa.create_engine(
            self._url,
            poolclass=sa.pool.NullPool,
            hide_parameters=True,  # tasks' params have no place in logs
            connect_args={"timeout": BUSY_TIMEOUT, "cached_statements": 256},
            **options,
        )
        sa.event.listen(engine, "connect", prepare)
        if isolation is None:
            # The driver's own BEGIN would come late and take the write lock later still.
            sa.event.listen(engine, "begin", _begin_immediate)
        return engine

    def _check(self) -> None:
        version = sqlite3.sqlite_version_info
        if version < (3, 35):
            raise NotOurs(f"this Python has SQLite {sqlite3.sqlite_version}; the server needs 3.35 or newer")
        driver = self._connection.connection.cursor()
        mode = driver.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != "wal":
            raise NotDurable(
                f"{self._path} stays in journal mode {mode!r}: its file system cannot do WAL; use a local disk"
            )
        level = driver.execute("PRAGMA synchronous").fetchone()[0]
        if level not in (_FULL, _EXTRA):
            raise NotDurable(
                f"{self._path} does not wait for its disk: synchronous is {level}, not FULL, "
                "whatever this SQLite is told; use another build of SQLite"
            )
        driver.close()

    def close(self) -> None:
        """Close all connections, then give the lock back."""
        allow_children(self._held)
        was_open = "_line" in self.__dict__
        for name in ("_connection", "_readers"):
            held: sa.Connection | Readers | None = self.__dict__.pop(name, None)
            if held is not None:
                held.close()
        if was_open and not self.damaged:
            del self._line
            self._lock.mark(CLOSED)
        self._lock.release()

    def limit(self, seconds: float) -> None:
        """Nothing to do: it is no connection that answers."""

    def judge(self, error: BaseException) -> Trouble:
        """Judge by SQLite's primary result code."""
        original = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        trouble = _TROUBLE.get(code) or Trouble(Verdict.REFUSED, str(original))
        if code in _DAMAGE and not self.damaged:
            self.damaged = trouble.why
            log.critical("the database %s is not whole: %s", self._path, trouble.why)
        return trouble

    def look(self, connection: sa.Connection) -> None:
        """Ask, and see whether the file is still where it was. Raises FileMoved."""
        super().look(connection)
        try:
            moved = self._path.stat().st_ino != self._inode
        except FileNotFoundError:
            moved = True
        if moved:
            raise FileMoved(f"its file {self._path} was removed or replaced; stop the server and put it back")

    # ------------------------------------------------------------------ the writer's transactions

    def begin(self) -> tuple[Line, int]:
        """Begin; SQLite's clock is the server's own."""
        self._line.exec_driver_sql("BEGIN IMMEDIATE")
        return self._line, self.wall()

    def commit(self) -> None:
        """Commit: back when it is on the disk."""
        self._line.exec_driver_sql("COMMIT")

    def rollback(self) -> None:
        """Take the transaction back."""
        self._line.rollback()

    def committed(self) -> bool:
        """Never asked: a COMMIT here answers in the same process."""
        return False

    # ------------------------------------------------------------------ statements that differ

    def any_of(self, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
        """Numbers travel as one JSON array, so that one prepared statement fits any count; strings one by one."""
        if isinstance(values[0], int):
            return "IN (SELECT value FROM json_each(?))", (orjson.dumps(values).decode(),)
        return f"IN ({','.join('?' * len(values))})", tuple(values)

    def insert_tasks(self, line: Line, rows: Sequence[Row]) -> set[int]:
        """Insert as many at once as go; where one clashes, those before it are in, and those after it are next."""
        inserted: set[int] = set()
        for part in pieces(rows):
            rest = part
            while rest:
                before = self._line.changes
                try:
                    self.statements.insert_tasks(line, rest)
                except sa.exc.IntegrityError as error:
                    if getattr(error.orig, "sqlite_errorcode", 0) not in _CLASHES:
                        raise
                done = self._line.changes - before
                inserted.update(row[0] for row in rest[:done])
                rest = rest[done + 1 :]
        return inserted

    def renew(self, line: Line, leases: Sequence[tuple[int, int]], expire_time: int) -> set[int]:
        """Read which are held, then write those: nobody writes in between."""
        condition, values = self.any_of([task for task, _ in leases])
        sql = f"SELECT id, epoch FROM tasks WHERE lease_expire > 0 AND id {condition}"  # noqa: S608  # our own names
        held = set(line.exec_driver_sql(sql, values).all()) & set(leases)
        if held:
            self.statements.renew(line, [(*lease, expire_time) for lease in sorted(held)])
        return {task for task, _ in held}

    def lock(self, line: Line, ids: Sequence[int]) -> None:
        """Nothing to do: the transaction has the whole file."""

    def tasks(self, line: Line, ids: Sequence[int]) -> list[Row]:
        """Read the rows."""
        condition, values = self.any_of(ids) if len(ids) > 1 else ("= ?", tuple(ids))
        sql = f"SELECT {TASKS} FROM tasks WHERE id {condition}"  # noqa: S608  # our own names
        return list(line.exec_driver_sql(sql, values).all())

    def take_positions(self, line: Line, counts: Sequence[tuple[str, int]]) -> dict[str, int]:
        """One statement for each project."""
        sql = (
            "INSERT INTO projects (project, position, floor) VALUES (?, ?, 0) "
            "ON CONFLICT (project) DO UPDATE SET position = position + excluded.position RETURNING position"
        )
        return {project: line.exec_driver_sql(sql, (project, n)).first()[0] for project, n in counts}

    # ------------------------------------------------------------------ readers

    def read(self, query: Callable[[sa.Connection], T]) -> T:
        """Run `query` on a reader's connection."""
        return self._readers.run(query)


def _prepare(driver: sqlite3.Connection) -> None:
    driver.isolation_level = None
    driver.execute("PRAGMA journal_mode = WAL")
    driver.execute("PRAGMA synchronous = FULL")
    driver.execute("PRAGMA foreign_keys = ON")
    # After a burst the log beside the file shrinks again.
    driver.execute("PRAGMA journal_size_limit = 67108864")
    # Where the system's own sync stops at the drive's cache (macOS), go through it.
    driver.execute("PRAGMA fullfsync = ON")
    driver.execute("PRAGMA checkpoint_fullfsync = ON")


def _looking(driver: Any, _record: Any) -> None:
    driver.isolation_level = None
    driver.execute("PRAGMA query_only = ON")


def _writing(driver: Any, _record: Any) -> None:
    _prepare(driver)
    # Request ids may be random: with millions of tasks, each is looked up on a page of its own. In KiB.
    driver.execute("PRAGMA cache_size = -65536")
    # Otherwise SQLite makes a file for what it needs to take back one statement of many rows.
    driver.execute("PRAGMA temp_store = MEMORY")
    # What was deleted is overwritten: pages that are free, and backups made of the file, hold nothing of it.
    driver.execute("PRAGMA secure_delete = ON")


def _reading_only(driver: Any, _record: Any) -> None:
    _prepare(driver)
    driver.execute("PRAGMA query_only = ON")


def _begin_immediate(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _open_refusal(path: Path, error: sa.exc.DBAPIError) -> OpenRefused:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return NotOurs(f"{path} is not a SQLite database; give the server a file of its own")
    if shutil.disk_usage(path.parent).free < _ROOM_TO_OPEN:  # SQLite calls that an error of the disk
        return NotWritable(f"{path} cannot be opened: its disk is full; make room")
    trouble = _TROUBLE.get(code)
    if code == sqlite3.SQLITE_CORRUPT:
        return Damaged(f"{path} is damaged; restore a backup")
    return NotWritable(f"{path} cannot be opened: {trouble.why if trouble else error.orig}")
