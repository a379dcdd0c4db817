"""The tables. A hot row is small: few columns that are looked up by, and JSON documents for the rest.

Migrations make them; `tests/store` holds the two to each other.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from wharfinger.ledger.states import TaskState

REVISION = "0002"
"""The newest migration: the revision that this server reads and writes."""

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite: INTEGER makes a primary key the row's own id
# The same order on both databases, whatever the database's locale is.
TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
SMALL = sa.SmallInteger()
BYTES = sa.LargeBinary()

metadata = sa.MetaData()

# A planner takes a partial index only where it can prove its condition: statements say these as the indexes do.
FIRST_RESTING = min(state for state in TaskState if state.resting)
UNFINISHED = f"state < {FIRST_RESTING:d}"
QUEUED = f"state = {TaskState.QUEUED:d} AND lease_expire = 0"
_TROUBLED = ", ".join(f"{state:d}" for state in TaskState if state > FIRST_RESTING)
# A list and not "> 5": SQLite would search by that instead of by the state that was asked for.
TROUBLED = f"state IN ({_TROUBLED})"


def _partial(name: str, *columns: object, where: str, unique: bool = False) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))  # type: ignore[arg-type]


meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("value", TEXT, nullable=False),
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", ID, primary_key=True, autoincrement=False),
    sa.Column("project", TEXT, nullable=False),
    sa.Column("task_id", TEXT, nullable=False),
    sa.Column("request_id", TEXT),
    sa.Column("script", TEXT, nullable=False),
    sa.Column("executor", TEXT, nullable=False),
    sa.Column("creator", TEXT, nullable=False),
    sa.Column("state", SMALL, nullable=False),
    sa.Column("priority", NUMBER, nullable=False),
    sa.Column("wake_time", NUMBER, nullable=False),
    sa.Column("create_time", NUMBER, nullable=False),
    sa.Column("expire_time", NUMBER, nullable=False),
    sa.Column("delete_time", NUMBER, nullable=False),
    # 0: no lease. Renewals write this alone.
    sa.Column("lease_expire", NUMBER, nullable=False),
    sa.Column("epoch", NUMBER, nullable=False),
    sa.Column("revision", NUMBER, nullable=False),
    sa.Column("last_sequence", NUMBER, nullable=False),
    sa.Column("open_entries", NUMBER, nullable=False),
    # Which documents are too long for the row and stand in task_documents (codec.Large).
    sa.Column("large", SMALL, nullable=False),
    sa.Column("spec", BYTES, nullable=False),
    sa.Column("params", BYTES),
    sa.Column("status", BYTES, nullable=False),
    sa.Column("result", BYTES, nullable=False),
    sa.Column("progress", BYTES),
    sa.UniqueConstraint("project", "task_id", name="uq_tasks_task_id"),
    _partial("uq_tasks_request_id", "project", "request_id", where="request_id IS NOT NULL", unique=True),
    sa.Index("ix_tasks_project", "project", "id"),
    # What follows holds only the few tasks that something is left to do for, so that the cost of a task does not grow
    # with the number of those that are over.
    _partial("ix_tasks_queue", "executor", sa.text("priority DESC"), "id", where=QUEUED),
    _partial("ix_tasks_unfinished", "id", where=UNFINISHED),
    _partial("ix_tasks_unfinished_project", "project", "id", where=UNFINISHED),
    _partial("ix_tasks_troubled", "project", "state", "id", where=TROUBLED),
    _partial("ix_tasks_troubled_all", "state", "id", where=TROUBLED),
    _partial("ix_tasks_expire", "expire_time", where="expire_time > 0 AND delete_time = 0 AND open_entries = 0"),
    _partial("ix_tasks_deleted", "delete_time", where="delete_time > 0"),
)

task_labels = sa.Table(
    "task_labels",
    metadata,
    sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("key", TEXT, primary_key=True),
    sa.Column("value", TEXT, nullable=False),
    sa.Column("project", TEXT, nullable=False),
    sa.Index("ix_task_labels_value", "project", "key", "value", "task"),
    sqlite_with_rowid=False,
)

task_documents = sa.Table(
    "task_documents",
    metadata,
    sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("body", BYTES, nullable=False),
)

# The values of sealed params, encrypted (engine/params/sealing.py) and read apart from a task; gone when it is over.
sealed = sa.Table(
    "sealed",
    metadata,
    sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("seal_key", TEXT, nullable=False),
    sa.Column("body", BYTES, nullable=False),
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("base", TEXT, primary_key=True),
    sa.Column("key", TEXT, primary_key=True),
    sa.Column("ordinal", NUMBER, nullable=False),
    sa.Column("state", SMALL, nullable=False),
    sa.Column("owned", SMALL, nullable=False),
    sa.Column("type", TEXT, nullable=False),
    sa.Column("external_id", TEXT, nullable=False),
    sa.Column("doc", BYTES, nullable=False),
    sa.Index("ix_entries_ordinal", "task", "ordinal"),
)

memos = sa.Table(
    "memos",
    metadata,
    sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("key", TEXT, primary_key=True),
    sa.Column("value", BYTES, nullable=False),
)

# Without a foreign key: events are most of what is written, and PostgreSQL would look each one's task up again.
events = sa.Table(
    "events",
    metadata,
    sa.Column("task", ID, primary_key=True, autoincrement=False),
    sa.Column("sequence", NUMBER, primary_key=True),
    sa.Column("project", TEXT, nullable=False),
    sa.Column("position", NUMBER, nullable=False),
    sa.Column("body", BYTES, nullable=False),
    sa.Index("ix_events_feed", "project", "position"),
)

projects = sa.Table(
    "projects",
    metadata,
    sa.Column("project", TEXT, primary_key=True),
    sa.Column("position", NUMBER, nullable=False),
    # The highest position of an event that was purged: a feed read from there on has no gap.
    sa.Column("floor", NUMBER, nullable=False),
)

# What the things of a project with a budget cost by the hour, as exact decimal numbers (store/spending.py).
spending = sa.Table(
    "spending",
    metadata,
    sa.Column("project", TEXT, primary_key=True),
    sa.Column("currency", TEXT, primary_key=True),
    sa.Column("amount", TEXT, nullable=False),
)

# The number of each writer's last batch, written with the batch: settles whether a COMMIT without an answer happened.
batches = sa.Table(
    "batches",
    metadata,
    sa.Column("writer", TEXT, primary_key=True),
    sa.Column("number", NUMBER, nullable=False),
    sa.Column("time", NUMBER, nullable=False),
)
