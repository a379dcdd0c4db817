"""PostgreSQL: one server at a time by an advisory lock, and numbered batches.

The writer's session holds the lock, so whoever holds it knows that the session before is over. With the number written
in each batch, that settles whether a COMMIT whose answer was lost happened.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg.types.numeric import Int8BinaryDumper

from wharfinger_server.config import shown_url
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.store.databases import migrate
from wharfinger_server.store.databases.base import (
    TASKS,
    CommitUnknown,
    Database,
    Trouble,
    Verdict,
    driver_says,
    ensure_incarnation,
)
from wharfinger_server.store.databases.bulk import PostgresBulks
from wharfinger_server.store.databases.connection import Line
from wharfinger_server.store.databases.deadline import Deadline
from wharfinger_server.store.databases.forked import allow_children, keep_from_children
from wharfinger_server.store.databases.lock import is_alive
from wharfinger_server.store.databases.readers import Readers
from wharfinger_server.store.databases.steady_clock import SteadyClock
from wharfinger_server.store.databases.writes import statements
from wharfinger_server.store.errors import InUse, NotDurable, NotOurs, NotWritable
from wharfinger_server.store.tables.codec import Row

T = TypeVar("T")

_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_LOCK = "1464354386, hashtext(current_schema())"
"""The advisory lock: "WHFR", and the schema, so that two schemas of one database can serve two servers."""

_HOLDER = (
    "SELECT pid, backend_start::text, application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE locktype = 'advisory' AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND classid = 1464354386 AND objid::bigint = (hashtext(current_schema())::bigint & 4294967295) AND objsubid = 2"
)
_BATCHES_KEPT = 7 * 24 * 3600 * SECOND
DEADLINE = 20.0
"""Seconds that a transaction, or a query, may take before its connection is dropped."""
_OWN_SESSION_ENDS = 5.0
"""Seconds to wait for the server's end of a lost connection to be gone."""

_GONE = Trouble(Verdict.AGAIN, "it does not answer")
_LOCKED = Trouble(Verdict.AGAIN, "another session holds its rows locked")
_CANNOT = Trouble(Verdict.UNAVAILABLE, "it cannot be written")
_TROUBLE = (
    ("08", _GONE),
    ("57P", _GONE),
    ("40001", _LOCKED),
    ("40P01", _LOCKED),
    ("55P03", _LOCKED),
    ("53100", Trouble(Verdict.UNAVAILABLE, "its disk is full")),
    ("53", _CANNOT),
    ("58", _CANNOT),
    ("25006", _CANNOT),
)
"""What the beginnings of SQLSTATEs mean."""

