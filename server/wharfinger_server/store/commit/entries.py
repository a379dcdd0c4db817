"""The ledger entries and memos of one task that a batch has loaded."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from wharfinger.ledger.layers import Index
from wharfinger.ledger.ledger import Entry, Ledger
from wharfinger_server.domain.clock import Reading
from wharfinger_server.store.databases.base import Database
from wharfinger_server.store.databases.connection import Line
from wharfinger_server.store.tables import codec
from wharfinger_server.store.tables.codec import Row


class Entries:
    """One task's ledger entries, loaded as they are asked for. A whole ledger may outlive its batch (`Books`)."""

    __slots__ = (
        "_bases",
        "_complete",
        "_database",
        "_entries",
        "_index",
        "_line",
        "_reading",
        "_rows",
        "_task",
        "changed",
        "removed",
    )

    def __init__(self, task: int, database: Database, line: Line, reading: Reading, *, empty: bool) -> None:
        self.changed: dict[str, Row] = {}
        self.removed: dict[str, str] = {}
        self._task = task
        self._database = database
        self._line = line
        self._reading = reading
        self._complete = empty
        self._bases: set[str] = set()
        self._rows: dict[str, Row] = {}
        self._entries: dict[str, Entry] = {}
        # Of a whole ledger, all of which is in `_entries` then.
        self._index: Index | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def complete(self) -> bool:
        """Whether all entries are loaded."""
        return self._complete

    def reopen(self, line: Line, reading: Reading) -> None:
        """Go on in another batch, after all that changed was written."""
        self._line, self._reading = line, reading
        self.changed.clear()
        self.removed.clear()

    def whole(self) -> tuple[dict[str, Entry], Index]:
        """Return all entries, in the order of intent, with their index: to be looked at, and not to be changed."""
        self._load(())
        if self._index is None:
            entries = sorted((self._entry(key, row) for key, row in self._rows.items()), key=attrgetter("ordinal"))
            self._entries = {entry.key: entry for entry in entries}
            self._index = Index(entries)
        return self._entries, self._index

    def of(self, bases: Sequence[str]) -> list[Entry]:
        """Return the entries of these keys with their evidence, or all if none is given, in the order of intent."""
        self._load(bases)
        wanted = set(bases)
        found = [self._entry(key, row) for key, row in self._rows.items() if not wanted or row[1] in wanted]
        return sorted(found, key=attrgetter("ordinal"))

    def _load(self, bases: Sequence[str]) -> None:
        wanted = [base for base in dict.fromkeys(bases) if base not in self._bases]
        if self._complete or (bases and not wanted):
            return
        for row in self._database.entries(self._line, self._task, wanted or None):
            if row[2] not in self._rows and row[2] not in self.removed:
                self._rows[row[2]] = row
        self._bases.update(wanted)
        self._complete = not bases

    def _entry(self, key: str, row: Row) -> Entry:
        if key not in self._entries:
            self._entries[key] = codec.entry_of(row, self._reading)
        return self._entries[key]

    def keep(self, ledger: Ledger, rows: dict[str, Row]) -> None:
        """Take what a decision changed; `rows` are its changed entries."""
        for key in ledger.removed:
            row = self._rows.pop(key, None)
            self.changed.pop(key, None)
            self._note(self._entries.pop(key, None), None)
            if row is not None:
                self.removed[key] = row[1]
        for key, row in rows.items():
            self.removed.pop(key, None)
            self._rows[key] = self.changed[key] = row
            self._note(self._entries.get(key), ledger.changed[key])
            self._entries[key] = ledger.changed[key]

    def _note(self, before: Entry | None, after: Entry | None) -> None:
        if self._index is not None:
            if before is not None:
                self._index.discard(before)
            if after is not None:
                self._index.add(after)

    def forget(self) -> None:
        """Drop the entries that a failed decision may have changed; the rows are as before it."""
        self._entries = {}
        self._index = None


class Memos:
    """One task's memos, loaded as they are asked for."""

    __slots__ = ("_database", "_line", "_task", "changed")

    def __init__(self, task: int, database: Database, line: Line) -> None:
        self.changed: dict[str, bytes] = {}
        self._task = task
        self._database = database
        self._line = line

    def get(self, key: str) -> bytes | None:
        """Return one memo, None if there is none."""
        return self.changed[key] if key in self.changed else self._database.memo(self._line, self._task, key)

    def all(self) -> dict[str, bytes]:
        """Return all memos."""
        return self._database.memos(self._line, self._task) | self.changed
