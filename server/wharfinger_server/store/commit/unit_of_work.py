"""A task in the transaction that changes it, and its rows as the decisions of the batch so far have left them."""

from __future__ import annotations

from collections.abc import Callable, Container

from wharfinger.ledger.ledger import Ledger
from wharfinger_server.domain.clock import Reading
from wharfinger_server.domain.event import Event, EventDetail
from wharfinger_server.domain.task import Task
from wharfinger_server.store.commit.books import Books, Stamp
from wharfinger_server.store.commit.entries import Entries, Memos
from wharfinger_server.store.databases.base import Database
from wharfinger_server.store.databases.connection import Line
from wharfinger_server.store.tables import codec
from wharfinger_server.store.tables.codec import Row

Encode = Callable[[Event], bytes]
Pending = tuple[str, int, int, bytes]
"""An event to be written: project, task, sequence, body. Its position is taken last."""


def stamp_of(task: Task) -> Stamp:
    """Return what tells the ledger of `task` from what it was before."""
    return task.epoch, task.revision, task.last_sequence


class LoadedTask:
    """A task's rows as the decisions so far have left them. They work on copies: one that raises leaves no trace."""

    def __init__(
        self,
        row: Row,
        large: dict[str, bytes],
        database: Database,
        line: Line,
        reading: Reading,
        budgets: Container[str] = (),
        books: Books | None = None,
    ) -> None:
        self.id: int = row[0]
        # What is to be written, None or empty: nothing.
        self.status: codec.Row | None = None
        self.documents: dict[str, bytes] = {}
        self.events: list[Pending] = []
        self.erased = False
        self._row = row
        self._large = large
        self._store = database.incarnation
        self._database = database
        self._line = line
        self._reading = reading
        self._spec = codec.spec_of(row, large)
        self._unused: Task | None = codec.task_of(row, self._store, large, reading, self._spec)
        self.task = self._unused
        kept = books.take(self.id, stamp_of(self.task)) if books is not None else None
        if kept is not None:
            kept.reopen(line, reading)
        self.entries = kept or Entries(self.id, database, line, reading, empty=not self._unused.counts.total)
        self.memos = Memos(self.id, database, line)
        # What it committed its project to before this batch, by the hour; None where the project has no budget.
        self.committed = self._unused.committed if self._unused.project in budgets else None

    def give_back(self, books: Books) -> None:
        """Keep the whole ledger, if it is loaded, for the batches that follow, now that all is written."""
        if self.entries.complete:
            books.put(self.id, stamp_of(self.task), self.entries)

    def estimate(self) -> bytes:
        """Return the document of what the task is expected to cost, b"" where there is none."""
        return self._database.estimate(self._line, self.id)

    def copy(self) -> Task:
        """Return the task as it stands, for one decision."""
        task, self._unused = self._unused, None
        if task is None:
            row = self._row if self.status is None else codec.with_status(self._row, self.status)
            task = codec.task_of(row, self._store, self._large, self._reading, self._spec)
        return task

    def keep(self, work: UnitOfWork, encode: Encode) -> None:
        """Take what a decision did. When this raises, nothing was taken."""
        task = work.task
        clock = self._reading.name
        status = codec.status_row(task, clock)
        documents = self._new_documents(task)
        rows = (
            {}
            if work.opened is None
            else {key: codec.entry_row(self.id, entry, clock) for key, entry in work.opened.changed.items()}
        )
        events = [
            (
                task.project,
                self.id,
                sequence,
                encode(Event(task.project, task.task_id, sequence, work.now, attempt, detail)),
            )
            for sequence, attempt, detail in work.staged_events
        ]
        if documents or status != (self.status or codec.status_of(self._row)):
            self.status = status
            self.documents |= documents
            self._large = self._large | documents
        if work.opened is not None:
            self.entries.keep(work.opened, rows)
        self.memos.changed |= work.staged_memos
        self.erased |= work.erased
        self.events += events
        self.task = task

    def _new_documents(self, task: Task) -> dict[str, bytes]:
        large = codec.large_documents(task, codec.PLAN)
        return {name: body for name, body in large.items() if self._large.get(name) != body}

    @property
    def written(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.status or self.events or self.entries.changed or self.entries.removed or self.memos.changed)


class UnitOfWork:
    """One task for one decision: changed in place, written with the batch, or dropped when the decision raises.

    `task` is a private copy. `now` is the database's time in microseconds, for showing, and `steady` the time by the
    server's own clock, for all that waits or is waited for (rule 33); both are one for the whole batch. A decision may
    be run again when a batch is repeated, so it must change nothing but its work.
    """

    def __init__(self, loaded: LoadedTask, reading: Reading) -> None:
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
        return self._loaded.estimate() if self.task.spec.expected is not None else b""

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
