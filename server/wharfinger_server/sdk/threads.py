"""Threads that scripts run in. All are daemons: one that never ends must not keep the server from ending."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

Work = Callable[[], None]


class JobThreads:
    """A fresh thread for each job, so that no thread-local state passes on to the next; at most `limit` at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._running = 0
        self._waiting: deque[tuple[str, Work]] = deque()

    def start(self, name: str, work: Work) -> None:
        """Run `work`, which must not raise, in a thread called `name`: now, or when one of those running has ended.

        Raises RuntimeError when the system gives no thread.
        """
        with self._lock:
            if self._running >= self._limit:
                self._waiting.append((name, work))
                return
            self._spawn(name, work)

    def hurry(self, work: Work) -> None:
        """Start `work` at once, beyond the limit, if it still waits."""
        with self._lock:
            for waiting in self._waiting:
                if waiting[1] is work:
                    self._waiting.remove(waiting)
                    self._waiting.appendleft(waiting)
                    self._start_first()
                    return

    def _spawn(self, name: str, work: Work) -> None:
        threading.Thread(target=self._run, args=(work,), name=name, daemon=True).start()
        self._running += 1

    def _start_first(self) -> None:
        # Where the system gives no thread, the first in the queue is tried again when the next thread ends.
        with suppress(RuntimeError):
            self._spawn(*self._waiting[0])
            self._waiting.popleft()

    def _run(self, work: Work) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._running -= 1
                if self._waiting and self._running < self._limit:
                    self._start_first()
