"""What readers ask, as functions of a connection."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wharfinger_server.domain.ledger import Entry
from wharfinger_server.domain.states import CLOSED, EntryState
from wharfinger_server.domain.task import Task
from wharfinger_server.store import codec, schema
from wharfinger_server.store.codec import Row
from wharfinger_server.store.database import Database
from wharfinger_server.store.values import Condition, FeedEvent, StoredEvent, TaskQuery

_T = schema.tasks.c
_E = schema.entries.c
_V = schema.events.c
_COMPARE: Mapping[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
# Literal numbers: a planner takes a partial index only where it can prove its condition.
_ZERO: sa.ColumnClause[int] = sa.literal_column("0")
_UNFINISHED = _T.state < sa.literal_column("5")
_TROUBLED = sa.text("tasks.state IN (6, 7, 8, 9, 10)")
_QUEUED = sa.and_(_T.state == sa.literal_column("1"), _T.lease_expire == _ZERO)
_TASK = sa.select(*schema.tasks.c)
_LIGHT = sa.select(
    *(
        sa.null().label(c.name)
        if c.name == "params"
        else sa.literal(b"", sa.LargeBinary()).label(c.name)
        if c.name == "result"
        else c
        for c in schema.tasks.c
    )
)


class Queries:
    """The read statements of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _tasks(self, connection: sa.Connection, select: sa.Select[Any], *, light: bool = False) -> list[Task]:
        rows: Sequence[Row] = [tuple(row) for row in connection.execute(select)]
        large = {} if light else self._database.large_of(connection, rows)
        return [codec.task_of(row, self._database.incarnation, large.get(row[0])) for row in rows]

    def _one(self, connection: sa.Connection, select: sa.Select[Any]) -> Task | None:
        found = self._tasks(connection, select)
        return found[0] if found else None

    def task(self, connection: sa.Connection, project: str, task_id: str) -> Task | None:
        """Return a task by name; None for a tombstone."""
        return self._one(connection, _TASK.where(_T.project == project, _T.task_id == task_id, _T.delete_time == 0))

    def task_by_request(self, connection: sa.Connection, project: str, request_id: str) -> Task | None:
        """Return a task by the request that made it; tombstones too."""
        return self._one(connection, _TASK.where(_T.project == project, _T.request_id == request_id))

    def task_by_id(self, connection: sa.Connection, task: int) -> Task | None:
        """Return a task by id; tombstones too."""
        return self._one(connection, _TASK.where(_T.id == task))

    def tasks(self, connection: sa.Connection, query: TaskQuery) -> list[Task]:
        """Return a page of a project's tasks."""
        select = (_LIGHT if query.light else _TASK).where(_T.project == query.project, _T.delete_time == 0)
        select = select.where(
            *(clause for condition in query.conditions for clause in _clauses(query.project, condition))
        )
        if query.after:
            select = select.where(_T.id < query.after if query.descending else _T.id > query.after)
        select = select.order_by(_T.id.desc() if query.descending else _T.id).limit(query.limit)
        return self._tasks(connection, select, light=query.light)

    def queued(self, connection: sa.Connection, executor: str, limit: int) -> list[Task]:
        """Return the first tasks in an executor's queue."""
        select = _TASK.where(_QUEUED, _T.executor == executor).order_by(_T.priority.desc(), _T.id).limit(limit)
        return self._tasks(connection, select)

    def queue_place(self, connection: sa.Connection, task: Task) -> int:
        """Return how many queued tasks of its executor come before `task`."""
        before = sa.or_(
            _T.priority > task.policy.priority, sa.and_(_T.priority == task.policy.priority, _T.id < task.id)
        )
        select = (
            sa.select(sa.func.count()).select_from(schema.tasks).where(_QUEUED, _T.executor == task.executor, before)
        )
        return int(connection.execute(select).scalar_one())

    def unfinished(self, connection: sa.Connection, after: int, limit: int, project: str | None) -> list[Task]:
        """Return a page of the tasks that are not at rest."""
        select = _TASK.where(_UNFINISHED, _T.id > after, *([] if project is None else [_T.project == project]))
        return self._tasks(connection, select.order_by(_T.id).limit(limit))

    def expired(self, connection: sa.Connection, now: int, limit: int) -> list[Task]:
        """Return tasks at rest whose time is over and that own nothing."""
        over = (_T.expire_time > _ZERO, _T.expire_time <= now, _T.delete_time == _ZERO, _T.open_entries == _ZERO)
        return self._tasks(connection, _TASK.where(*over, _T.state >= 5).order_by(_T.expire_time).limit(limit))

    def events(self, connection: sa.Connection, task: int, after: int, limit: int) -> list[StoredEvent]:
        """Return a task's events after a sequence number."""
        select = sa.select(_V.sequence, _V.position, _V.body).where(_V.task == task, _V.sequence > after)
        return [StoredEvent(*row) for row in connection.execute(select.order_by(_V.sequence).limit(limit))]

    def feed(self, connection: sa.Connection, project: str, after: int, limit: int) -> list[FeedEvent]:
        """Return a project's events after a position."""
        select = sa.select(_V.position, _V.task, _V.sequence, _V.body).where(_V.project == project, _V.position > after)
        return [FeedEvent(*row) for row in connection.execute(select.order_by(_V.position).limit(limit))]

    def feed_bounds(self, connection: sa.Connection, project: str) -> tuple[int, int]:
        """Return the first position from which on nothing is missing, and the newest."""
        select = sa.select(schema.projects.c.floor, schema.projects.c.position).where(
            schema.projects.c.project == project
        )
        row = connection.execute(select).first()
        return (1, 0) if row is None else (row[0] + 1, row[1])

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
        return [codec.entry_of(row) for row in connection.execute(select.order_by(_E.ordinal).limit(limit))]

    def memos(self, connection: sa.Connection, task: int) -> dict[str, bytes]:
        """Return a task's memos."""
        return self._database.memos(connection, task)


def _clauses(project: str, condition: Condition) -> list[sa.ColumnElement[bool] | sa.TextClause]:
    if condition.field == "label":
        return [_label(project, condition)]
    value: Any = condition.value
    clauses: list[sa.ColumnElement[bool] | sa.TextClause] = [
        _COMPARE[condition.op](_T[condition.field], int(value) if condition.field == "state" else value)
    ]
    if condition.field == "state" and condition.op == "=":
        # Said twice, so that the index of the few unfinished or failed tasks is taken.
        clauses += [_UNFINISHED] if int(value) < 5 else [_TROUBLED] if int(value) > 5 else []
    return clauses


def _label(project: str, condition: Condition) -> sa.ColumnElement[bool]:
    assert isinstance(condition.value, tuple)
    labels = schema.task_labels.c
    key, value = condition.value
    compare = _COMPARE["=" if condition.op == "!=" else condition.op](labels.value, value)
    tasks = sa.select(labels.task).where(labels.project == project, labels.key == key, compare)
    return _T.id.not_in(tasks) if condition.op == "!=" else _T.id.in_(tasks)
