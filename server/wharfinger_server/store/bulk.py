"""Statements over many rows at once, compiled once by SQLAlchemy and run as plain text.

SQLite runs the statement of one row for each (in C); PostgreSQL gets the rows as one array a column, so that one
prepared statement fits any number of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Sequence[Any]]


class Bulk(Protocol):
    """A statement that takes rows; at least one."""

    def __call__(self, connection: sa.Connection, rows: Rows) -> sa.CursorResult[Any]:
        """Run it over `rows`, whose values are in the order of the statement's columns."""
        ...


class Bulks(Protocol):
    """Makes the bulk statements of one kind of database. `columns` names the values of each row, in order."""

    def insert(self, table: sa.Table, columns: Sequence[str], *, ignore: bool = False) -> Bulk:
        """INSERT; with `ignore`, rows that clash with any unique constraint are left out.

        How many were not is the result's rowcount (SQLite), or their ids are its rows (PostgreSQL).
        """
        ...

    def upsert(self, table: sa.Table, columns: Sequence[str]) -> Bulk:
        """INSERT, or UPDATE where the primary key is there already."""
        ...

    def update(
        self, table: sa.Table, keys: Sequence[str], columns: Sequence[str], *, only: str = "", returning: str = ""
    ) -> Bulk:
        """UPDATE `columns` where `keys` match (each row: keys, then columns) and the SQL condition `only` holds.

        PostgreSQL gives back the column `returning` of the rows that were changed.
        """
        ...

    def delete(self, table: sa.Table, keys: Sequence[str]) -> Bulk:
        """DELETE the rows where `keys` match."""
        ...


# ---------------------------------------------------------------- SQLite


class _OneByOne:
    """Runs the statement of one row for each row."""

    def __init__(self, statement: sa.ClauseElement, columns: Sequence[str]) -> None:
        compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
        self._sql = str(compiled)
        wanted = [name.removeprefix("v_") for name in getattr(compiled, "positiontup", None) or ()]
        self._pick = None if wanted == list(columns) else itemgetter(*(columns.index(name) for name in wanted))

    def __call__(self, connection: sa.Connection, rows: Rows) -> sa.CursorResult[Any]:
        pick = self._pick
        return connection.exec_driver_sql(self._sql, list(rows) if pick is None else [pick(row) for row in rows])


def _bind(name: str) -> sa.BindParameter[Any]:
    # Prefixed: an UPDATE keeps the bare names of its columns for itself.
    return sa.bindparam(f"v_{name}")


class SqliteBulks:
    """Bulk statements for SQLite."""

    def insert(self, table: sa.Table, columns: Sequence[str], *, ignore: bool = False) -> Bulk:
        """INSERT; with `ignore`, rows that clash are left out: the result's rowcount tells how many were not."""
        statement = sqlite.insert(table).values({name: _bind(name) for name in columns})
        return _OneByOne(statement.on_conflict_do_nothing() if ignore else statement, columns)

    def upsert(self, table: sa.Table, columns: Sequence[str]) -> Bulk:
        """INSERT, or UPDATE where the primary key is there already."""
        statement = sqlite.insert(table).values({name: _bind(name) for name in columns})
        keys = [column.name for column in table.primary_key]
        changes = {name: statement.excluded[name] for name in columns if name not in keys}
        return _OneByOne(statement.on_conflict_do_update(index_elements=keys, set_=changes), columns)

    def update(
        self, table: sa.Table, keys: Sequence[str], columns: Sequence[str], *, only: str = "", returning: str = ""
    ) -> Bulk:
        """UPDATE; `returning` has no effect: the driver gives nothing back from many rows."""
        statement = (
            table.update()
            .where(*(table.c[key] == _bind(key) for key in keys))
            .values({name: _bind(name) for name in columns})
        )
        return _OneByOne(statement.where(sa.text(only)) if only else statement, [*keys, *columns])

    def delete(self, table: sa.Table, keys: Sequence[str]) -> Bulk:
        """DELETE the rows where `keys` match."""
        return _OneByOne(table.delete().where(*(table.c[key] == _bind(key) for key in keys)), keys)


# ---------------------------------------------------------------- PostgreSQL


class _AsArrays:
    """Runs one statement over all rows, handed over as an array for each column."""

    def __init__(self, statement: sa.ClauseElement, columns: Sequence[str]) -> None:
        self._sql = str(statement.compile(dialect=_psycopg))
        self._columns = tuple(columns)

    def __call__(self, connection: sa.Connection, rows: Rows) -> sa.CursorResult[Any]:
        arrays = {name: list(values) for name, values in zip(self._columns, zip(*rows, strict=True), strict=True)}
        return connection.exec_driver_sql(self._sql, arrays)


_psycopg: sa.Dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]


def _rows(table: sa.Table, columns: Sequence[str]) -> sa.TableValuedAlias:
    types = {name: table.c[name].type for name in columns}
    arrays = (sa.bindparam(name, type_=postgresql.ARRAY(kind)) for name, kind in types.items())
    return (
        sa.func.unnest(*arrays)
        .table_valued(*(sa.column(name, kind) for name, kind in types.items()))
        .render_derived(name="v")
    )


class PostgresBulks:
    """Bulk statements for PostgreSQL."""

    def insert(self, table: sa.Table, columns: Sequence[str], *, ignore: bool = False) -> Bulk:
        """INSERT; with `ignore`, rows that clash are left out, and the ids of the others come back."""
        statement = postgresql.insert(table).from_select(columns, sa.select(*_rows(table, columns).c))
        return _AsArrays(statement.on_conflict_do_nothing().returning(table.c.id) if ignore else statement, columns)

    def upsert(self, table: sa.Table, columns: Sequence[str]) -> Bulk:
        """INSERT, or UPDATE where the primary key is there already."""
        statement = postgresql.insert(table).from_select(columns, sa.select(*_rows(table, columns).c))
        keys = [column.name for column in table.primary_key]
        changes = {name: statement.excluded[name] for name in columns if name not in keys}
        return _AsArrays(statement.on_conflict_do_update(index_elements=keys, set_=changes), columns)

    def update(
        self, table: sa.Table, keys: Sequence[str], columns: Sequence[str], *, only: str = "", returning: str = ""
    ) -> Bulk:
        """UPDATE; `returning` names a column of the changed rows to give back."""
        v = _rows(table, [*keys, *columns])
        statement: Any = (
            table.update()
            .where(*(table.c[key] == v.c[key] for key in keys))
            .values({name: v.c[name] for name in columns})
        )
        statement = statement.where(sa.text(only)) if only else statement
        return _AsArrays(statement.returning(table.c[returning]) if returning else statement, [*keys, *columns])

    def delete(self, table: sa.Table, keys: Sequence[str]) -> Bulk:
        """DELETE the rows where `keys` match."""
        v = _rows(table, keys)
        return _AsArrays(table.delete().where(*(table.c[key] == v.c[key] for key in keys)), keys)
