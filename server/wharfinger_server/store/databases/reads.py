"""Everything that is read of a database beside its writer, on the readers' threads."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from wharfinger.ledger.costs import Sums
from wharfinger.ledger.ledger import Entry
from wharfinger.ledger.states import CLOSED, EntryState, TaskState
from wharfinger_prices.catalog import Activation, Catalog
from wharfinger_server.domain.schedule import Schedule
from wharfinger_server.domain.task import Task
from wharfinger_server.store.databases import catalogs, schedules
from wharfinger_server.store.databases.base import Database, Verdict
from wharfinger_server.store.databases.prepared import LIGHT, TASK, TROUBLED, UNFINISHED, read_statements
from wharfinger_server.store.databases.schedules import Place
from wharfinger_server.store.databases.spending import read_sums
from wharfinger_server.store.databases.totals import Totals
from wharfinger_server.store.errors import unavailable
from wharfinger_server.store.tables import codec, schema
from wharfinger_server.store.tables.codec import Row
from wharfinger_server.store.values import Condition, FeedEvent, Sealed, StoredEvent, TaskQuery

T = TypeVar("T")
Query = Callable[[sa.Connection], T]

_PAGE = 500
"""How many tasks are read at a time where all are counted."""

_T = schema.tasks.c
_E = schema.entries.c

_COMPARE: Mapping[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Reads(ABC):
    """The reads of one database. Each may be awaited on any event loop, and raises Unavailable DATABASE_UNAVAILABLE.

    `run` runs a function on a reader's thread and returns what it returns.
    """

    def __init__(self, database: Database, run: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
        self._database = database
        self._run = run
        self._statements = read_statements(database.kind)

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether it takes nothing any more, for good."""

    async def _read(self, query: Query[T]) -> T:
        if self.closed:
            raise unavailable("the server is shutting down")
        found: T = await self._run(lambda: self._ask(query))
        return found

    def _ask(self, query: Query[T]) -> T:
        try:
            return self._database.read(query)
        except sa.exc.DBAPIError as error:
            trouble = self._database.judge(error)
            if trouble.verdict is Verdict.REFUSED:
                raise
            raise unavailable(trouble.why) from error

    # ------------------------------------------------------------------ tasks

    async def task(self, project: str, task_id: str) -> Task | None:
        """Return a task by name; None if there is none, or only its tombstone."""
        return await self._read(
            lambda c: self._one(c, self._statements.task(c, project=project, task_id=task_id)),
        )

    async def was_deleted(self, project: str, task_id: str) -> bool:
        """Whether there was a task of that name, of which the tombstone is left."""
        return await self._read(lambda c: bool(self._statements.tombstone(c, project=project, task_id=task_id)))

    async def task_by_request(self, project: str, request_id: str) -> Task | None:
        """Return the task that a request made, as a tombstone too."""
        return await self._read(
            lambda c: self._one(c, self._statements.task_by_request(c, project=project, request_id=request_id))
        )

    async def task_by_id(self, id: int) -> Task | None:  # noqa: A002  # the task's own word
        """Return a task by its id, as a tombstone too."""
        return await self._read(lambda c: self._one(c, self._statements.task_by_id(c, task=id)))

    async def tasks(self, query: TaskQuery) -> list[Task]:
        """Return a page of the tasks of a project, of several or of all."""
        return await self._read(lambda c: self._tasks(c, _page(c, query), light=query.light))

    async def queued(self, executor: str, limit: int, after: tuple[int, int] | None = None) -> list[Task]:
        """Return the queued tasks of an executor that no attempt holds, highest priority first, then oldest.

        `after` is where the page before ended: the priority of its last task, negated, and its id. Params and results
        are left out.
        """
        return await self._read(lambda c: self._tasks(c, self._queue(c, executor, limit, after), light=True))

    async def queue_place(self, task: Task) -> int:
        """Return how many queued tasks of the same executor and project come before `task`."""
        asked = {
            "executor": task.executor,
            "project": task.project,
            "priority": task.spec.policy.priority,
            "task": task.id,
        }
        return await self._read(lambda c: int(self._statements.queue_place(c, **asked)[0][0]))

    async def unfinished(self, after: int, limit: int, project: str | None = None) -> list[Task]:
        """Return up to `limit` tasks not at rest, of ids above `after`, in their order; of one project, if given."""
        if project is None:
            return await self._read(lambda c: self._tasks(c, self._statements.unfinished(c, after=after, limit=limit)))
        of_project = self._statements.unfinished_of
        return await self._read(lambda c: self._tasks(c, of_project(c, after=after, limit=limit, project=project)))

    async def leased(self, after: int, limit: int) -> list[Task]:
        """Return up to `limit` tasks that an attempt holds, of ids above `after`, in their order."""
        return await self._read(lambda c: self._tasks(c, self._statements.leased(c, after=after, limit=limit)))

    async def expired(self, now: int, limit: int) -> list[Task]:
        """Return tasks at rest whose expire_time has come, that own nothing alive and are not tombstones yet."""
        return await self._read(lambda c: self._tasks(c, self._statements.expired(c, now=now, limit=limit)))

    def _tasks(self, connection: sa.Connection, rows: Sequence[Row], *, light: bool = False) -> list[Task]:
        large = {} if light else self._database.large_of(connection, rows)
        incarnation, reading = self._database.incarnation, self._database.reading()
        return [codec.task_of(row, incarnation, large.get(row[0]), reading) for row in rows]

    def _one(self, connection: sa.Connection, rows: Sequence[Row]) -> Task | None:
        found = self._tasks(connection, rows)
        return found[0] if found else None

    def _queue(
        self, connection: sa.Connection, executor: str, limit: int, after: tuple[int, int] | None
    ) -> Sequence[Row]:
        if after is None:
            return self._statements.queued(connection, executor=executor, limit=limit)
        # Two ranges of the index, each read from its beginning; asked for both at once, a database reads the whole.
        priority, task = -after[0], after[1]
        rows = self._statements.queued_level(connection, executor=executor, priority=priority, after=task, limit=limit)
        if len(rows) < limit:
            left = limit - len(rows)
            below = self._statements.queued_below(connection, executor=executor, priority=priority, limit=left)
            rows = [*rows, *below]
        return rows

    # ------------------------------------------------------------------ what is a task's

    async def events(self, task: int, after: int, limit: int) -> list[StoredEvent]:
        """Return up to `limit` events of a task after the sequence number `after`."""
        rows = await self._read(lambda c: self._statements.events(c, task=task, after=after, limit=limit))
        return [StoredEvent(*row) for row in rows]

    async def entries(
        self,
        task: int,
        after_ordinal: int,
        limit: int,
        states: frozenset[EntryState] = frozenset(),
        only_open: bool = False,
    ) -> list[Entry]:
        """Return up to `limit` ledger entries after an ordinal, in the order of intent; `states` empty: of any."""
        select = sa.select(*schema.entries.c).where(_E.task == task, _E.ordinal > after_ordinal)
        if states:
            select = select.where(_E.state.in_(sorted(map(int, states))))
        if only_open:
            select = select.where(_E.owned == 1, _E.state.not_in(sorted(map(int, CLOSED))))
        select = select.order_by(_E.ordinal).limit(limit)

        def _decoded(connection: sa.Connection) -> list[Entry]:
            reading = self._database.reading()
            return [codec.entry_of(row, reading) for row in connection.execute(select).all()]

        return await self._read(_decoded)

    async def estimate(self, task: int) -> bytes:
        """Return the document of what a task is expected to cost, b"" where nothing was estimated."""
        rows = await self._read(lambda c: self._statements.estimate(c, task=task))
        return bytes(rows[0][0]) if rows else b""

    async def memos(self, task: int) -> dict[str, bytes]:
        """Return a task's saved answers by key."""
        return await self._read(lambda c: self._database.memos(c, task))

    async def sealed(self, task: int) -> Sealed | None:
        """Return the encrypted values of a task's sealed params, None where it has none or they are erased."""
        rows = await self._read(lambda c: self._statements.sealed(c, task=task))
        return Sealed(rows[0][0], bytes(rows[0][1])) if rows else None

    # ------------------------------------------------------------------ what is a project's, and the server's

    async def feed(self, project: str, after: int, limit: int) -> list[FeedEvent]:
        """Return up to `limit` events of a project after the position `after`, in the order they were committed."""
        rows = await self._read(lambda c: self._statements.feed(c, project=project, after=after, limit=limit))
        return [FeedEvent(*row) for row in rows]

    async def feed_bounds(self, project: str) -> tuple[int, int]:
        """Return (oldest, newest): from `oldest` on, every position's event is held; (1, 0) for a project without any.

        A reader that has seen everything up to `oldest - 1` or later misses nothing.
        """
        rows = await self._read(lambda c: self._statements.bounds(c, project=project))
        return (rows[0][0] + 1, rows[0][1]) if rows else (1, 0)

    async def spending(self, project: str) -> Sums:
        """Return what a project with a budget spends by the hour, by currency."""
        return read_sums(await self._read(lambda c: self._statements.spending(c, project=project)))

    async def seal_keys(self) -> dict[str, int]:
        """Return the ids of the keys that sealed params are under, each with the number of its tasks."""
        return {str(key): int(count) for key, count in await self._read(self._statements.seal_keys)}

    async def noted(self, name: str) -> str:
        """Return what was noted under `name`, "" if nothing was."""
        select = sa.select(schema.meta.c.value).where(schema.meta.c.name == name)
        return str(await self._read(lambda c: c.execute(select).scalar()) or "")

    # ------------------------------------------------------------------ totals

    async def totals(self) -> Totals:
        """Return how many tasks have something left to do, and what they own, over all projects.

        The indexes of such tasks find them: what is over and done is neither read nor counted.
        """
        rows = await self._read(self._statements.states)
        totals = Totals({TaskState(state): count for state, count in rows})
        await self._add_owing(totals, lambda c, after: self._statements.owing_unfinished(c, after=after, limit=_PAGE))
        for state in TaskState:
            if state.half_done:
                await self._add_owing(totals, partial(self._half_done, state))
        return totals

    async def half_done(self, state: TaskState, after: int, limit: int) -> list[Task]:
        """Return up to `limit` half-done tasks in that state that own something, of ids above `after`, in their order.

        Params and results are left out.
        """
        owing = self._statements.owing_half_done
        return await self._read(
            lambda c: self._tasks(c, owing(c, state=int(state), after=after, limit=limit), light=True)
        )

    def _half_done(self, state: TaskState, connection: sa.Connection, after: int) -> Sequence[Row]:
        return self._statements.owing_half_done(connection, state=int(state), after=after, limit=_PAGE)

    async def _add_owing(self, totals: Totals, page: Callable[[sa.Connection, int], Sequence[Row]]) -> None:
        """Count in what tasks own, a page at a time, so that no other reader waits for all of it."""
        after = 0
        while True:
            at = after
            tasks = await self._read(lambda c, at=at: self._tasks(c, page(c, at), light=True))  # type: ignore[misc]
            for task in tasks:
                totals.add(task)
            if len(tasks) < _PAGE:
                return
            after = tasks[-1].id

    # ------------------------------------------------------------------ schedules

    async def schedule(self, project: str, schedule_id: str) -> Schedule | None:
        """Return a schedule, None where there is none of that name."""
        return await self._read(lambda c: schedules.one(c, project, schedule_id))

    async def schedules(self, project: str, after: str, limit: int) -> list[Schedule]:
        """Return up to `limit` schedules of a project by id, from behind the id `after` on."""
        return await self._read(lambda c: schedules.page(c, project, after, limit))

    async def due_schedules(self, now: int, after: Place, limit: int) -> list[Schedule]:
        """Return up to `limit` schedules that are to fire by `now`, the longest due first, from behind a place on."""
        return await self._read(lambda c: schedules.due(c, now, after, limit))

    async def next_due(self) -> int:
        """Return when the next schedule is to fire, 0 where none is."""
        return await self._read(schedules.next_due)

    # ------------------------------------------------------------------ catalogues

    async def active_catalogs(self) -> list[Catalog]:
        """Return the active catalogue of each source, in the order in which the sources had their first."""
        return await self._read(catalogs.all_active)

    async def active_catalog(self, source: str = "") -> Catalog | None:
        """Return a source's active catalogue, of "" the one that became active last; None before the first."""
        return await self._read(lambda c: catalogs.active(c, source))

    async def catalog(self, digest: str) -> Catalog | None:
        """Return a catalogue, None where there is none of that digest."""
        return await self._read(lambda c: catalogs.catalog(c, digest))

    async def catalogs(self, after: str, limit: int, source: str = "") -> list[Catalog]:
        """Return up to `limit` catalogues, the newest import first, from behind the digest `after` on ("": the first).

        Raises NotFound UNKNOWN_CATALOG for an `after` that does not exist.
        """
        return await self._read(lambda c: catalogs.page(c, after, limit, source))

    async def catalog_of(self, origin: str) -> Catalog | None:
        """Return the catalogue that was last fetched from, or found unchanged at, an origin."""
        return await self._read(lambda c: catalogs.latest_of(c, origin))

    async def activations(self, limit: int, before: int = 0, source: str = "") -> list[Activation]:
        """Return the last activations, the newest first: which catalogue became active, when, by whom and why.

        `before` is the number of the last one seen, 0 for none.
        """
        return await self._read(lambda c: catalogs.history(c, limit, before, source))


