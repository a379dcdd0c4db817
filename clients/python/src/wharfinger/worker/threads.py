"""The threads behind a script's `asyncio.to_thread`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


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
