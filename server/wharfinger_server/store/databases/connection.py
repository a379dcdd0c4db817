"""The connection that statements are run on: SQLAlchemy's or, for SQLite's writer, the driver's own.

SQLAlchemy compiles the statements and keeps the connections, but running one through it costs more than the statement
itself: each batch takes about ten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

import sqlalchemy as sa


class Found(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def all(self) -> Sequence[Any]:
        """Return all rows."""
        ...

    def first(self) -> Any:
        """Return the first row, None if there is none, and drop the others."""
        ...


class Line(Protocol):
    """Where statements are run."""

    def exec_driver_sql(self, statement: str, parameters: Any = None, /) -> Found:
        """Run a statement: once with a tuple of values, or once for each of a list of tuples."""
        ...


class _Cursor(sqlite3.Cursor):
    """SQLite's cursor, with the words of `Found`."""

    def all(self) -> Sequence[Any]:
        return self.fetchall()

    def first(self) -> Any:
        row = self.fetchone()
        self.close()
        return row


class SqliteLine:
    """SQLite's driver. It raises what SQLAlchemy raises: DBAPIError, which does not tell the statement's values."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self._driver = driver

    def exec_driver_sql(self, statement: str, parameters: Any = None, /) -> Found:
        """Run a statement: once with a tuple of values, or once for each of a list of tuples."""
        cursor = self._driver.cursor(_Cursor)
        try:
            if type(parameters) is list:
                return cursor.executemany(statement, parameters)
            return cursor.execute(statement, parameters or ())
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(statement, None, error, sqlite3.Error, hide_parameters=True) from error

    @property
    def changes(self) -> int:
        """How many rows were changed since the line was opened."""
        return self._driver.total_changes

    def rollback(self) -> None:
        """Take the transaction back, if there is one. Never raises."""
        try:
            self._driver.rollback()
        except sqlite3.Error:
            return
