"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
SMALL = sa.SmallInteger()
BYTES = sa.LargeBinary()


def _partial(name: str, *columns: str | sa.TextClause, where: str, unique: bool = False) -> None:
    op.create_index(
        name, "tasks", list(columns), unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "meta",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("value", TEXT, nullable=False),
    )
    op.create_table(
        "tasks",
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
        sa.Column("lease_expire", NUMBER, nullable=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("last_sequence", NUMBER, nullable=False),
        sa.Column("open_entries", NUMBER, nullable=False),
        sa.Column("large", SMALL, nullable=False),
        sa.Column("spec", BYTES, nullable=False),
        sa.Column("params", BYTES),
        sa.Column("status", BYTES, nullable=False),
        sa.Column("result", BYTES, nullable=False),
        sa.Column("progress", BYTES),
        sa.UniqueConstraint("project", "task_id", name="uq_tasks_task_id"),
    )
    _partial("uq_tasks_request_id", "project", "request_id", where="request_id IS NOT NULL", unique=True)
    op.create_index("ix_tasks_project", "tasks", ["project", "id"])
    _partial("ix_tasks_queue", "executor", sa.text("priority DESC"), "id", where="state = 1 AND lease_expire = 0")
    _partial("ix_tasks_unfinished", "id", where="state < 5")
    _partial("ix_tasks_unfinished_project", "project", "id", where="state < 5")
    _partial("ix_tasks_troubled", "project", "state", "id", where="state IN (6, 7, 8, 9, 10)")
    _partial("ix_tasks_troubled_all", "state", "id", where="state IN (6, 7, 8, 9, 10)")
    _partial("ix_tasks_expire", "expire_time", where="expire_time > 0 AND delete_time = 0 AND open_entries = 0")
    _partial("ix_tasks_deleted", "delete_time", where="delete_time > 0")
    op.create_table(
        "task_labels",
        sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("key", TEXT, primary_key=True),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("project", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_task_labels_value", "task_labels", ["project", "key", "value", "task"])
    op.create_table(
        "task_documents",
        sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("body", BYTES, nullable=False),
    )
    op.create_table(
        "sealed",
        sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("seal_key", TEXT, nullable=False),
        sa.Column("body", BYTES, nullable=False),
    )
    op.create_table(
        "entries",
        sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("base", TEXT, primary_key=True),
        sa.Column("key", TEXT, primary_key=True),
        sa.Column("ordinal", NUMBER, nullable=False),
        sa.Column("state", SMALL, nullable=False),
        sa.Column("owned", SMALL, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("external_id", TEXT, nullable=False),
        sa.Column("doc", BYTES, nullable=False),
    )
    op.create_index("ix_entries_ordinal", "entries", ["task", "ordinal"])
    op.create_table(
        "memos",
        sa.Column("task", ID, sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("key", TEXT, primary_key=True),
        sa.Column("value", BYTES, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("task", ID, primary_key=True, autoincrement=False),
        sa.Column("sequence", NUMBER, primary_key=True),
        sa.Column("project", TEXT, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("body", BYTES, nullable=False),
    )
    op.create_index("ix_events_feed", "events", ["project", "position"])
    op.create_table(
        "projects",
        sa.Column("project", TEXT, primary_key=True),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("floor", NUMBER, nullable=False),
    )
    op.create_table(
        "spending",
        sa.Column("project", TEXT, primary_key=True),
        sa.Column("currency", TEXT, primary_key=True),
        sa.Column("amount", TEXT, nullable=False),
    )
    op.create_table(
        "batches",
        sa.Column("writer", TEXT, primary_key=True),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("time", NUMBER, nullable=False),
    )
    op.create_table(
        "catalogs",
        sa.Column("digest", TEXT, primary_key=True),
        sa.Column("import_time", NUMBER, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("check_time", NUMBER, nullable=False),
        sa.Column("quarantine_reason", TEXT, nullable=False),
        sa.Column("doc", BYTES, nullable=False),
    )
    op.create_index("ix_catalogs_import_time", "catalogs", ["import_time", "digest"])
    op.create_table(
        "activations",
        sa.Column("id", ID, primary_key=True),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("time", NUMBER, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("overridden", SMALL, nullable=False),
    )
