"""What readers ask, as functions of a connection."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from wharfinger_server.domain.costs import Sums
from wharfinger_server.domain.ledger import Entry
from wharfinger_server.domain.states import CLOSED, EntryState
from wharfinger_server.domain.task import Task
from wharfinger_server.store.databases.base import Database
from wharfinger_server.store.databases.reads import LIGHT, TASK, TROUBLED, UNFINISHED, reads
from wharfinger_server.store.databases.spending import read_sums
from wharfinger_server.store.tables import codec, schema
from wharfinger_server.store.tables.codec import Row
from wharfinger_server.store.values import Condition, FeedEvent, Sealed, StoredEvent, TaskQuery

_T = schema.tasks.c
_E = schema.entries.c


_COMPARE: Mapping[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Queries:
    """The read statements of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reads = reads(database.kind)

    def _tasks(self, connection: sa.Connection, rows: Sequence[Row], *, light: bool = False) -> list[Task]:
        large = {} if light else self._database.large_of(connection, rows)
        incarnation, reading = self._database.incarnation, self._database.reading()
        return [codec.task_of(row, incarnation, large.get(row[0]), reading) for row in rows]

    def _one(self, connection: sa.Connection, rows: Sequence[Row]) -> Task | None:
        found = self._tasks(connection, rows)
        return found[0] if found else None

    def task(self, connection: sa.Connection, project: str, task_id: str) -> Task | None:
        """Return a task by name; None for a tombstone."""
        return self._one(connection, self._reads.task(connection, project=project, task_id=task_id))

    def task_by_request(self, connection: sa.Connection, project: str, request_id: str) -> Task | None:
        """Return a task by the request that made it; tombstones too."""
        return self._one(connection, self._reads.task_by_request(connection, project=project, request_id=request_id))

    def task_by_id(self, connection: sa.Connection, task: int) -> Task | None:
        """Return a task by id; tombstones too."""
        return self._one(connection, self._reads.task_by_id(connection, task=task))

    def tasks(self, connection: sa.Connection, query: TaskQuery) -> list[Task]:
        """Return a page of the tasks of a project, of several or of all."""
        if isinstance(query.project, frozenset):
            # Each by its own index, and of these the first: asked for several at once, a database sorts all they have.
            rows: list[Row] = []
            for project in query.project:
                rows += _page(connection, query, project)
                rows.sort(key=itemgetter(0), reverse=query.descending)
                del rows[query.limit :]
        else:
            rows = _page(connection, query, query.project)
        return self._tasks(connection, rows, light=query.light)

    def queued(
        self, connection: sa.Connection, executor: str, limit: int, after: tuple[int, int] | None = None
    ) -> list[Task]:
        """Return the first tasks in an executor's queue, or the first after a place in it."""
        if after is None:
            rows = self._reads.queued(connection, executor=executor, limit=limit)
            return self._tasks(connection, rows, light=True)
        # Two ranges of the index, each read from its beginning; asked for both at once, a database reads the whole.
        priority, task = -after[0], after[1]
        rows = self._reads.queued_level(connection, executor=executor, priority=priority, after=task, limit=limit)
        if len(rows) < limit:
            left = limit - len(rows)
            rows = [*rows, *self._reads.queued_below(connection, executor=executor, priority=priority, limit=left)]
        return self._tasks(connection, rows, light=True)

    def queue_place(self, connection: sa.Connection, task: Task) -> int:
        """Return how many queued tasks of its executor come before `task`."""
        place = self._reads.queue_place
        ((before,),) = place(connection, executor=task.executor, priority=task.policy.priority, task=task.id)
        return int(before)

    def noted(self, connection: sa.Connection, name: str) -> str:
        """Return what was noted under `name`, "" if nothing was."""
        value = connection.execute(sa.select(schema.meta.c.value).where(schema.meta.c.name == name)).scalar()
        return str(value or "")

    def unfinished(self, connection: sa.Connection, after: int, limit: int, project: str | None) -> list[Task]:
        """Return a page of the tasks that are not at rest."""
        if project is None:
            return self._tasks(connection, self._reads.unfinished(connection, after=after, limit=limit))
        rows = self._reads.unfinished_of(connection, after=after, limit=limit, project=project)
        return self._tasks(connection, rows)

    def leased(self, connection: sa.Connection, after: int, limit: int) -> list[Task]:
        """Return a page of the tasks that an attempt holds."""
        return self._tasks(connection, self._reads.leased(connection, after=after, limit=limit))

    def expired(self, connection: sa.Connection, now: int, limit: int) -> list[Task]:
        """Return tasks at rest whose time is over and that own nothing."""
        return self._tasks(connection, self._reads.expired(connection, now=now, limit=limit))

    def events(self, connection: sa.Connection, task: int, after: int, limit: int) -> list[StoredEvent]:
        """Return a task's events after a sequence number."""
        return [StoredEvent(*row) for row in self._reads.events(connection, task=task, after=after, limit=limit)]

    def feed(self, connection: sa.Connection, project: str, after: int, limit: int) -> list[FeedEvent]:
        """Return a project's events after a position."""
        return [FeedEvent(*row) for row in self._reads.feed(connection, project=project, after=after, limit=limit)]

    def feed_bounds(self, connection: sa.Connection, project: str) -> tuple[int, int]:
        """Return the first position from which on nothing is missing, and the newest."""
        for floor, position in self._reads.bounds(connection, project=project):
            return floor + 1, position
        return 1, 0

    def entries(
        self,
        connection: sa.Connection,
        task: int,
        after_ordinal: int,
        limit: int,
        states: frozenset[EntryState],
        *,
        only_open: bool,
    ) -> list[Entry]:
        """Return a page of a task's ledger in the order of intent."""
        select = sa.select(*schema.entries.c).where(_E.task == task, _E.ordinal > after_ordinal)
        if states:
            select = select.where(_E.state.in_(sorted(map(int, states))))
        if only_open:
            select = select.where(_E.owned == 1, _E.state.not_in(sorted(map(int, CLOSED))))
        reading = self._database.reading()
        rows = connection.execute(select.order_by(_E.ordinal).limit(limit)).all()
        return [codec.entry_of(row, reading) for row in rows]

    def sealed(self, connection: sa.Connection, task: int) -> Sealed | None:
        """Return the encrypted values of a task's sealed params."""
        for key, body in self._reads.sealed(connection, task=task):
            return Sealed(key, bytes(body))
        return None

    def seal_keys(self, connection: sa.Connection) -> dict[str, int]:
        """Return how many tasks hold params sealed under each key."""
        return {str(key): int(count) for key, count in self._reads.seal_keys(connection)}

    def estimate(self, connection: sa.Connection, task: int) -> bytes:
        """Return the document of what a task is expected to cost, b"" where there is none."""
        for (body,) in self._reads.estimate(connection, task=task):
            return bytes(body)
        return b""

    def spending(self, connection: sa.Connection, project: str) -> Sums:
        """Return what a project with a budget spends by the hour."""
        return read_sums(self._reads.spending(connection, project=project))

    def memos(self, connection: sa.Connection, task: int) -> dict[str, bytes]:
        """Return a task's memos."""
        return self._database.memos(connection, task)


def _page(connection: sa.Connection, query: TaskQuery, project: str | None) -> list[Row]:
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
        clauses += [UNFINISHED] if int(value) < 5 else [TROUBLED] if int(value) > 5 else []
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
