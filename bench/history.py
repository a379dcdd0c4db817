"""A database with a long past, made in minutes: copies of one real task and its events, straight into the tables."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from wharfinger.ledger import ids

_DAY = 86_400_000_000
_PAST = 20 * _DAY
_KEPT = 30 * _DAY
_CHUNK = 20_000


def lengthen(database: Path, project: str, tasks: int) -> None:
    """Add `tasks` finished tasks to the only project of a database that holds one finished task and its events.

    They lie in the last 20 days, each with the labels and the events of the first under its own name, a request id and
    feed positions of its own. The server must be stopped.
    """
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        connection.execute("PRAGMA foreign_keys = OFF")
        columns, (model,) = _rows(connection, "SELECT * FROM tasks WHERE project = ?", project)
        _, events = _rows(connection, "SELECT sequence, body FROM events WHERE task = ? ORDER BY sequence", model["id"])
        _, labels = _rows(connection, "SELECT key, value FROM task_labels WHERE task = ?", model["id"])
        (position,) = connection.execute("SELECT position FROM projects WHERE project = ?", (project,)).fetchone()
        names = ", ".join(columns)
        insert = f"INSERT INTO tasks ({names}) VALUES ({', '.join('?' * len(columns))})"
        connection.execute("BEGIN")
        for chunk in _chunks(_ids(tasks)):
            rows, told, marked = [], [], []
            for number, when in chunk:
                name = ids.default_task_id(number)
                own = {"id": number, "task_id": name, "request_id": f"{number:032x}", "create_time": when}
                rows.append(tuple({**model, **own, "expire_time": when + _KEPT}[column] for column in columns))
                marked += [(number, label["key"], label["value"], project) for label in labels]
                for event in events:
                    position += 1
                    body = event["body"].replace(model["task_id"].encode(), name.encode())
                    told.append((number, event["sequence"], project, position, body))
            connection.executemany(insert, rows)
            connection.executemany("INSERT INTO task_labels (task, key, value, project) VALUES (?, ?, ?, ?)", marked)
            connection.executemany(
                "INSERT INTO events (task, sequence, project, position, body) VALUES (?, ?, ?, ?, ?)", told
            )
        connection.execute("UPDATE projects SET position = ? WHERE project = ?", (position, project))
        connection.execute("COMMIT")


def _rows(connection: sqlite3.Connection, sql: str, value: Any) -> tuple[list[str], list[dict[str, Any]]]:
    cursor = connection.execute(sql, (value,))
    columns = [column[0] for column in cursor.description]
    return columns, [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _ids(tasks: int) -> Iterator[tuple[int, int]]:
    """Yield ids and creation times (microseconds) as the server would have made them, from 20 days ago until now."""
    made, begin = ids.TaskIds(), time.time_ns() // 1000 - _PAST
    for n in range(tasks):
        when = begin + _PAST * n // tasks
        yield made.new(when), when


def _chunks(items: Iterator[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    chunk: list[tuple[int, int]] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
