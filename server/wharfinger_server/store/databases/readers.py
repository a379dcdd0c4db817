"""Connections for reading: one for each thread that reads, kept open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import sqlalchemy as sa

T = TypeVar("T")


class Readers:
    """Runs queries, each on the calling thread's own connection; taking one from a pool costs as much as a query."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._mine = threading.local()
        self._all: list[sa.Connection] = []

    def run(self, query: Callable[[sa.Connection], T]) -> T:
        """Run `query`. After an error of the database its connection is not used again."""
        connection: sa.Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = self._engine.connect()
            self._all.append(connection)
        try:
            return query(connection)
        except sa.exc.DBAPIError:
            self._mine.connection = None
            self._all.remove(connection)
            _close(connection)
            raise

    def close(self) -> None:
        """Close all connections; no thread may be reading."""
        for connection in self._all:
            _close(connection)
        self._all.clear()
        self._mine = threading.local()
        self._engine.dispose()


def _close(connection: sa.Connection) -> None:
    with suppress(sa.exc.SQLAlchemyError):
        connection.close()
