"""Migrations and the tables that the code knows are the same."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from tests.store.making import encode

from wharfinger_server.store.databases.migrate import VERSION_TABLE
from wharfinger_server.store.store import Store
from wharfinger_server.store.tables import schema


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def _shape(connection: sa.Connection) -> dict[str, object]:
    """Return all that makes up the schema, as the database itself words it."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
        return {name: " ".join(sql.split()) for name, sql in rows}
    indexes = connection.exec_driver_sql("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'").all()
    columns = connection.exec_driver_sql(
        "SELECT table_name || '.' || column_name, data_type || is_nullable || coalesce(collation_name, '') "
        "|| coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public'"
    ).all()
    constraints = connection.exec_driver_sql(
        "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid), contype::text FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace"
    ).all()
    found = [*indexes, *columns, *constraints]
    return {row[0]: row[1] for row in found}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "wharfinger_server.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _content(connection: sa.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows but those that name the database itself."""
    tables = sorted({*schema.metadata.tables, VERSION_TABLE})
    found = {table: connection.exec_driver_sql(f"SELECT * FROM {table}").all() for table in tables}
    return {table: sorted(tuple(row) for row in rows if row[0] != "incarnation") for table, rows in found.items()}


def test_migrations_from_nothing_make_the_tables_that_the_code_knows(empty_url: str) -> None:
    engine = _engine(empty_url)
    with engine.begin() as connection:
        config = _config()
        config.attributes.update(connection=connection, version_table=VERSION_TABLE)
        command.upgrade(config, "head")
        migrated, filled = _shape(connection), _content(connection)
        schema.metadata.drop_all(connection)
        connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
    # A server makes the tables at once.
    store = Store.open(empty_url, encode=encode)
    asyncio.run(store.close())
    with engine.begin() as connection:
        assert _shape(connection) == migrated
        assert _content(connection) == filled
        assert len(migrated) > 15
    engine.dispose()


def test_the_newest_migration_is_the_one_that_the_code_knows() -> None:
    assert ScriptDirectory.from_config(_config()).get_heads() == [schema.REVISION]