def _page(connection: sa.Connection, query: TaskQuery) -> list[Row]:
    if not isinstance(query.project, frozenset):
        return _page_of(connection, query, query.project)
    # Each by its own index, and of these the first: asked for several at once, a database sorts all they have.
    rows: list[Row] = []
    for project in query.project:
        rows += _page_of(connection, query, project)
        rows.sort(key=itemgetter(0), reverse=query.descending)
        del rows[query.limit :]
    return rows


def _page_of(connection: sa.Connection, query: TaskQuery, project: str | None) -> list[Row]:
    """Return the rows of a page of one project's tasks, or (None) of all."""
    select = (LIGHT if query.light else TASK).where(_T.delete_time == 0)
    if project is not None:
        select = select.where(_T.project == project)
    select = select.where(*(clause for condition in query.conditions for clause in _clauses(project, condition)))
    if query.after:
        select = select.where(_T.id < query.after if query.descending else _T.id > query.after)
    select = select.order_by(_T.id.desc() if query.descending else _T.id).limit(query.limit)
    return [*connection.execute(select)]


def _clauses(project: str | None, condition: Condition) -> list[sa.ColumnElement[bool] | sa.TextClause]:
    if condition.field == "label":
        return [_label(project, condition)]
    value: Any = condition.value
    clauses: list[sa.ColumnElement[bool] | sa.TextClause] = [
        _COMPARE[condition.op](_T[condition.field], int(value) if condition.field == "state" else value)
    ]
    if condition.field == "state" and condition.op == "=":
        # Said twice, so that the index of the few unfinished or failed tasks is taken.
        first = schema.FIRST_RESTING
        clauses += [UNFINISHED] if int(value) < first else [TROUBLED] if int(value) > first else []
    return clauses


def _label(project: str | None, condition: Condition) -> sa.ColumnElement[bool]:
    assert isinstance(condition.value, tuple)
    labels = schema.task_labels.c
    key, value = condition.value
    compare = _COMPARE["=" if condition.op == "!=" else condition.op](labels.value, value)
    # The index of labels begins with the project; whatever has tasks is among the projects.
    where = labels.project.in_(sa.select(schema.projects.c.project)) if project is None else labels.project == project
    tasks = sa.select(labels.task).where(where, labels.key == key, compare)
    return _T.id.not_in(tasks) if condition.op == "!=" else _T.id.in_(tasks)
