"""The database's own trouble: it is busy, its disk is full, or the answer of a COMMIT is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from wharfinger_server.store.databases.base import CommitUnknown, Database
from wharfinger_server.store.store import Store

if TYPE_CHECKING:
    from tests.campaigns.sim.world import World

BUSY, FULL = sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL


class TroubledDatabase:
    """Stands before the database of one server's life, and keeps the trace true to what is really committed."""

    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store
        self._database: Any = store._database
        self._real: Database = type("Real", (), {n: getattr(self._database, n) for n in _STOOD_BEFORE})  # type: ignore[assignment]
        self._happened: bool | None = None
        for name in _STOOD_BEFORE:
            setattr(self._database, name, getattr(self, name))

    def begin(self) -> Any:
        """Begin a transaction, or find the file locked."""
        self._fail_at("begin", BUSY)
        begun = self._real.begin()
        self._world.trace.begun()
        return begun

    def commit(self) -> None:
        """Commit, or not, or nobody knows."""
        if not self._strikes():
            self._real.commit()
            return
        how = self._world.dice.choice(("busy", "full", "lost before", "lost after"))
        self._world.note(f"database: COMMIT {how}")
        if how in ("busy", "full"):
            raise _error(BUSY if how == "busy" else FULL)
        self._happened = how == "lost after"
        self._world.trace.unknown()
        if self._happened:
            self._real.commit()
        else:
            self._real.rollback()
        raise CommitUnknown

    def rollback(self) -> None:
        """Take the transaction back."""
        self._world.trace.rolled_back()
        self._real.rollback()

    def committed(self) -> bool:
        """Tell what became of the last COMMIT whose answer was lost, unless that cannot be told yet."""
        self._fail_at("looking", self._world.dice.choice((BUSY, FULL)))
        happened, self._happened = bool(self._happened), None
        self._world.trace.found_out(happened)
        return happened

    def read(self, query: Callable[[Any], Any]) -> Any:
        """Run a query, or find the file locked."""
        if self._strikes():
            self._world.note("database: reading failed")
            raise _busy_reader()
        return self._real.read(query)

    def die(self) -> None:
        """Let the truth come out about a COMMIT whose server dies before it asked."""
        batch = self._store._writer._unsettled
        happened, self._happened = self._happened, None
        self._world.trace.found_out(bool(happened))
        if happened and batch is not None:
            self._world.trace.committed(batch.committed)

    def _fail_at(self, what: str, code: int) -> None:
        if self._world.away and self._world.server_up:
            raise _error(FULL)  # a writer would wait for one that is busy, and its time stands still here
        if self._strikes():
            self._world.note(f"database: {what} failed")
            raise _error(code)

    def _strikes(self) -> bool:
        world = self._world
        return world.server_up and not world.calm and world.dice.random() < world.troubled


_STOOD_BEFORE = ("begin", "commit", "rollback", "committed", "read")


def _error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("the simulation's")
    error.sqlite_errorcode = code
    return error


def _busy_reader() -> Exception:
    return sa.exc.OperationalError("SELECT", {}, _error(BUSY))
