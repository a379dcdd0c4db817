"""Whole databases as SQL that a person can read and any server of the kind can run."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from tests.postgres import Cluster


def of_sqlite(path: Path) -> str:
    """Return the SQL that makes the database in the file `path`."""
    with closing(sqlite3.connect(path)) as driver:
        schema = driver.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name")
        made = schema.fetchall()
        lines = ["PRAGMA foreign_keys=OFF;", *(f"{sql};" for _, sql in made)]
        for table, sql in made:
            if sql.startswith("CREATE TABLE"):
                lines += _inserts(table, driver.execute(f'SELECT * FROM "{table}"'), _sqlite_blob)
    return "\n".join([*lines, ""])


def to_sqlite(sql: str, path: Path) -> None:
    """Make the database in the file `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as driver:
        driver.execute("PRAGMA journal_mode=wal")
        driver.executescript(f"BEGIN;\n{sql}COMMIT;")


def of_postgresql(cluster: Cluster, url: str) -> str:
    """Return the SQL that makes the database at `url`."""
    told = subprocess.run(
        [cluster.programs / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", url],
        check=True, capture_output=True, text=True, cwd=cluster.folder,
    )  # fmt: skip
    # Without what only psql understands, and what is the same in every session.
    lines = [line for line in told.stdout.splitlines() if line and not line.startswith(("--", "\\", "SET ", "SELECT "))]
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        lines.append("SET session_replication_role = replica;")  # the tables come in the order of their names
        for (table,) in sorted(names.fetchall()):
            lines += _inserts(table, connection.execute(f'SELECT * FROM "{table}"'), _postgresql_blob)
        counters = connection.execute("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
        lines += [f"SELECT setval('{name}', {value});" for name, value in sorted(counters.fetchall())]
    return "\n".join([*lines, ""])


def to_postgresql(sql: str, url: str) -> None:
    """Make the empty database at `url` the one of `sql`."""
    with psycopg.connect(url) as connection:
        connection.execute(sql.encode())


def _inserts(table: str, cursor: Any, blob: Callable[[bytes], str]) -> Iterator[str]:
    rows: list[Sequence[Any]] = cursor.fetchall()
    for row in sorted(
        rows, key=lambda row: [(value if isinstance(value, int) else 0, str(value)) for value in row[:3]]
    ):
        yield f"INSERT INTO {table} VALUES ({', '.join(_literal(value, blob) for value in row)});"


def _literal(value: Any, blob: Callable[[bytes], str]) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    return blob(bytes(value))


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _text(value: bytes) -> str | None:
    """Return the text that `value` is, None if it is none that can stand in a line."""
    text = value.decode(errors="replace")
    return text if text.isprintable() and text.encode() == value else None


def _sqlite_blob(value: bytes) -> str:
    text = _text(value)
    return f"x'{value.hex()}'" if text is None else f"CAST({_quoted(text)} AS BLOB)"


def _postgresql_blob(value: bytes) -> str:
    text = _text(value)
    return f"'\\x{value.hex()}'" if text is None else f"convert_to({_quoted(text)}, 'UTF8')"
