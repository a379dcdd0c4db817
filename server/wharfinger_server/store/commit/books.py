"""The whole ledgers of the tasks that were written last, kept from one batch to the next.

A rollback of ten thousand things asks for the whole ledger with each of them; read anew each time, that is a hundred
million entries. Only the writer uses this: nobody else writes entries while it has the database.
"""

from __future__ import annotations

from wharfinger_server.store.commit.entries import Entries

Stamp = tuple[int, int, int]
"""A task's epoch, revision and last event: a ledger is taken for what the database has only under the same ones."""

LEAST = 64
"""Ledgers of fewer entries are not kept: they are read as quickly."""

MOST = 40_000
"""How many entries are kept at most, of all tasks together; the last ledger is kept however long it is."""


class Books:
    """Whole ledgers by task, of `least` entries or more, the one that was used last at the end."""

    def __init__(self, least: int = LEAST) -> None:
        self._least = least
        self._books: dict[int, tuple[Stamp, Entries]] = {}

    def take(self, task: int, stamp: Stamp) -> Entries | None:
        """Take a task's ledger out, None if it is not here or is not the one that the database has."""
        known, entries = self._books.pop(task, (None, None))
        return entries if known == stamp else None

    def put(self, task: int, stamp: Stamp, entries: Entries) -> None:
        """Keep a task's whole ledger, all of which is written, if it is long."""
        if len(entries) < self._least:
            return
        self._books[task] = (stamp, entries)
        while len(self._books) > 1 and sum(len(book) for _, book in self._books.values()) > MOST:
            del self._books[next(iter(self._books))]

    def clear(self) -> None:
        """Forget all: it is not known what the database has."""
        self._books.clear()
