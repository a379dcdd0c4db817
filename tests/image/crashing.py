"""Sessions that die: at a chosen report, or with their whole process at a chosen time."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import wharfinger_image.import_image as script
from wharfinger.runtime.protocol import Entry, Intent, LeaseLost
from wharfinger.testing import Done, MemorySession, Trial


class DyingSession(MemorySession):
    """Dies at the report `verb` about a key that begins with `prefix`, just before or just after it is durable."""

    def __init__(self, verb: str, prefix: str, *, after: bool) -> None:
        super().__init__(Done())
        self._at = (verb, prefix, after)
        self.died = False

    def _report(self, verb: str, key: str, *, after: bool) -> None:
        at, prefix, when = self._at
        if (at, when) == (verb, after) and key.startswith(prefix) and not self.died:
            self.died = self.lease_lost = True
            raise LeaseLost("died here")

    async def intend(self, intents: list[Intent]) -> list[Entry]:  # type: ignore[override]
        """As MemorySession."""
        self._report("intend", intents[0].key, after=False)
        entries = await super().intend(intents)
        self._report("intend", intents[0].key, after=True)
        return entries

    async def created(self, key: str, generation: int, external_id: str) -> None:
        """As MemorySession."""
        self._report("created", key, after=False)
        await super().created(key, generation, external_id)
        self._report("created", key, after=True)

    async def removing(self, key: str, window: float) -> Entry:
        """As MemorySession."""
        self._report("removing", key, after=False)
        entry = await super().removing(key, window)
        self._report("removing", key, after=True)
        return entry

    async def removed(self, key: str, undo: int, how: Any, failure: Any = None) -> None:
        """As MemorySession."""
        self._report("removed", key, after=False)
        await super().removed(key, undo, how, failure)
        self._report("removed", key, after=True)

    async def memo(self, key: str, value: bytes) -> None:
        """As MemorySession."""
        self._report("memo", key, after=False)
        await super().memo(key, value)
        self._report("memo", key, after=True)


class KeptSession(MemorySession):
    """Writes its ledger to a file at every report, so that it outlives the process."""

    def __init__(self, path: Path) -> None:
        super().__init__(Done())
        self._path = path

    def _put(self, verb: str, entry: Entry) -> Entry:
        entry = super()._put(verb, entry)
        self._keep()
        return entry

    async def memo(self, key: str, value: bytes) -> None:
        """As MemorySession."""
        await super().memo(key, value)
        self._keep()

    def _keep(self) -> None:
        temporary = self._path.with_suffix(".new")
        temporary.write_bytes(pickle.dumps(self.done))
        temporary.rename(self._path)


def main() -> None:
    """Import as the first argument says: JSON of params, stores, settings and the file to keep the ledger in."""
    asked = json.loads(sys.argv[1])
    trial = Trial(script, stores=asked["stores"], settings=asked["settings"], name="image.import")
    ledger = Path(asked["ledger"])
    session = KeptSession(ledger)
    after = pickle.loads(ledger.read_bytes()) if ledger.exists() else None
    done = trial.run(asked["params"], after=after, session=session)
    session._keep()
    os._exit(0 if done.result else 1)


if __name__ == "__main__":
    main()
