"""The schedules: which there are, and when each is to fire."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import orjson
import sqlalchemy as sa

from wharfinger_server.domain.schedule import Schedule
from wharfinger_server.store.databases.connection import Line
from wharfinger_server.store.tables.documents import document
from wharfinger_server.store.tables.schema import BYTES, NUMBER, TEXT, metadata

Place = tuple[int, str, str]
"""Where a schedule stands among those that are due: when it is, its project and its id."""

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("project", TEXT, primary_key=True),
    sa.Column("schedule_id", TEXT, primary_key=True),
    # When it is to fire next, 0 while it is not.
    sa.Column("due", NUMBER, nullable=False),
    sa.Column("doc", BYTES, nullable=False),
    sa.Index(
        "ix_schedules_due",
        "due",
        "project",
        "schedule_id",
        sqlite_where=sa.text("due > 0"),
        postgresql_where=sa.text("due > 0"),
    ),
)

_S = schedules.c
_DUE = sa.text("schedules.due > 0")  # as the index says it


# ---------------------------------------------------------------------- reading


def one(connection: sa.Connection, project: str, schedule_id: str) -> Schedule | None:
    """Return one schedule, None where there is none."""
    doc = connection.execute(sa.select(_S.doc).where(_S.project == project, _S.schedule_id == schedule_id)).scalar()
    return None if doc is None else _schedule(doc)


def page(connection: sa.Connection, project: str, after: str, limit: int) -> list[Schedule]:
    """Return up to `limit` schedules of a project by id, from behind the id `after` on."""
    select = sa.select(_S.doc).where(_S.project == project, _S.schedule_id > after).order_by(_S.schedule_id)
    return [_schedule(row.doc) for row in connection.execute(select.limit(limit))]


def due(connection: sa.Connection, now: int, after: Place, limit: int) -> list[Schedule]:
    """Return up to `limit` schedules that are to fire by `now`, the longest due first, from behind a place on."""
    place = sa.tuple_(_S.due, _S.project, _S.schedule_id)
    select = sa.select(_S.doc).where(_DUE, _S.due <= now, place > sa.tuple_(*map(sa.literal, after)))
    return [_schedule(row.doc) for row in connection.execute(select.order_by(*place).limit(limit))]


def next_due(connection: sa.Connection) -> int:
    """Return when the next schedule is to fire, 0 where none is."""
    return connection.execute(sa.select(_S.due).where(_DUE).order_by(_S.due).limit(1)).scalar() or 0


def _schedule(doc: bytes) -> Schedule:
    return document(Schedule).unpack(orjson.loads(doc))


# ---------------------------------------------------------------------- writing


class ScheduleWrites:
    """The writes, in the transaction of the writer's `line`; `mark` is its placeholder."""

    def __init__(self, line: Line, mark: str) -> None:
        self._line = line
        self._mark = mark

    def create(self, schedule: Schedule) -> Schedule:
        """Write a schedule down, and return it; or the one that has its name."""
        found = self._found(schedule.project, schedule.schedule_id)
        if found is None:
            values = (schedule.project, schedule.schedule_id, schedule.due, _doc(schedule))
            self._run("INSERT INTO schedules (project, schedule_id, due, doc) VALUES (?, ?, ?, ?)", values)
        return found or schedule

    def change(self, project: str, schedule_id: str, decide: Callable[[Schedule], None]) -> Schedule | None:
        """Run a decision on a schedule, and return it as it stands; None where there is none."""
        found = self._found(project, schedule_id)
        if found is None:
            return None
        before = deepcopy(found)
        decide(found)
        if found != before:
            values = (found.due, _doc(found), project, schedule_id)
            self._run("UPDATE schedules SET due = ?, doc = ? WHERE project = ? AND schedule_id = ?", values)
        return found

    def delete(self, project: str, schedule_id: str) -> bool:
        """Delete a schedule; return whether there was one."""
        found = self._found(project, schedule_id) is not None
        self._run("DELETE FROM schedules WHERE project = ? AND schedule_id = ?", (project, schedule_id))
        return found

    def _found(self, project: str, schedule_id: str) -> Schedule | None:
        sql = "SELECT doc FROM schedules WHERE project = ? AND schedule_id = ?"
        row = self._run(sql, (project, schedule_id)).first()
        return None if row is None else _schedule(row[0])

    def _run(self, sql: str, values: tuple[object, ...]) -> Any:
        return self._line.exec_driver_sql(sql.replace("?", self._mark), values)


def _doc(schedule: Schedule) -> bytes:
    return orjson.dumps(document(Schedule).pack(schedule))
