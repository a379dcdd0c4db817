"""Stores on both databases: every test that takes `url` or `store` runs on each."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from tests.postgres import Cluster, postgres
from tests.store.making import encode

from wharfinger_server.store.commit.runner import Runner
from wharfinger_server.store.store import Pace, Store

__all__ = ["postgres"]

OpenStore = Callable[..., Store]


def migrated(url: str) -> str:
    """Bring an empty database up to date, and return its URL."""
    store = Store.open(url, encode=encode)
    asyncio.run(store.close())
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "wharfinger.db"
    migrated(f"sqlite:///{path}")
    with sqlite3.connect(path) as driver:
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    driver.close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    return str(sa.make_url(migrated(postgres.database())).database)


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'wharfinger.db'}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.database()


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with the schema and nothing in it."""
    if kind == "sqlite":
        path = tmp_path / "wharfinger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.database(request.getfixturevalue("postgres_template"))


@pytest_asyncio.fixture
async def open_store(url: str) -> AsyncIterator[OpenStore]:
    """Opens stores on the test's database, by default; closes them in the end."""
    opened: list[Store] = []

    def start(at: str = url, runner: Runner | None = None, pace: Pace | None = None) -> Store:
        opened.append(Store.open(at, encode=encode, runner=runner, pace=pace))
        return opened[-1]

    yield start
    for store in opened:
        await store.close()


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    """An open store."""
    return open_store()
