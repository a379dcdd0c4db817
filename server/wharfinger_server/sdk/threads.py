"""Threads that scripts run in. All are daemons: one that never ends must not keep the server from ending."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

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


class Helpers(ThreadPoolExecutor):
    """The threads behind `asyncio.to_thread`: at most `limit`, kept for the next call; daemons, unlike the usual ones.

    `on_submit` sees every call's future, in the context of whoever asks for it.
    """

    def __init__(self, limit: int, on_submit: Callable[[Future[Any]], None] | None = None) -> None:
        super().__init__(limit)
        self._limit = limit
        self._on_submit = on_submit
        self._state = threading.Lock()
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._helpers: list[threading.Thread] = []
        self._unfinished = 0
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call `fn` in one of the threads. Raises RuntimeError after `shutdown`, or when the system gives no thread."""
        future: Future[T] = Future()
        with self._state:
            if self._closed:
                raise RuntimeError("these threads were shut down; nothing more can be called in them")
            if self._unfinished >= len(self._helpers) < self._limit:
                helper = threading.Thread(target=self._serve, name="wharfinger helper", daemon=True)
                helper.start()
                self._helpers.append(helper)
            self._unfinished += 1
        if self._on_submit is not None:
            self._on_submit(future)
        self._calls.put((future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; with `wait`, return when those that were taken have ended."""
        with self._state:
            closing, self._closed = not self._closed, True
        while cancel_futures and not self._calls.empty():
            call = self._calls.get()
            if call is not None:
                call[0].cancel()
        if closing:
            for _ in self._helpers:
                self._calls.put(None)
        if wait:
            for helper in self._helpers:
                helper.join()

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            self._answer(*call)
            del call  # what it returned must not live until the next one comes
            with self._state:
                self._unfinished -= 1

    @staticmethod
    def _answer(future: Future[Any], call: Callable[[], Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
            future.set_exception(error)
        else:
            future.set_result(result)
