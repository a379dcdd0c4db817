"""One group commit: everything that is queued, in one transaction, each statement for all of it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wharfinger.ledger import ids, refusals
from wharfinger_server.domain.errors import Refused, of_ledger
from wharfinger_server.domain.event import Event
from wharfinger_server.domain.task import Task
from wharfinger_server.store.commit.books import Books
from wharfinger_server.store.commit.commands import (
    Change,
    Create,
    Note,
    Operation,
    Probe,
    Purge,
    Recount,
    Renew,
    SaveProgress,
    WriteCatalogs,
    WriteSchedules,
)
from wharfinger_server.store.commit.unit_of_work import Encode, LoadedTask, Pending, UnitOfWork
from wharfinger_server.store.databases.base import Database
from wharfinger_server.store.databases.catalogs import CatalogWrites
from wharfinger_server.store.databases.connection import Line
from wharfinger_server.store.databases.schedules import ScheduleWrites
from wharfinger_server.store.databases.spending import Budgets, Spending
from wharfinger_server.store.errors import Existing, Gone
from wharfinger_server.store.tables import codec
from wharfinger_server.store.values import Committed, Draft, FeedEvent


class Batch:
    """Runs operations in the open transaction of `line` and remembers what they come to.

    In this order: progress, creations, decisions in the order of the queue, what they changed, renewals, and last the
    feed positions: a project's row is locked for the shortest time, and the order of positions is that of commits.
    """

    def __init__(
        self,
        database: Database,
        line: Line,
        now: int,
        encode: Encode,
        task_ids: ids.TaskIds,
        budgets: Budgets | None = None,
        books: Books | None = None,
    ) -> None:
        self.committed: list[Committed] = []
        self.wrote = False
        self._database = database
        self._line = line
        self._now = now
        self._reading = database.reading(now)
        self._encode = encode
        self._ids = task_ids
        self._books = books
        self._spending = Spending(database, line, budgets or {})
        self._created: list[Task] = []
        self._events: list[Pending] = []
        self._loaded: dict[int, LoadedTask] = {}

    def give_back(self) -> None:
        """Keep what the next batches may ask for again, once this one is committed."""
        if self._books is not None:
            for loaded in self._loaded.values():
                loaded.give_back(self._books)

    def run(self, operations: Sequence[Operation]) -> None:
        """Run the operations and fill in their results. Raises the driver's error when the batch as a whole fails."""
        kinds: dict[type[Operation], list[Any]] = {}
        for operation in operations:
            operation.result = operation.error = None
            kinds.setdefault(type(operation), []).append(operation)
        creates, changes = kinds.pop(Create, ()), kinds.pop(Change, ())
        progress, renewals = kinds.pop(SaveProgress, ()), kinds.pop(Renew, ())
        if progress or renewals:
            self._lock(progress, renewals, changes)
            self._save_progress(progress)
        if creates:
            self._create(creates)
        if changes:
            self._load(changes)
            for change in changes:
                self._decide(change)
            self._write()
        if Recount in kinds:
            self._spending.recount()
            self.wrote = True
        self.wrote |= self._spending.write()
        self._renew(renewals)
        if kinds:
            self._run_seldom(kinds)
        self._publish()

    def _run_seldom(self, kinds: Mapping[type[Operation], Sequence[Any]]) -> None:
        """Run what most batches have none of, by its kind."""
        if Probe in kinds:
            self.wrote = True
            self._database.probe(self._line)
        for note in kinds.get(Note, ()):
            self.wrote = True
            self._database.note(self._line, note.name, note.value)
        for catalogs in kinds.get(WriteCatalogs, ()):
            self._write_apart(catalogs, CatalogWrites(self._line, self._database.mark, self._now))
        for schedules in kinds.get(WriteSchedules, ()):
            self._write_apart(schedules, ScheduleWrites(self._line, self._database.mark))
        for purge in kinds.get(Purge, ()):
            purge.result = self._database.purge(self._line, purge.before, purge.limit)
            self.wrote |= purge.result > 0

    # ------------------------------------------------------------------ leases and progress

    def _lock(self, progress: Sequence[SaveProgress], renewals: Sequence[Renew], changes: Sequence[Change]) -> None:
        touched = {item[0] for save in progress for item in save.items}
        touched |= {lease[0] for renew in renewals for lease in renew.leases}
        touched |= {change.task for change in changes}
        if touched:
            self._database.lock(self._line, sorted(touched))

    def _save_progress(self, saves: Sequence[SaveProgress]) -> None:
        latest = {(task, epoch): value for save in saves for task, epoch, value in save.items}
        if latest:
            self.wrote = True
            rows = [
                (task, epoch, codec.progress_body(value))
                for (task, epoch), value in sorted(latest.items(), key=lambda i: i[0])
            ]
            self._database.statements.update_progress(self._line, rows)

    def _renew(self, renewals: Sequence[Renew]) -> None:
        for renew in renewals:
            leases = sorted(set(renew.leases))
            renew.result = self._database.renew(self._line, leases, self._now + renew.ttl) if leases else set()
            self.wrote |= bool(renew.result)

    # ------------------------------------------------------------------ creations

    def _create(self, creates: Sequence[Create]) -> None:
        prepared: list[tuple[Create, list[_New]]] = []
        for create in creates:
            try:
                prepared.append((create, [self._prepare(draft) for draft in create.drafts]))
            except Exception as error:  # noqa: BLE001  # a draft that cannot be written down is its caller's affair
                create.error = error
        news = [new for _, group in prepared for new in group]
        if news:
            self._insert(news)
        for create, group in prepared:
            create.result = [new.existing or new.refusal or new.draft.task for new in group]
        made = [new for new in news if new.existing is None and new.refusal is None]
        tasks = [new.draft.task for new in made]
        labels = [(t.id, key, value, t.project) for t in tasks for key, value in t.spec.labels.items()]
        if labels:
            self._database.statements.insert_labels(self._line, labels)
        documents = [
            (new.draft.task.id, name, body)
            for new in made
            for name, body in codec.large_documents(new.draft.task).items()
        ]
        documents += [(new.draft.task.id, codec.ESTIMATE, new.draft.estimate) for new in made if new.draft.estimate]
        if documents:
            self._database.statements.upsert_documents(self._line, documents)
        sealed = [
            (new.draft.task.id, one.key, one.body)
            for new in made
            if new.draft.seal is not None
            for one in (new.draft.seal(new.draft.task.uid),)
        ]
        if sealed:
            self._database.statements.insert_sealed(self._line, sealed)
        for new in made:
            self._created.append(new.draft.task)
            self._events += new.events

    def _prepare(self, draft: Draft) -> _New:
        task = draft.task
        if not task.id:
            self._rename(task)
        task.uid = ids.uid(self._database.incarnation, task.id)
        task.create_time = task.create_time or self._now
        task.update_time = task.update_time or self._now
        if task.spec.policy.total_timeout:
            task.deadline = self._reading.steady + task.spec.policy.total_timeout
        task.last_sequence = len(draft.details)
        if task.lease is not None:
            task.lease.expire_time += self._now - task.lease.start_time
            task.lease.start_time = self._now
        return _New(draft, codec.task_row(task, self._reading.name), self._first_events(draft))

    def _first_events(self, draft: Draft) -> list[Pending]:
        task = draft.task
        return [
            (task.project, task.id, n, self._encode(Event(task.project, task.task_id, n, self._now, attempt, detail)))
            for n, (detail, attempt) in enumerate(draft.details, 1)
        ]

    def _insert(self, news: Sequence[_New]) -> None:
        """Insert what can be; find out about each of the others whether its task exists, or only its id is taken."""
        pending = self._affordable(news) if self._spending.budgets else list(news)
        while pending:
            taken: set[int] = set()
            for new in pending:
                if new.row[0] in taken:
                    self._rename_new(new)
                taken.add(new.row[0])
            inserted = self._database.insert_tasks(self._line, [new.row for new in pending])
            self.wrote |= bool(inserted)
            clashed = [new for new in pending if new.row[0] not in inserted]
            for new in clashed:
                new.existing = self._existing(new.draft.task)
                if new.existing is not None and new.counted:
                    self._spending.move(new.draft.task.project, new.draft.task.committed, {})
            pending = [new for new in clashed if new.existing is None]
            for new in pending:
                self._rename_new(new)

    def _affordable(self, news: Sequence[_New]) -> list[_New]:
        """Count what projects with a budget will spend, and leave out what they may not; what exists is no new cost."""
        pending: list[_New] = []
        requests: set[tuple[str, str]] = set()
        for new in news:
            task = new.draft.task
            request = (task.project, task.spec.request_id)
            if task.project in self._spending and task.spec.expected and request not in requests:
                new.existing = self._existing(task)
                if new.existing is None:
                    new.refusal = self._spending.take(task)
                    new.counted = new.refusal is None
            if new.existing is None and new.refusal is None:
                pending.append(new)
                if task.spec.request_id:
                    requests.add(request)
        return pending

    def _rename_new(self, new: _New) -> None:
        self._rename(new.draft.task)
        new.row = codec.task_row(new.draft.task, self._reading.name)
        new.events = self._first_events(new.draft)

    def _rename(self, task: Task) -> None:
        """Give the task another id; its name too where that was derived from the id."""
        derived = _derived(task)
        task.id = self._ids.new(self._now)
        task.uid = ids.uid(self._database.incarnation, task.id)
        if derived:
            task.task_id = ids.default_task_id(task.id)

    def _existing(self, task: Task) -> Existing | None:
        if task.spec.request_id:
            row = self._database.existing(self._line, task.project, "request_id", task.spec.request_id)
            if row is not None:
                return Existing(self._task(row), "request_id")
        if _derived(task):
            return None  # nobody chose that name: a task that has it has the id as well
        row = self._database.existing(self._line, task.project, "task_id", task.task_id)
        return None if row is None else Existing(self._task(row), "task_id")

    def _task(self, row: codec.Row) -> Task:
        large = self._database.large_of(self._line, [row]).get(row[0])
        return codec.task_of(row, self._database.incarnation, large, self._reading)

    # ------------------------------------------------------------------ decisions

    def _load(self, changes: Sequence[Change]) -> None:
        wanted = sorted({change.task for change in changes})
        rows = self._database.tasks(self._line, wanted)
        large = self._database.large_of(self._line, rows)
        for row in rows:
            known = large.get(row[0], {})
            self._loaded[row[0]] = LoadedTask(
                row, known, self._database, self._line, self._reading, self._spending, self._books
            )

    def _decide(self, change: Change) -> None:
        loaded = self._loaded.get(change.task)
        if loaded is None:
            change.error = Gone(change.task)
            return
        try:
            work = UnitOfWork(loaded, self._reading)
            result = change.decide(work)
            loaded.keep(work, self._encode)
        except sa.exc.DBAPIError:
            raise  # the transaction failed under the decision: everybody's affair
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is this caller's and must not end the writer
            loaded.entries.forget()
            change.error = of_ledger(error) if isinstance(error, refusals.Refused) else error
        else:
            change.result = result

    def _write(self) -> None:
        statements, line = self._database.statements, self._line
        written = [loaded for loaded in self._loaded.values() if loaded.written]
        self.wrote |= bool(written)
        documents = [(w.id, name, body) for w in written for name, body in w.documents.items()]
        statuses = [(w.id, *w.status) for w in written if w.status is not None]
        removed = [(w.id, base, key) for w in written for key, base in w.entries.removed.items()]
        entries = [row for w in written for row in w.entries.changed.values()]
        memos = [(w.id, key, value) for w in written for key, value in w.memos.changed.items()]
        erased = [(w.id,) for w in written if w.erased]
        for statement, rows in (
            (statements.upsert_documents, documents),
            (statements.update_tasks, statuses),
            (statements.delete_entries, removed),
            (statements.upsert_entries, entries),
            (statements.upsert_memos, memos),
            (statements.delete_sealed, erased),
        ):
            if rows:
                statement(line, rows)
        for w in written:
            if w.committed is not None:
                self._spending.move(w.task.project, w.committed, w.task.committed)
        self._events += [event for w in written for event in w.events]

    def _write_apart(self, operation: WriteCatalogs | WriteSchedules, writes: Any) -> None:
        try:
            operation.result = operation.write(writes)
        except Refused as refused:  # before it wrote anything
            operation.error = refused
        else:
            self.wrote = True

    # ------------------------------------------------------------------ the feed

    def _publish(self) -> None:
        """Take the positions, write the events, and say what will have been committed."""
        counts: dict[str, int] = {}
        for project, *_ in self._events:
            counts[project] = counts.get(project, 0) + 1
        told: dict[int, list[FeedEvent]] = {}
        if counts:
            self.wrote = True
            ends = self._database.take_positions(self._line, sorted(counts.items()))
            following = {project: ends[project] - n + 1 for project, n in counts.items()}
            rows = []
            for project, task, sequence, body in self._events:
                position = following[project]
                following[project] += 1
                rows.append((task, sequence, project, position, body))
                told.setdefault(task, []).append(FeedEvent(position, task, sequence, body))
            self._database.statements.insert_events(self._line, rows)
        tasks = [*self._created, *(loaded.task for loaded in self._loaded.values() if loaded.written)]
        self.committed = [Committed(task, tuple(told.get(task.id, ()))) for task in tasks]


class _New:
    """A draft on its way: its row and first events, and the task or the budget that stands in its way, if one does."""

    __slots__ = ("counted", "draft", "events", "existing", "refusal", "row")

    def __init__(self, draft: Draft, row: codec.Row, events: list[Pending]) -> None:
        self.draft = draft
        self.row = row
        self.events = events
        self.existing: Existing | None = None
        self.refusal: Refused | None = None
        self.counted = False


def _derived(task: Task) -> bool:
    """Whether the task's name was made from its id, rather than chosen."""
    return not task.task_id or task.task_id == ids.default_task_id(task.id)
