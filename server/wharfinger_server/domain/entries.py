"""The entries of one task that a decision works on, and what it changed of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wharfinger_server.domain.entry import Counts, Entry
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.states import EntryState


class Entries:
    """Some or all entries of one task, with the changes made to them since they were loaded.

    Loaded for some keys it holds those keys with their evidence; `counts` is always of the whole task. `changed` holds
    what is to be written, `removed` the keys of what is to be deleted. `steady` is the time by the server's steady
    clock, with which windows are compared (rule 33); the `now` that decisions get is the wall clock's, for showing.
    """

    def __init__(self, uid: str, counts: Counts, entries: Iterable[Entry] = (), steady: int = 0) -> None:
        self.uid = uid
        self.steady = steady
        self.counts = counts
        self.entries: dict[str, Entry] = {entry.key: entry for entry in entries}
        self.changed: dict[str, Entry] = {}
        self.removed: set[str] = set()

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries.values()))

    def get(self, key: str) -> Entry | None:
        """Return the entry `key`, or None."""
        return self.entries.get(key)

    def named(self, key: str) -> Entry:
        """Return the entry `key`; raise FailedPrecondition KEY_UNKNOWN if there is none."""
        entry = self.entries.get(key)
        if entry is None:
            said = f"the ledger has no {key}; list the resources to see its keys"
            raise FailedPrecondition("KEY_UNKNOWN", said, {"key": key})
        return entry

    def put(self, entry: Entry) -> Entry:
        """Write `entry`, new or changed, and return it."""
        before = self.entries.get(entry.key)
        if before is not None:
            self.counts.add(before, -1)
        self.counts.add(entry, 1)
        self.entries[entry.key] = entry
        self.changed[entry.key] = entry
        self.removed.discard(entry.key)
        return entry

    def drop(self, entry: Entry) -> None:
        """Take out an evidence entry that turned out to be the key's own thing."""
        self.counts.add(self.entries.pop(entry.key), -1)
        self.changed.pop(entry.key, None)
        self.removed.add(entry.key)

    def family(self, base: str) -> list[Entry]:
        """Return the entry `base` and its evidence."""
        return [entry for entry in self.entries.values() if entry.base == base]

    def open_evidence(self, base: str) -> list[Entry]:
        """Return what was made under the key `base` by earlier attempts, beside its own thing, and may be alive.

        What is MISSING does not stand in its key's way (rule 9).
        """
        return [
            entry
            for entry in self.family(base)
            if entry.is_evidence and entry.open and entry.state is not EntryState.MISSING
        ]

    def holder(self, entry: Entry, external_id: str) -> Entry | None:
        """Return the other entry that holds the thing `external_id` of the kind and place of `entry`, or None."""
        for other in self.entries.values():
            if other.key != entry.key and other.is_thing(entry, external_id):
                return other
        return None
