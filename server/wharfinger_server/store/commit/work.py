"""A task in the transaction that changes it."""

from __future__ import annotations

from wharfinger_server.domain.clock import Reading
from wharfinger_server.domain.event import EventDetail
from wharfinger_server.domain.ledger import Ledger
from wharfinger_server.domain.task import Task
from wharfinger_server.store.commit.loaded import Loaded


class Work:
    """One task for one decision: changed in place, written with the batch, or dropped when the decision raises.

    `task` is a private copy. `now` is the database's time in microseconds, for showing, and `steady` the time by the
    server's own clock, for all that waits or is waited for (rule 33); both are one for the whole batch. A decision may
    be run again when a batch is repeated, so it must change nothing but its work.
    """

    def __init__(self, loaded: Loaded, reading: Reading) -> None:
        self.now = reading.wall
        self.steady = reading.steady
        self.task: Task = loaded.copy()
        self.staged_events: list[tuple[int, int, EventDetail]] = []
        self.staged_memos: dict[str, bytes] = {}
        self.opened: Ledger | None = None
        self.erased = False
        self._loaded = loaded
        self._touched = False
        self._whole = False

    def ledger(self, *bases: str) -> Ledger:
        """Return the task's ledger with at least the entries of these keys and their evidence; without any, whole.

        The same object every time; its `counts` are the task's.
        """
        if self.opened is None:
            self.opened = Ledger(self.task.uid, self.task.counts, steady=self.steady)
        ledger = self.opened
        if not bases or self._loaded.entries.complete:
            if not self._whole:
                self._whole = True
                ledger.lie_over(*self._loaded.entries.whole())
            return ledger
        for entry in self._loaded.entries.of(bases):
            if entry.key not in ledger.entries and entry.key not in ledger.removed:
                ledger.entries[entry.key] = entry
        return ledger

    def memo(self, key: str) -> bytes | None:
        """Return a saved answer, None if there is none."""
        return self.staged_memos[key] if key in self.staged_memos else self._loaded.memos.get(key)

    def memos(self) -> dict[str, bytes]:
        """Return all saved answers by key."""
        return self._loaded.memos.all() | self.staged_memos

    def estimate(self) -> bytes:
        """Return the document of what the task is expected to cost, b"" where nothing was estimated."""
        return self._loaded.estimate() if self.task.expected is not None else b""

    def put_memo(self, key: str, value: bytes) -> None:
        """Save an answer under `key`."""
        self.staged_memos[key] = value

    def erase_sealed(self) -> None:
        """Erase the values of the task's sealed params, for good."""
        self.task.seal_key = ""
        self.erased = True

    def event(self, detail: EventDetail, attempt: int = 0) -> None:
        """Add an event with the task's next number; `attempt` is the epoch, 0 for none."""
        self.task.last_sequence += 1
        self.staged_events.append((self.task.last_sequence, attempt, detail))

    def touch(self) -> None:
        """Note that state or ledger changed: the task's version rises, once for this decision."""
        if not self._touched:
            self._touched = True
            self.task.revision += 1
            self.task.update_time = self.now
