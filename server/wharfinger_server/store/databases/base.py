"""The database interface that SQLite and PostgreSQL implement."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import sqlalchemy as sa

from wharfinger_server.domain.clock import Reading
from wharfinger_server.domain.timing import now
from wharfinger_server.store.databases.connection import Line
from wharfinger_server.store.databases.steady_clock import SteadyClock
from wharfinger_server.store.databases.writes import Statements
from wharfinger_server.store.tables import codec, schema
from wharfinger_server.store.tables.codec import Row

T = TypeVar("T")

TASKS = ", ".join(f"tasks.{name}" for name in codec.TASK_COLUMNS)
"""What is selected to get whole task rows."""
_ENTRIES = ", ".join(f"entries.{name}" for name in codec.ENTRY_COLUMNS)


_PROBE_BYTES = 8 * 1024


class Verdict(Enum):
    """What a database error means for the writes it hit."""

    AGAIN = "the connection was lost, or a lock: the same may go through on another try"
    UNAVAILABLE = "nothing can be written now: no space, no disk, read-only"
    REFUSED = "the database will not have this write"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A database error, judged. `why` says it to people, without any value that was to be written."""

    verdict: Verdict
    why: str = ""


class CommitUnknown(Exception):
    """The connection was lost while the COMMIT was under way: only `Database.committed` can tell what came of it.

    The message is the driver's.
    """


def driver_says(error: BaseException) -> str:
    """Return the first line of what the driver said; what follows may hold values, and what is around it SQL."""
    return next(iter(str(getattr(error, "orig", None) or error).splitlines()), type(error).__name__)


