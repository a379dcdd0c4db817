"""Bugs in the ledgers that the writer keeps from batch to batch, by which decisions are made on what is not so."""

from __future__ import annotations

from typing import Any

from tests.campaigns.planting import Catalogue, Ground

from wharfinger_server.store.commit.books import Books
from wharfinger_server.store.commit.entries import Entries

BUGS = Catalogue()


@BUGS.bug("kept ledgers")
def a_kept_ledger_outlives_a_failed_batch(ground: Ground) -> None:
    """What a batch that failed changed of a kept ledger stays in it."""

    def take(books: Any, task: int, _stamp: Any) -> Any:
        return books._books.get(task, (None, None))[1]

    ground.put(Books, "take", take)
    ground.put(Books, "clear", lambda _: None)


@BUGS.bug("kept ledgers")
def a_kept_ledger_is_not_written(ground: Ground) -> None:
    """What is changed of a kept ledger is seen by the decisions that follow, and is not in the database."""

    def spoiled(entries: Any, ledger: Any, rows: Any) -> None:
        right(entries, ledger, rows)
        if entries._index is not None:
            entries.changed.clear()

    right = ground.put(Entries, "keep", spoiled)


@BUGS.bug("kept ledgers")
def a_kept_ledger_misses_a_change(ground: Ground) -> None:
    """What is changed of a kept ledger is written, and not in what is kept."""

    def spoiled(entries: Any, ledger: Any, rows: Any) -> None:
        kept = dict(entries._entries) if entries._index is not None else {}
        right(entries, ledger, rows)
        entries._entries.update({key: kept[key] for key in rows if key in kept})

    right = ground.put(Entries, "keep", spoiled)
