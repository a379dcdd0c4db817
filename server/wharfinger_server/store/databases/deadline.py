"""A limit to how long the database may leave a connection without an answer.

Where the peer's kernel, or a proxy in between, acknowledges everything and nothing else comes, no option of TCP ends
the wait. So the connection is shut down from beside; whoever waits on it then hears that it is lost.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

log = logging.getLogger(__name__)

Sockets = Callable[[], list[int]]


class Deadline:
    """Shuts connections down whose user has waited for `seconds`, 0 for never. Any thread may use it for itself."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until: dict[int, tuple[float, Sockets]] = {}
        self._lock: Final = threading.Lock()
        self._armed = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def close(self) -> None:
        """Watch no more."""
        self._closed = True
        self._armed.set()

    def arm(self, sockets: Sockets) -> None:
        """Begin to count for the calling thread, anew; `sockets` returns what it may be waiting on by then."""
        if not self.seconds:
            return
        with self._lock:
            self._until[threading.get_ident()] = (time.monotonic() + self.seconds, sockets)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="wharfinger-deadline", daemon=True)
                self._thread.start()
        self._armed.set()

    def disarm(self) -> None:
        """Count no longer for the calling thread."""
        with self._lock:
            self._until.pop(threading.get_ident(), None)

    @contextmanager
    def limited(self, sockets: Sockets) -> Iterator[None]:
        """Count for as long as the context lasts."""
        self.arm(sockets)
        try:
            yield
        finally:
            self.disarm()

    def _watch(self) -> None:
        """Look only when the earliest could be over: each use sets no more than a time."""
        while True:
            self._armed.wait()
            if self._closed:
                return
            with self._lock:
                now = time.monotonic()
                due = [(thread, sockets) for thread, (until, sockets) in self._until.items() if until <= now]
                for thread, sockets in due:  # who waits on the next connection has as long again
                    self._until[thread] = (now + self.seconds, sockets)
                if not self._until:
                    self._armed.clear()
            for _, sockets in due:
                self._end(sockets)
            time.sleep(self.seconds / 8)

    def _end(self, sockets: Sockets) -> None:
        numbers = sockets()
        if numbers:
            log.warning("the database has not answered for %g s; the connection is dropped", self.seconds)
        for number in numbers:
            with suppress(OSError), socket.socket(fileno=os.dup(number)) as connection:
                connection.shutdown(socket.SHUT_RDWR)
