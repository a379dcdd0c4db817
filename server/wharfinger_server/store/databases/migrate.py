"""Brings a database to this server's schema when it opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from wharfinger_server.store.errors import NotOurs, SchemaTooNew
from wharfinger_server.store.tables import schema

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "wharfinger_version"


def upgrade(connection: sa.Connection, name: str) -> str:
    """Make the tables, or run the missing migrations, in the connection's transaction; return the revision.

    `name` is for messages. Raises as `check` does.
    """
    found = check(connection, name)
    if found == schema.REVISION:
        return schema.REVISION
    (_make if found is None else _migrate)(connection)
    return schema.REVISION


def _make(connection: sa.Connection) -> None:
    """Make the tables in an empty database: what all migrations would, without the time that importing them takes."""
    for table in schema.metadata.sorted_tables:
        connection.execute(sa.schema.CreateTable(table))
        # In an order: of two indexes that serve a query as well as each other, SQLite takes the one that came last.
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            index.create(connection)
    version = sa.Table(
        VERSION_TABLE,
        sa.MetaData(),
        sa.Column("version_num", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
    )
    version.create(connection, checkfirst=True)  # one without a row is left by a migration that was broken off
    connection.execute(version.insert().values(version_num=schema.REVISION))


def _migrate(connection: sa.Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    command.upgrade(config, "head")


def check(connection: sa.Connection, name: str) -> str | None:
    """Return the database's revision, None for an empty one; nothing is written.

    Raises SchemaTooNew where a newer server has been here, and NotOurs where the tables are another program's.
    """
    found = _revision(connection, name)
    if found is None or found == schema.REVISION:
        return found
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found not in known:
        raise SchemaTooNew(
            f"{name} has the schema revision {found}, and this server knows {schema.REVISION} at most: a newer server "
            "has migrated it; start that one, or restore a backup from before (nothing was changed)"
        )
    return found


def _config() -> Config:
    # Loaded only where there is something to migrate: it takes longer than the rest of a start.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "wharfinger_server.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: sa.Connection, name: str) -> str | None:
    tables = set(sa.inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        revision = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608  # our own name
        if revision is not None:
            return str(revision)
    others = (
        tables & set(schema.metadata.tables) if connection.dialect.name == "postgresql" else tables - {VERSION_TABLE}
    )
    if others:
        raise NotOurs(
            f"{name} holds tables of another program ({', '.join(sorted(others)[:5])}); "
            "give the server a database of its own"
        )
    return None
