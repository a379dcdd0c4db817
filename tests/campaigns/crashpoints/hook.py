"""Put into a server before it starts: names each point that it passes, and kills it at one of them.

A point is `what#n moment`: the nth commit or the nth call of a kind in this life of the server, and when of it. Moments
of a commit are "before" and "after"; of a call "before" it is sent, "acted" (the cloud did it and the answer waits to
be read), and "answered".
"""

from __future__ import annotations

import os
import re
import select
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

TRAIL, DEATH = "CRASHPOINTS_TRAIL", "CRASHPOINTS_DEATH"
"""Variables: the file that lists the points passed, and the point of death, "" for none."""

_NUMBER = re.compile(r"/[0-9a-f-]{36}")
_ANSWER_LIMIT = 10.0


class Points:
    """Counts what comes, and dies where it is told to."""

    def __init__(self, trail: str, death: str) -> None:
        self._trail = os.open(trail, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._death = death
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, what: str) -> str:
        """Return the name of one more of its kind."""
        with self._lock:
            self._counts[what] += 1
            return f"{what}#{self._counts[what]}"

    def passed(self, name: str, moment: str) -> None:
        """Note the point; die if it is the one."""
        point = f"{name} {moment}"
        os.write(self._trail, f"{point}\n".encode())
        if point == self._death:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)


def install() -> None:
    """Quicken the scripts, and name every commit and every call from now on."""
    from tests.campaigns.crashpoints.scene import quicken

    quicken()
    points = Points(os.environ[TRAIL], os.environ[DEATH])
    _watch_commits(points)
    _watch_calls(points)


def _watch_commits(points: Points) -> None:
    from wharfinger_server.store.commit.commands import Change, Create
    from wharfinger_server.store.commit.writer import Writer
    from wharfinger_server.store.databases.sqlite import SqliteDatabase

    run, commit = Writer._commit, SqliteDatabase.commit
    chore = False

    def running(writer: Writer, operations: Sequence[Any]) -> Any:
        nonlocal chore
        # Saved progress and renewed leases come by the clock; their commits would make every run another.
        chore = not any(isinstance(operation, Change | Create) for operation in operations)
        return run(writer, operations)

    def committing(database: SqliteDatabase) -> None:
        if chore:
            commit(database)
            return
        name = points.begin("commit")
        points.passed(name, "before")
        commit(database)
        points.passed(name, "after")

    Writer._commit = running  # type: ignore[method-assign, assignment]
    SqliteDatabase.commit = committing  # type: ignore[method-assign, assignment]


def _watch_calls(points: Points) -> None:
    from urllib3.connection import HTTPConnection

    send, read = HTTPConnection.request, HTTPConnection.getresponse

    def sending(connection: Any, method: str, url: str, body: Any = None, *arguments: Any, **options: Any) -> None:
        connection.point = points.begin(call_name(method, url, body))
        points.passed(connection.point, "before")
        send(connection, method, url, body, *arguments, **options)

    def reading(connection: Any) -> Any:
        select.select([connection.sock], [], [], _ANSWER_LIMIT)
        points.passed(connection.point, "acted")
        answer = read(connection)
        points.passed(connection.point, "answered")
        return answer

    HTTPConnection.request = sending  # type: ignore[method-assign, assignment]
    HTTPConnection.getresponse = reading  # type: ignore[method-assign, assignment]


def call_name(method: str, url: str, body: Any) -> str:
    """Return EC2's action, or method and path without ids."""
    parts = urlsplit(url)
    text = body.decode() if isinstance(body, bytes) else str(body or "")
    action = parse_qs(parts.query).get("Action") or parse_qs(text).get("Action")
    return action[0] if action else f"{method.upper()}:{_NUMBER.sub('/ID', parts.path.replace('//', '/'))}"