_DEFAULTS = {
    "connect_timeout": "5",
    "client_encoding": "utf8",
    # A peer that vanished without a word is noticed within about half a minute, also while an answer is awaited.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}


_SESSION = {
    "statement_timeout": 0,
    "idle_in_transaction_session_timeout": 0,
    "idle_session_timeout": 0,
    # The database's own probes: a server whose machine vanished holds its lock for half a minute, not for two hours.
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 20000,
}
"""What the writer's session asks of the database."""


class HeldUp(Exception):
    """Our own session of before has the lock, and the database does not end it: its process may be stopped."""


class PostgresDatabase(Database):
    """A PostgreSQL database, or one schema of it."""

    kind = "postgresql"
    mark = "%s"
    remote = True

    def __init__(self, url: sa.URL, clock: Callable[[], int] | None = None, steady: SteadyClock | None = None) -> None:
        super().__init__(statements(PostgresBulks), clock, steady)
        self._name = shown_url(url.render_as_string(hide_password=True))
        self._clock = clock
        usual = {"application_name": f"wharfinger {os.getpid()}@{socket.gethostname()}"} | _DEFAULTS
        arguments = {name: value for name, value in usual.items() if name not in url.query}
        self._open: weakref.WeakSet[psycopg.Connection[Any]] = weakref.WeakSet()
        self._mine = threading.local()
        self._writing: weakref.ref[psycopg.Connection[Any]] | None = None
        self._deadline = Deadline(DEADLINE)
        self._engine = self._make_engine(url, arguments, self._take_as_writer)
        self._readers = Readers(self._make_engine(url, arguments, self._take_as_reader, isolation_level="AUTOCOMMIT"))
        self._connection: sa.Connection | None = None
        self._session: tuple[int, str] | None = None
        self._writer = secrets.token_hex(8)
        self._number = 0

    @staticmethod
    def _make_engine(
        url: sa.URL, arguments: dict[str, str], take: Callable[[Any, Any], None], **options: Any
    ) -> sa.Engine:
        engine = sa.create_engine(
            url,
            connect_args=arguments,
            poolclass=sa.pool.NullPool,
            hide_parameters=True,  # tasks' params have no place in logs
            **options,
        )
        sa.event.listen(engine, "connect", take)
        return engine

    def _take_as_writer(self, driver: Any, _record: Any) -> None:
        self._prepare(driver)
        self._writing = weakref.ref(driver)

    def _take_as_reader(self, driver: Any, _record: Any) -> None:
        self._prepare(driver)
        self._mine.driver = weakref.ref(driver)  # of the thread that connects: each has its own

    def _prepare(self, driver: Any) -> None:
        # One width for all numbers: otherwise each mixture of small and large ones is another prepared statement.
        driver.adapters.register_dumper(int, Int8BinaryDumper)
        self._open.add(driver)

    def _writers(self) -> list[int]:
        """Return the descriptor of the writer's connection, [] while there is none."""
        return _descriptor(self._writing)

    def _readers_own(self) -> Callable[[], list[int]]:
        """Return what tells the descriptor of the connection that the calling thread has by then."""
        mine = self._mine.__dict__
        return lambda: _descriptor(mine.get("driver"))

    def limit(self, seconds: float) -> None:
        """Wait so long for the database at most, in a transaction or a query, before its connection is dropped."""
        self._deadline.seconds = seconds

    def _sockets(self) -> list[int]:
        """Return the descriptors of all connections: in a child they would keep the session, and with it the lock."""
        return [number for one in self._open for number in _descriptor(weakref.ref(one))]

    # ------------------------------------------------------------------ life

    def open(self) -> None:
        """Connect, check, take the lock, migrate."""
        keep_from_children(self._sockets)
        try:
            connection = self._connect()
            with connection.begin():
                migrate.upgrade(connection, self._name)
                self.incarnation = ensure_incarnation(connection)
                connection.exec_driver_sql(f"DELETE FROM batches WHERE time < {_NOW} - {_BATCHES_KEPT}")  # noqa: S608
        except sa.exc.DBAPIError as error:
            self.close()
            raise NotWritable(f"{self._name} cannot be opened: {str(error.orig).strip().splitlines()[0]}") from error
        except BaseException:
            self.close()
            raise

    def _connect(self) -> sa.Connection:
        """Return a new connection for the writer, which holds the lock. Raises InUse where another server has that."""
        connection = self._engine.connect()
        try:
            with connection.begin():
                self._check(connection)
                self._take_lock(connection)
                pid, start = connection.exec_driver_sql(
                    "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
                ).one()
                for setting, value in _SESSION.items():
                    with suppress(sa.exc.DBAPIError), connection.begin_nested():  # some came with PostgreSQL 14
                        connection.exec_driver_sql(f"SET SESSION {setting} = {value}")
        except BaseException:
            connection.close()
            raise
        self._session = (pid, start)
        self._took_over()
        self._connection = connection
        return connection

    def _check(self, connection: sa.Connection) -> None:
        version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
        if version < 130000:
            raise NotOurs(f"{self._name} is PostgreSQL {version // 10000}; the server needs 13 or newer")
        for setting in ("fsync", "synchronous_commit"):
            if connection.exec_driver_sql(f"SHOW {setting}").scalar() == "off":
                raise NotDurable(
                    f"{self._name} has {setting} = off: what was answered could be lost with the power; set it to on"
                )

    def _take_lock(self, connection: sa.Connection) -> None:
        """Take the advisory lock. Raises InUse where another server has it.

        Our own session of before, where the database still has it, is ended first: it may be committing.
        """
        deadline = time.monotonic() + _OWN_SESSION_ENDS
        while not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_LOCK})").scalar():
            holder = connection.exec_driver_sql(_HOLDER).first()
            if holder is None:
                continue
            ours = (holder[0], holder[1]) == self._session
            if ours and time.monotonic() > deadline:
                raise HeldUp
            if not ours:
                raise InUse(f"{self._name} is in use by another server (session {holder[0]}, {_named(holder[2])}")
            connection.exec_driver_sql("SELECT pg_terminate_backend(%s::int)", (holder[0],))
            time.sleep(0.01)

    def close(self) -> None:
        """Close all connections; the lock goes with the writer's."""
        allow_children(self._sockets)
        self._deadline.close()
        if self._connection is not None:
            with suppress(sa.exc.SQLAlchemyError):
                self._connection.close()
            self._connection = None
        self._engine.dispose()
        self._readers.close()

    def judge(self, error: BaseException) -> Trouble:
        """Judge by the SQLSTATE; without one the connection is gone."""
        if isinstance(error, InUse):
            return Trouble(Verdict.UNAVAILABLE, "another server has taken it over")
        if isinstance(error, HeldUp):
            return Trouble(Verdict.AGAIN, "it does not end the session before, which may still be committing")
        if isinstance(error, NotDurable):
            return Trouble(Verdict.UNAVAILABLE, "it no longer waits for its disk")
        original = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        state = getattr(original, "sqlstate", None)
        if state is None:
            lost = isinstance(original, psycopg.OperationalError | psycopg.InterfaceError)
            return _GONE if lost else Trouble(Verdict.REFUSED, type(original).__name__)
        # The driver's own text goes on with the values of the row.
        primary = original.diag.message_primary if isinstance(original, psycopg.Error) else None
        refused = Trouble(Verdict.REFUSED, primary or state)
        return next((trouble for prefix, trouble in _TROUBLE if state.startswith(prefix)), refused)

    # ------------------------------------------------------------------ the writer's transactions

    def begin(self) -> tuple[Line, int]:
        """Begin, and write the batch's number; the time is the database's. From now on the deadline counts."""
        self._deadline.arm(self._writers)
        connection = self._connection or self._connect()
        self._number += 1
        now = connection.exec_driver_sql(
            f"INSERT INTO batches (writer, number, time) VALUES (%s, %s, {_NOW}) "  # noqa: S608  # our own names
            "ON CONFLICT (writer) DO UPDATE SET number = excluded.number, time = excluded.time RETURNING time",
            (self._writer, self._number),
        ).scalar_one()
        return connection, self._clock() if self._clock else int(now)

    def commit(self) -> None:
        """Commit; where the answer is lost, `committed` finds out."""
        assert self._connection is not None
        try:
            self._connection.commit()
            self._deadline.disarm()
        except sa.exc.DBAPIError as error:
            if self.judge(error).verdict is Verdict.AGAIN:
                self._drop()
                raise CommitUnknown(driver_says(error)) from error
            raise

    def rollback(self) -> None:
        """Take the transaction back; a connection that was lost is forgotten, so that the next begin makes another."""
        try:
            self._roll_back()
        finally:
            self._deadline.disarm()

    def _roll_back(self) -> None:
        if self._connection is None:
            return
        try:
            self._connection.rollback()
        except sa.exc.SQLAlchemyError:
            self._drop()
            return
        if self._connection.invalidated or self._connection.connection.dbapi_connection is None:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(sa.exc.SQLAlchemyError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None

    def committed(self) -> bool:
        """Connect again: with the lock taken, the session before is over, and what it committed can be read."""
        with self._deadline.limited(self._writers):
            return self._committed()

    def _committed(self) -> bool:
        connection = self._connection or self._connect()
        number = connection.exec_driver_sql("SELECT number FROM batches WHERE writer = %s", (self._writer,)).scalar()
        connection.rollback()
        return bool(number == self._number)

    # ------------------------------------------------------------------ statements that differ

    def any_of(self, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
        """One array, whatever the count."""
        return "= ANY(%s)", (list(values),)

    def insert_tasks(self, line: Line, rows: Sequence[Row]) -> set[int]:
        """Insert all at once; those without a clash come back."""
        return {row[0] for row in self.statements.insert_tasks(line, rows)}

    def renew(self, line: Line, leases: Sequence[tuple[int, int]], expire_time: int) -> set[int]:
        """One statement; the rows are locked already, in order."""
        return {row[0] for row in self.statements.renew(line, [(task, epoch, expire_time) for task, epoch in leases])}

    def lock(self, line: Line, ids: Sequence[int]) -> None:
        """Lock in the order of ids, as every writer does."""
        line.exec_driver_sql("SELECT id FROM tasks WHERE id = ANY(%s) ORDER BY id FOR UPDATE", (list(ids),))

    def tasks(self, line: Line, ids: Sequence[int]) -> list[Row]:
        """Read and lock the rows in the order of their ids."""
        sql = f"SELECT {TASKS} FROM tasks WHERE id = ANY(%s) ORDER BY id FOR UPDATE"  # noqa: S608  # our own names
        return list(line.exec_driver_sql(sql, (list(ids),)).all())

    def take_positions(self, line: Line, counts: Sequence[tuple[str, int]]) -> dict[str, int]:
        """One statement; it locks the projects in the order given."""
        sql = (
            "INSERT INTO projects (project, position, floor) "
            'SELECT v.project, v.n, 0 FROM unnest(%s::text[] COLLATE "C", %s::bigint[]) AS v(project, n) '
            "ON CONFLICT (project) DO UPDATE SET position = projects.position + excluded.position "
            "RETURNING project, position"
        )
        projects, numbers = zip(*counts, strict=True)
        return {row[0]: row[1] for row in line.exec_driver_sql(sql, (list(projects), list(numbers))).all()}

    # ------------------------------------------------------------------ readers

    def read(self, query: Callable[[sa.Connection], T]) -> T:
        """Run `query` on a reader's connection; once more on a new one where that was lost."""
        with self._deadline.limited(self._readers_own()):
            try:
                return self._readers.run(query)
            except sa.exc.DBAPIError as error:
                if self.judge(error).verdict is not Verdict.AGAIN:
                    raise
            self._deadline.arm(self._readers_own())
            return self._readers.run(query)


def _named(application: str) -> str:
    """Return the rest of a sentence about the session of a server: its name, and what to do about it."""
    process, _, host = application.removeprefix("wharfinger ").partition("@")
    if host == socket.gethostname() and process.isdigit() and not is_alive(int(process)):
        return f"{application}), whose process is gone: one that it started, or the network, keeps it; end that session"
    return f"{application or 'unnamed'}); stop that one, or give this one a database of its own"


def _descriptor(driver: weakref.ref[psycopg.Connection[Any]] | None) -> list[int]:
    connection = driver() if driver is not None else None
    try:
        return [connection.fileno()] if connection is not None and not connection.closed else []
    except psycopg.Error:  # it was lost at this moment
        return []
