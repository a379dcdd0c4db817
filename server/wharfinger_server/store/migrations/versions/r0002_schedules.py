"""Schedules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table of schedules."""
    op.create_table(
        "schedules",
        sa.Column("project", TEXT, primary_key=True),
        sa.Column("schedule_id", TEXT, primary_key=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("doc", sa.LargeBinary(), nullable=False),
    )
    op.create_index(
        "ix_schedules_due",
        "schedules",
        ["due", "project", "schedule_id"],
        sqlite_where=sa.text("due > 0"),
        postgresql_where=sa.text("due > 0"),
    )
