"""The readers' statements that are always the same, compiled once in a process for each kind of database.

Building and looking up a Core statement takes several times as long as running one of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wharfinger_server.store.tables import codec, schema

_DIALECTS: dict[str, sa.Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}
_T = schema.tasks.c
_V = schema.events.c
_P = schema.projects.c
_S = schema.sealed.c
_D = schema.task_documents.c
_B = schema.spending.c

# Literal numbers, for the sake of partial indexes (`schema.UNFINISHED`).
_ZERO: sa.ColumnClause[int] = sa.literal_column("0")
UNFINISHED = sa.text(f"tasks.{schema.UNFINISHED}")
TROUBLED = sa.text(f"tasks.{schema.TROUBLED}")
_RESTING = _T.state >= sa.literal_column(f"{schema.FIRST_RESTING:d}")
_QUEUED = sa.text(f"tasks.{schema.QUEUED}")
_COLUMNS = [_T[name] for name in codec.TASK_COLUMNS]
TASK = sa.select(*_COLUMNS)
"""The whole rows of tasks, as codec.task_of takes them."""


def _light(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Return what is selected for a column where long documents are left out."""
    if column.name == "params":
        return sa.null().label(column.name)
    if column.name == "result":
        return sa.literal(b"", sa.LargeBinary()).label(column.name)
    return column


LIGHT = sa.select(*(_light(column) for column in _COLUMNS))
"""The rows of tasks without their params and results, which may be long."""

_LIMIT: sa.BindParameter[int] = sa.bindparam("limit", type_=sa.BigInteger())


def _(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name)


class Prepared:
    """A compiled statement, run with the values of its parameters by name."""

    def __init__(self, statement: sa.Select[Any], kind: str) -> None:
        compiled = statement.compile(dialect=_DIALECTS[kind])
        self._sql = str(compiled)
        self._names: Sequence[str] = getattr(compiled, "positiontup", None) or ()
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}

    def __call__(self, connection: sa.Connection, **values: Any) -> Sequence[Sequence[Any]]:
        """Run it and return its rows."""
        values |= self._constants
        return connection.exec_driver_sql(self._sql, tuple([values[name] for name in self._names])).all()


class ReadStatements:
    """The prepared statements of one kind of database."""

    def __init__(self, kind: str) -> None:
        def make(statement: sa.Select[Any]) -> Prepared:
            return Prepared(statement, kind)

        named = TASK.where(_T.project == _("project"))
        after = TASK.where(UNFINISHED, _T.id > _("after")).order_by(_T.id).limit(_LIMIT)
        over = (_T.expire_time > _ZERO, _T.expire_time <= _("now"), _T.delete_time == _ZERO, _T.open_entries == _ZERO)
        before = sa.or_(_T.priority > _("priority"), sa.and_(_T.priority == _("priority"), _T.id < _("task")))
        event = sa.select(_V.sequence, _V.position, _V.body).where(_V.task == _("task"), _V.sequence > _("after"))
        feed = sa.select(_V.position, _V.task, _V.sequence, _V.body)
        feed = feed.where(_V.project == _("project"), _V.position > _("after"))

        self.task = make(named.where(_T.task_id == _("task_id"), _T.delete_time == _ZERO))
        self.tombstone = make(named.where(_T.task_id == _("task_id"), _T.delete_time != _ZERO))
        self.task_by_request = make(named.where(_T.request_id == _("request_id")))
        self.task_by_id = make(TASK.where(_T.id == _("task")))
        queue = LIGHT.where(_QUEUED, _T.executor == _("executor"))
        level = queue.where(_T.priority == _("priority"), _T.id > _("after"))
        below = queue.where(_T.priority < _("priority"))
        self.queued = make(queue.order_by(_T.priority.desc(), _T.id).limit(_LIMIT))
        self.queued_level = make(level.order_by(_T.id).limit(_LIMIT))
        self.queued_below = make(below.order_by(_T.priority.desc(), _T.id).limit(_LIMIT))
        self.queue_place = make(
            sa.select(sa.func.count())
            .select_from(schema.tasks)
            .where(_QUEUED, _T.executor == _("executor"), _T.project == _("project"), before)
        )
        self.unfinished = make(after)
        self.unfinished_of = make(after.where(_T.project == _("project")))
        self.leased = make(
            TASK.where(UNFINISHED, _T.lease_expire > _ZERO, _T.id > _("after")).order_by(_T.id).limit(_LIMIT)
        )
        self.expired = make(TASK.where(*over, _RESTING).order_by(_T.expire_time).limit(_LIMIT))
        self.states = make(sa.select(_T.state, sa.func.count()).where(UNFINISHED).group_by(_T.state))
        # Each half-done state alone: together they would not be found by their index.
        owing = TASK.where(_T.open_entries > _ZERO, _T.id > _("after")).order_by(_T.id).limit(_LIMIT)
        self.owing_unfinished = make(owing.where(UNFINISHED))
        self.owing_half_done = make(
            TASK.where(TROUBLED, _T.state == _("state"), _T.id > _("after")).order_by(_T.id).limit(_LIMIT)
        )
        self.estimate = make(sa.select(_D.body).where(_D.task == _("task"), _D.name == codec.ESTIMATE))
        self.spending = make(sa.select(_B.currency, _B.amount).where(_B.project == _("project")))
        self.sealed = make(sa.select(_S.seal_key, _S.body).where(_S.task == _("task")))
        self.seal_keys = make(sa.select(_S.seal_key, sa.func.count()).group_by(_S.seal_key))
        self.events = make(event.order_by(_V.sequence).limit(_LIMIT))
        self.feed = make(feed.order_by(_V.position).limit(_LIMIT))
        self.bounds = make(sa.select(_P.floor, _P.position).where(_P.project == _("project")))


@cache
def read_statements(kind: str) -> ReadStatements:
    """Return the prepared statements for "sqlite" or "postgresql"."""
    return ReadStatements(kind)
