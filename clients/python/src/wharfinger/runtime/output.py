"""Standard output as log lines: each line goes to the task that printed it.

Which task that is stands in a context variable, so that scripts side by side on one loop, and the threads they start by
`asyncio.to_thread`, are kept apart. A thread started in another way has no task and prints where the process does.
"""

from __future__ import annotations

import contextvars
import io
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from wharfinger.runtime.redaction import known, redacted
from wharfinger.runtime.text import clean

INFO = 2
WARNING = 3
_LONGEST = 8192

Log = Callable[[int, str], None]


class _Sink:
    """Where one task's output goes; `lines` holds what is not yet ended by a newline, by stream."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._rest: dict[int, str] = {}
        self.open = True

    def write(self, level: int, text: str) -> None:
        with self._lock:
            *lines, rest = (self._rest.pop(level, "") + text).split("\n")
            if len(rest) >= _LONGEST:
                rest = redacted(rest)
            while len(rest) >= _LONGEST:
                lines.append(rest[:_LONGEST])
                rest = rest[_LONGEST:]
            if rest:
                self._rest[level] = rest
            for line in lines:
                self._pass_on(level, line)

    def close(self) -> None:
        with self._lock:
            self.open = False
            for level, rest in self._rest.items():
                self._pass_on(level, rest)
            self._rest.clear()

    def _pass_on(self, level: int, line: str) -> None:
        line = redacted(line.rstrip("\r"))
        for start in range(0, len(line) or 1, _LONGEST):
            self._log(level, clean(line[start : start + _LONGEST], _LONGEST))


_sink: contextvars.ContextVar[_Sink | None] = contextvars.ContextVar("wharfinger_output", default=None)


class _Routed(io.TextIOBase):
    """Stands in for sys.stdout or sys.stderr."""

    def __init__(self, stream: TextIO, level: int) -> None:
        self._stream = stream
        self._level = level

    def write(self, text: str) -> int:
        sink = _sink.get()
        if sink is None or not sink.open:
            self._stream.write(known.text(text))
            return len(text)
        # What the log itself prints must not come back to it.
        token = _sink.set(None)
        try:
            sink.write(self._level, text)
        finally:
            _sink.reset(token)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if _sink.get() is None:
            self._stream.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return _sink.get() is None and self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._stream.errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def install() -> None:
    """Put the routers in the place of sys.stdout and sys.stderr, unless they are there already."""
    for name, level in (("stdout", INFO), ("stderr", WARNING)):
        stream = getattr(sys, name)
        # A process without a terminal may have None here.
        if stream is not None and not isinstance(stream, _Routed):
            setattr(sys, name, _Routed(stream, level))


@contextmanager
def to_log(log: Log) -> Iterator[None]:
    """Send what is printed in this context to `log`, line by line: stdout as info, stderr as warning."""
    install()
    sink = _Sink(log)
    token = _sink.set(sink)
    try:
        yield
    finally:
        # An attempt that was abandoned is closed by the garbage collector, in a context that never had the token.
        with suppress(ValueError):
            _sink.reset(token)
        sink.close()
