"""Statements over many rows at once, compiled once by SQLAlchemy and run as plain text.

SQLite gets as many rows in one statement as there are; PostgreSQL gets the rows as one array a column, so that one
prepared statement fits any number of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wharfinger_server.store.databases.connection import Line

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]


class Bulk(Protocol):
    """A statement that takes rows; at least one."""

    def __call__(self, line: Line, rows: Rows) -> Rows:
        """Run it over `rows`, whose values are in the order of the statement's columns; return what comes back."""
        ...


class Bulks(Protocol):
    """Makes the bulk statements of one kind of database. `columns` names the values of each row, in order."""

    def insert(self, table: sa.Table, columns: Sequence[str], *, ignore: bool = False) -> Bulk:
        """INSERT; with `ignore`, PostgreSQL leaves out rows that clash with others; the ids of the rest come back."""
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


_WIDEST = 128
"""How many rows one statement takes at most."""


def pieces(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `rows` in the pieces that one statement takes each."""
    done = 0
    while done < len(rows):
        width = min(_WIDEST, 1 << (len(rows) - done).bit_length() - 1)
        yield rows[done : done + width]
        done += width


class _Together:
    """Runs statements of many rows, made by `text` for their number.

    A statement of one row, run for each, would take and give up the interpreter's lock for each: beside a busy event
    loop that is what costs. The numbers of rows are powers of two, so that a few prepared statements fit any number.
    `text` says OR FAIL: what a statement did before it failed is taken back with the whole batch, and SQLite need not
    keep a journal of its own for that.
    """

    def __init__(self, text: Callable[[int], str], pick: Callable[[Sequence[Any]], tuple[Any, ...]] | None) -> None:
        self._texts = {1 << n: text(1 << n) for n in range(_WIDEST.bit_length())}
        self._pick = pick

    def __call__(self, line: Line, rows: Rows) -> Rows:
        for part in (rows,) if len(rows) in self._texts else pieces(rows):
            values = tuple(chain.from_iterable(part if self._pick is None else map(self._pick, part)))
            line.exec_driver_sql(self._texts[len(part)], values)
        return ()


class _OneByOne:
    """Runs the statement of one row for each row."""

    def __init__(self, statement: sa.ClauseElement, columns: Sequence[str]) -> None:
        self._sql, self._pick = _compiled(statement, columns)

    def __call__(self, line: Line, rows: Rows) -> Rows:
        line.exec_driver_sql(self._sql, list(rows if self._pick is None else map(self._pick, rows)))
        return ()


def _compiled(
    statement: sa.ClauseElement, columns: Sequence[str]
) -> tuple[str, Callable[[Sequence[Any]], tuple[Any, ...]] | None]:
    """Return the statement's text, and what brings a row's values into the order it wants, if they are not in it."""
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    wanted = [name.removeprefix("v_") for name in getattr(compiled, "positiontup", None) or ()]
    return str(compiled), None if wanted == list(columns) else itemgetter(*(columns.index(name) for name in wanted))


def _row_of(values: Sequence[str]) -> str:
    return f"({', '.join('?' * len(values))})"


def _inserting(statement: sa.ClauseElement, columns: Sequence[str]) -> Bulk:
    sql, pick = _compiled(statement, columns)
    one = f"VALUES {_row_of(columns)}"
    assert sql.count(one) == 1, sql
    return _Together(lambda rows: sql.replace(one, f"VALUES {', '.join([_row_of(columns)] * rows)}"), pick)


def _bind(name: str) -> sa.BindParameter[Any]:
    # Prefixed: an UPDATE keeps the bare names of its columns for itself.
    return sa.bindparam(f"v_{name}")


class SqliteBulks:
    """Bulk statements for SQLite."""

    def insert(self, table: sa.Table, columns: Sequence[str], *, ignore: bool = False) -> Bulk:
        """INSERT; at a row that clashes with another it fails, and what came before stays. `ignore` has no effect."""
        return _inserting(sqlite.insert(table).prefix_with("OR FAIL").values({n: _bind(n) for n in columns}), columns)

    def upsert(self, table: sa.Table, columns: Sequence[str]) -> Bulk:
        """INSERT, or UPDATE where the primary key is there already."""
        statement = sqlite.insert(table).values({name: _bind(name) for name in columns})
        keys = [column.name for column in table.primary_key]
        changes = {name: statement.excluded[name] for name in columns if name not in keys}
        return _inserting(statement.on_conflict_do_update(index_elements=keys, set_=changes), columns)

    def update(
        self, table: sa.Table, keys: Sequence[str], columns: Sequence[str], *, only: str = "", returning: str = ""
    ) -> Bulk:
        """UPDATE; `returning` has no effect: nothing comes back."""
        names = [*keys, *columns]
        value = {name: f"v.column{n}" for n, name in enumerate(names, 1)}  # SQLite's own names for what VALUES gives
        changes = ", ".join(f"{name} = {value[name]}" for name in columns)
        matches = " AND ".join([*(f"{table.name}.{key} = {value[key]}" for key in keys), *filter(None, [only])])

        def text(rows: int) -> str:
            given = ", ".join([_row_of(names)] * rows)
            return f"UPDATE OR FAIL {table.name} SET {changes} FROM (VALUES {given}) AS v WHERE {matches}"  # noqa: S608  # our own names

        return _Together(text, None)

    def delete(self, table: sa.Table, keys: Sequence[str]) -> Bulk:
        """DELETE the rows where `keys` match."""
        return _OneByOne(table.delete().where(*(table.c[key] == _bind(key) for key in keys)), keys)


# ---------------------------------------------------------------- PostgreSQL


class _AsArrays:
    """Runs one statement over all rows, handed over as an array for each column."""

    def __init__(self, statement: sa.ClauseElement, columns: Sequence[str]) -> None:
        self._sql = str(statement.compile(dialect=_psycopg))
        self._columns = tuple(columns)
        self._returns = "RETURNING" in self._sql

    def __call__(self, line: Line, rows: Rows) -> Rows:
        arrays = {name: list(values) for name, values in zip(self._columns, zip(*rows, strict=True), strict=True)}
        found = line.exec_driver_sql(self._sql, arrays)
        return found.all() if self._returns else ()


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
