"""Entries over others that stay as they are, and where each can be found by what it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wharfinger.ledger.entry import Entry

Keys = dict[str, None]
"""Keys in an order, each once."""


class Index:
    """The keys of entries by their base, by the thing that they hold and by what they depend on."""

    __slots__ = ("bases", "children", "things")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.bases: dict[str, Keys] = {}
        self.things: dict[str, Keys] = {}
        self.children: dict[str, Keys] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Note an entry, under all that it belongs to."""
        key = entry.key
        self.bases.setdefault(entry.base, {})[key] = None
        if entry.external_id:
            self.things.setdefault(entry.external_id, {})[key] = None
        for parent in entry.depends_on:
            self.children.setdefault(parent, {})[key] = None

    def discard(self, entry: Entry) -> None:
        """Forget an entry."""
        _discard(self.bases, entry.base, entry.key)
        _discard(self.things, entry.external_id, entry.key)
        for parent in entry.depends_on:
            _discard(self.children, parent, entry.key)


def _discard(table: dict[str, Keys], name: str, key: str) -> None:
    keys = table.get(name)
    if keys is not None:
        keys.pop(key, None)
        if not keys:
            del table[name]


class Layered(MutableMapping[str, "Entry"]):
    """Entries by key: those `below`, which are shared and never changed here, and over them one's own."""

    __slots__ = ("_below", "_gone", "_own")

    def __init__(self, below: Mapping[str, Entry]) -> None:
        self._below = below
        self._own: dict[str, Entry] = {}
        self._gone: set[str] = set()

    def __getitem__(self, key: str) -> Entry:
        if key in self._own:
            return self._own[key]
        if key in self._gone:
            raise KeyError(key)
        return self._below[key]

    def __setitem__(self, key: str, entry: Entry) -> None:
        self._own[key] = entry
        self._gone.discard(key)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._own.pop(key, None)
        if key in self._below:
            self._gone.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._own or (key in self._below and key not in self._gone)

    def __iter__(self) -> Iterator[str]:
        yield from (key for key in self._below if key not in self._gone)
        yield from (key for key in self._own if key not in self._below)

    def __len__(self) -> int:
        return len(self._below) - len(self._gone) + sum(key not in self._below for key in self._own)
