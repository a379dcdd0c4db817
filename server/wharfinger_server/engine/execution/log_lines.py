"""The log lines of one attempt: those that wait to be written, and how they become events of the task."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from wharfinger_server.domain.event import LogLevel, LogLine
from wharfinger_server.store.commit.unit_of_work import UnitOfWork

LINE_LIMIT = 4096
"""The longest log line kept, in characters; the rest of it is cut off."""
LINE_COST = 64
"""What a line costs of the task's log limit beyond its text, in bytes."""


class LogLines:
    """What an attempt logs. A task may log `limit` bytes; beyond that lines are only counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._overflowed = False
        self._lines: deque[tuple[int, str]] = deque()
        self._size = 0
        self._dropped = 0
        # A thread may take it again: a report that nobody awaits any more puts its lines back when it is collected as
        # garbage, which may be in the middle of another one.
        self._lock = threading.RLock()

    def __bool__(self) -> bool:
        """Whether lines, or a count of dropped ones, wait to be written."""
        return bool(self._lines or self._dropped)

    def add(self, level: int, text: str) -> bool:
        """Keep a line, to be written soon; return whether it is the first that waits."""
        line = text if len(text) <= LINE_LIMIT else text[:LINE_LIMIT] + " … (cut)"
        with self._lock:
            if self._size > self._limit:
                self._dropped += 1
                self._overflowed = True
                return False
            self._size += len(line) + LINE_COST
            self._lines.append((level, line))
            return len(self._lines) == 1

    def take(self) -> tuple[Sequence[tuple[int, str]], int]:
        """Take the unwritten lines and the number of dropped ones."""
        if not (self._lines or self._dropped):  # asked here: this is on the way of every report
            return (), 0
        with self._lock:
            lines, self._lines = self._lines, deque()
            dropped, self._dropped = self._dropped, 0
            return list(lines), dropped

    def put_back(self, lines: Sequence[tuple[int, str]], dropped: int) -> None:
        """Put back lines that could not be written, before those that came since."""
        with self._lock:
            self._lines.extendleft(reversed(lines))
            self._dropped += dropped

    def write(self, work: UnitOfWork, lines: Sequence[tuple[int, str]], dropped: int, epoch: int) -> None:
        """Write lines that were taken, and count those that were dropped, or that the task has no room for."""
        task = work.task
        for level, text in lines:
            if task.logs > self._limit:
                dropped += 1
                self._overflowed = True
                continue
            task.logs += len(text) + LINE_COST
            work.event(LogLine(LogLevel(level if level in (1, 3, 4) else 2), text), epoch)
        if dropped:
            if not task.logs_dropped:
                said = "the log is full: further lines are counted, not kept"
                work.event(LogLine(LogLevel.WARNING, said, dropped), epoch)
            task.logs_dropped += dropped

    def close(self, work: UnitOfWork, epoch: int) -> None:
        """Write how many lines were dropped in all: when that began, nobody could know."""
        dropped = work.task.logs_dropped
        if dropped and self._overflowed:
            said = f"{dropped} lines of the log were dropped: a task may log {self._limit} bytes"
            work.event(LogLine(LogLevel.WARNING, said, dropped), epoch)
