"""The server under test: a real `wharfinger serve`, on SQLite with synchronous=FULL, as it is without any settings."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from tests.servers.serving import PACKAGES as TEST_PACKAGES
from tests.servers.serving import Serving

from bench.figure import WrongAnswer, expect
from bench.leash import leashed

PACKAGES = Path(__file__).resolve().parent / "packages"
DRAIN_LIMIT = 300.0
UNFINISHED = "SELECT count(*) FROM tasks WHERE state < 5"
QUEUED, RUNNING, SUCCEEDED = 1, 2, 5


class Server:
    """A running server, its database for checks, and what it costs. `environ` adds settings."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        path = os.pathsep.join(filter(None, (str(PACKAGES), str(TEST_PACKAGES), os.environ.get("PYTHONPATH"))))
        self._serving = Serving(folder, leash=leashed, environ={"PYTHONPATH": path, **(environ or {})})
        self._process = psutil.Process(self._serving.pid)
        self.address = self._serving.address
        self.database = folder / "data" / "wharfinger.db"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.end()
        else:
            self._serving.kill()

    def end(self) -> None:
        """End the server in order."""
        expect(f"exit code of the server\n{self._serving.log()[-2000:]}", self._serving.stop(), 0)

    @property
    def gateway(self) -> str:
        """The URL of its gateway, where its settings have one."""
        return re.findall(r"wharfinger's gateway is at (\S+)", self._serving.log())[-1]

    def cpu(self) -> float:
        """Return the processor time it has used, in seconds."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Return its resident memory in bytes."""
        return int(self._process.memory_info().rss)

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query on its database."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def drain(self) -> None:
        """Wait until no task is left to run."""
        until = time.monotonic() + DRAIN_LIMIT
        while (left := self.ask(UNFINISHED)[0][0]) and time.monotonic() < until:
            time.sleep(0.02)
        expect("unfinished tasks", left, 0)

    def check(self, project: str, tasks: int, state: int, events: int) -> None:
        """Raise WrongAnswer unless the project has just those tasks, whole: in `state`, each with its `events`.

        Every task's events are numbered without a gap, and the project's feed has a position for each and no other.
        """
        found = self.ask("SELECT state, count(*) FROM tasks WHERE project = ? GROUP BY state", project)
        expect(f"tasks of {project} by state", dict(found), {state: tasks} if tasks else {})
        wrong = self.ask(
            "SELECT count(*) FROM tasks t WHERE project = ? AND (last_sequence <> ? OR last_sequence <>"
            " (SELECT count(*) FROM events e WHERE e.task = t.id AND e.sequence <= t.last_sequence))",
            project,
            events,
        )
        expect(f"tasks of {project} whose events are not 1 to {events}", wrong[0][0], 0)
        feed = self.ask(
            "SELECT count(*), count(DISTINCT position), coalesce(max(position), 0) FROM events WHERE project = ?",
            project,
        )
        expect(f"feed of {project}: events, positions, last position", feed[0], (tasks * events,) * 3)
        integrity = self.ask("PRAGMA quick_check(1)")[0][0]
        if integrity != "ok":
            raise WrongAnswer(f"the database is damaged: {integrity}")
