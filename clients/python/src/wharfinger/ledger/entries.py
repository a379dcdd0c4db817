"""The entries of one task that a decision works on, and what it changed of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from operator import attrgetter

from wharfinger.ledger.entry import Counts, Entry
from wharfinger.ledger.layers import Index, Keys, Layered
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.states import EntryState


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
        self.entries: MutableMapping[str, Entry] = {entry.key: entry for entry in entries}
        self.changed: dict[str, Entry] = {}
        self.removed: set[str] = set()
        # Of `entries` as a whole and made when it is first asked for; or of what changed, over the index of all.
        self._index: Index | None = None
        self._indexed = 0
        self._below: Index | None = None

    def lie_over(self, whole: Mapping[str, Entry], index: Index) -> None:
        """Take all entries as they were written, in the order of intent, with their index; neither is changed here."""
        layered = Layered(whole)
        for key in self.removed:
            layered.pop(key, None)
        layered.update(self.changed)
        self.entries, self._below = layered, index
        self._index = Index(self.changed.values())

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
        if self._index is not None:
            if before is not None:
                self._index.discard(before)
            self._index.add(entry)
            self._indexed += before is None
        self.entries[entry.key] = entry
        self.changed[entry.key] = entry
        self.removed.discard(entry.key)
        return entry

    def drop(self, entry: Entry) -> None:
        """Take out an evidence entry that turned out to be the key's own thing."""
        self.counts.add(self.entries.pop(entry.key), -1)
        if self._index is not None:
            self._index.discard(entry)
            self._indexed -= 1
        self.changed.pop(entry.key, None)
        self.removed.add(entry.key)

    def family(self, base: str) -> list[Entry]:
        """Return the entry `base` and its evidence."""
        return self._found(attrgetter("bases"), base)

    def children_of(self, key: str) -> list[Entry]:
        """Return what depends on `key` by its own word, in the order of intent."""
        return [entry for entry in self._found(attrgetter("children"), key) if key in entry.depends_on]

    def holders(self, entry: Entry, external_id: str) -> list[Entry]:
        """Return the entries, perhaps `entry` too, that hold the thing `external_id` of its kind and place."""
        found = self._found(attrgetter("things"), external_id)
        return [other for other in found if other.is_thing(entry, external_id)]

    def _found(self, table: Callable[[Index], Mapping[str, Keys]], name: str) -> list[Entry]:
        """Return the entries that the index has under `name`, in the order of intent."""
        if self._below is None and (self._index is None or self._indexed != len(self.entries)):
            self._index, self._indexed = Index(self.entries.values()), len(self.entries)
        keys: Keys = {}
        for index in (self._below, self._index):
            if index is not None:
                keys |= table(index).get(name, {})
        found = [self.entries[key] for key in keys if key in self.entries]
        return sorted(found, key=attrgetter("ordinal")) if len(found) > 1 else found

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
        return next((other for other in self.holders(entry, external_id) if other.key != entry.key), None)
