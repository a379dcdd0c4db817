"""A store for what a source must keep for later, on disk as soon as it is much: a temporary database."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

_BATCH = 500
_CACHE_KIB = 16 * 1024


class Spill:
    """Pairs of a key and a value, both text. Raises OSError where the disk for temporary files is full or fails."""

    def __init__(self) -> None:
        # The empty name is SQLite's for a file of its own that nobody else sees, removed once it is closed.
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._base.execute("CREATE TABLE kept (key TEXT NOT NULL, value TEXT NOT NULL)")
        self._waiting: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._base.close()

    def add(self, key: str, value: str) -> None:
        """Keep a pair; a key may have many."""
        self._waiting.append((key, value))
        if len(self._waiting) >= _BATCH:
            self._write()

    def by_key(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each key with its values as they were added, in the order of the keys."""
        self._write()
        last = ""
        values: list[str] = []
        for key, value in self._rows("SELECT key, value FROM kept ORDER BY key, rowid"):
            if key != last and values:
                yield last, values
                values = []
            last = key
            values.append(value)
        if values:
            yield last, values

    def index(self) -> None:
        """Make `find` quick; call it once, when all is added."""
        self._write()
        with _told():
            self._base.execute("CREATE INDEX by_key ON kept (key)")

    def twice(self) -> str:
        """Return a key that was added more than once, "" if there is none."""
        found = next(self._rows("SELECT key, '' FROM kept GROUP BY key HAVING count(*) > 1 LIMIT 1"), None)
        return found[0] if found else ""

    def find(self, key: str) -> str | None:
        """Return the value of a key, None if it was not added."""
        found = next(self._rows("SELECT key, value FROM kept WHERE key = ?", (key,)), None)
        return found[1] if found else None

    def _write(self) -> None:
        with _told():
            self._base.execute("BEGIN")
            self._base.executemany("INSERT INTO kept VALUES (?, ?)", self._waiting)
            self._base.execute("COMMIT")
        self._waiting.clear()

    def _rows(self, statement: str, values: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
        with _told():
            yield from self._base.execute(statement, tuple(values))


@contextmanager
def _told() -> Iterator[None]:
    """Say of a database that can't be written what it is to us: a disk that fails."""
    try:
        yield
    except sqlite3.OperationalError as error:
        place = os.environ.get("SQLITE_TMPDIR") or os.environ.get("TMPDIR") or "the folder for temporary files"
        raise OSError(errno.ENOSPC, f"prices can't be put aside while a file is read: {error}", place) from error