class Database(ABC):
    """One database: a connection for the writer, which holds the lock, and others for readers."""

    kind: str
    """SQLAlchemy's name for it."""
    mark: str
    """The driver's placeholder."""
    remote = False
    """Whether it is reached over a connection that can be lost without a word."""

    def __init__(
        self, statements: Statements, clock: Callable[[], int] | None = None, steady: SteadyClock | None = None
    ) -> None:
        self.incarnation = ""
        self.wall = clock or now
        self.steady = steady or SteadyClock.of_machine()
        self._taken = 0
        self.damaged = ""
        """Why the database can't be trusted any more, once that was seen; it stays so."""
        self.statements = statements

    # ------------------------------------------------------------------ life

    @abstractmethod
    def open(self) -> None:
        """Take the lock, check, migrate. Raises OpenRefused; nothing is left open then."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection and give the lock back."""

    @abstractmethod
    def limit(self, seconds: float) -> None:
        """Wait so long for a database that is `remote`, at most, before its connection is dropped."""

    @abstractmethod
    def judge(self, error: BaseException) -> Trouble:
        """Return what `error` means for the writes or reads it hit."""

    def _took_over(self) -> None:
        """Note that the lock was taken: from now on nobody else writes."""
        self._taken = self.steady.read()

    def reading(self, wall: int | None = None) -> Reading:
        """Return what the clocks say; `wall` is the database's time where that is known, otherwise this machine's."""
        return Reading(self.steady.name, self.steady.read(), self.wall() if wall is None else wall, self._taken)

    # ------------------------------------------------------------------ the writer's transactions

    @abstractmethod
    def begin(self) -> tuple[Line, int]:
        """Begin a transaction; return where it is and the database's time. Connects again where that was lost."""

    @abstractmethod
    def commit(self) -> None:
        """Commit. Raises CommitUnknown where the answer was lost, and the driver's error where it did not happen."""

    @abstractmethod
    def rollback(self) -> None:
        """Take the transaction back; never raises."""

    @abstractmethod
    def committed(self) -> bool:
        """Connect again and return whether the transaction of the last CommitUnknown was committed."""

    # ------------------------------------------------------------------ statements that differ

    @abstractmethod
    def any_of(self, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL that follows a column to compare it with `values`, and its parameters."""

    @abstractmethod
    def insert_tasks(self, line: Line, rows: Sequence[Row]) -> set[int]:
        """Insert new tasks, leave out those that clash, return the ids of the others."""

    @abstractmethod
    def renew(self, line: Line, leases: Sequence[tuple[int, int]], expire_time: int) -> set[int]:
        """Move the end of the leases (task, epoch) that are still held; return their tasks."""

    @abstractmethod
    def lock(self, line: Line, ids: Sequence[int]) -> None:
        """Lock the rows of these tasks, sorted, before they are written in another order."""

    @abstractmethod
    def tasks(self, line: Line, ids: Sequence[int]) -> list[Row]:
        """Return the rows of these tasks, locked."""

    @abstractmethod
    def take_positions(self, line: Line, counts: Sequence[tuple[str, int]]) -> dict[str, int]:
        """Move each project's feed position on by its count, in the order given; return the new positions."""

    # ------------------------------------------------------------------ statements that don't

    def existing(self, line: Line, project: str, column: str, value: str) -> Row | None:
        """Return the row of the project's task whose `column` (request_id or task_id) is `value`."""
        sql = f"SELECT {TASKS} FROM tasks WHERE project = {self.mark} AND {column} = {self.mark}"  # noqa: S608  # our own names
        found: Row | None = line.exec_driver_sql(sql, (project, value)).first()
        return found

    def documents(self, line: Line, tasks: Sequence[int]) -> dict[int, dict[str, bytes]]:
        """Return the large documents of these tasks, by task and name."""
        found: dict[int, dict[str, bytes]] = {}
        if tasks:
            condition, values = self.any_of(tasks)
            names = ", ".join(f"'{name}'" for name in codec.LARGE.values())
            sql = f"SELECT task, name, body FROM task_documents WHERE task {condition} AND name IN ({names})"  # noqa: S608  # our own names
            for task, name, body in line.exec_driver_sql(sql, values).all():
                found.setdefault(task, {})[name] = body
        return found

    def large_of(self, line: Line, rows: Iterable[Row]) -> dict[int, dict[str, bytes]]:
        """Return the large documents of those tasks, among `rows`, that have any."""
        return self.documents(line, [row[0] for row in rows if codec.large_of(row)])

    def entries(self, line: Line, task: int, bases: Sequence[str] | None) -> Iterator[Row]:
        """Yield the entries of a task: all, or those of the given bases."""
        sql, values = f"SELECT {_ENTRIES} FROM entries WHERE task = {self.mark}", (task,)  # noqa: S608  # our own names
        if bases is None:
            yield from line.exec_driver_sql(sql, values).all()
            return
        for start in range(0, len(bases), 500):
            condition, wanted = self.any_of(bases[start : start + 500])
            yield from line.exec_driver_sql(f"{sql} AND base {condition}", (*values, *wanted)).all()

    def estimate(self, line: Line, task: int) -> bytes:
        """Return the document of what a task is expected to cost, b"" where there is none."""
        sql = f"SELECT body FROM task_documents WHERE task = {self.mark} AND name = '{codec.ESTIMATE}'"  # noqa: S608  # our own names
        found = line.exec_driver_sql(sql, (task,)).first()
        return bytes(found[0]) if found is not None else b""

    def memo(self, line: Line, task: int, key: str) -> bytes | None:
        """Return one memo."""
        sql = f"SELECT value FROM memos WHERE task = {self.mark} AND key = {self.mark}"  # noqa: S608  # our own names
        found = line.exec_driver_sql(sql, (task, key)).first()
        return found[0] if found is not None else None

    def memos(self, line: Line, task: int) -> dict[str, bytes]:
        """Return all memos of a task."""
        sql = f"SELECT key, value FROM memos WHERE task = {self.mark}"  # noqa: S608  # our own names
        return {row[0]: row[1] for row in line.exec_driver_sql(sql, (task,)).all()}

    def probe(self, line: Line) -> None:
        """Write as much as needs room of its own: several pages, with other bytes each time."""
        self.note(line, "probe", secrets.token_hex(_PROBE_BYTES))

    def note(self, line: Line, name: str, value: str) -> None:
        """Write a fact about the server down."""
        sql = (
            f"INSERT INTO meta (name, value) VALUES ({self.mark}, {self.mark}) "  # noqa: S608  # our own names
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        line.exec_driver_sql(sql, (name, value))

    def purge(self, line: Line, before: int, limit: int) -> int:
        """Delete tombstones older than `before` with all that belongs to them; return how many."""
        old = f"delete_time > 0 AND delete_time < {self.mark} AND open_entries = 0"
        sql = f"SELECT id FROM tasks WHERE {old} ORDER BY delete_time LIMIT {self.mark}"  # noqa: S608  # our own names
        ids = sorted(row[0] for row in line.exec_driver_sql(sql, (before, limit)).all())
        if not ids:
            return 0
        self.lock(line, ids)
        condition, values = self.any_of(ids)
        sql = f"SELECT project, max(position) FROM events WHERE task {condition} GROUP BY project"  # noqa: S608  # our own names
        floors = sorted((project, position) for project, position in line.exec_driver_sql(sql, values).all())
        for table, column in (
            ("events", "task"),
            ("entries", "task"),
            ("memos", "task"),
            ("task_labels", "task"),
            ("task_documents", "task"),
            ("sealed", "task"),
            ("tasks", "id"),
        ):
            line.exec_driver_sql(f"DELETE FROM {table} WHERE {column} {condition}", values)  # noqa: S608  # our own names
        for project, position in floors:
            sql = f"UPDATE projects SET floor = {self.mark} WHERE project = {self.mark} AND floor < {self.mark}"  # noqa: S608
            line.exec_driver_sql(sql, (position, project, position))
        return len(ids)

    # ------------------------------------------------------------------ readers

    def look(self, connection: sa.Connection) -> None:
        """Ask for a sign of life. Raises the driver's error."""
        connection.exec_driver_sql("SELECT 1").scalar()

    @abstractmethod
    def read(self, query: Callable[[sa.Connection], T]) -> T:
        """Run `query` on a reader's connection. Raises the driver's error; a lost connection is tried once more."""


def ensure_incarnation(connection: sa.Connection) -> str:
    """Return the database's own random name, made with its first use."""
    found = connection.execute(sa.select(schema.meta.c.value).where(schema.meta.c.name == "incarnation")).scalar()
    if found is None:
        found = secrets.token_hex(8)
        connection.execute(schema.meta.insert().values(name="incarnation", value=found))
    return str(found)
