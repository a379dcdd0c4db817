"""The reply from the writer's thread to the caller who waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from typing import Any, Protocol


class Waiter(Protocol):
    """One who waits for an answer. Its `loop` is None for a blocked thread."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """Where the answer is to be given."""
        ...

    def answer(self, result: Any, error: BaseException | None) -> None:
        """Take the answer, on the waiter's own loop if it has one."""
        ...


class Awaiting:
    """A coroutine that awaits `future`."""

    __slots__ = ("future", "loop")

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()

    def answer(self, result: Any, error: BaseException | None) -> None:
        """Settle the future, unless the caller has been cancelled meanwhile."""
        if self.future.done():
            return
        if isinstance(error, StopIteration):  # which a future cannot hold
            self.future.set_exception(RuntimeError("a decision raised StopIteration"))
        elif error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Blocked:
    """A thread that blocks on `done`."""

    __slots__ = ("done", "error", "loop", "result")

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def answer(self, result: Any, error: BaseException | None) -> None:
        """Let the thread go on."""
        self.result, self.error = result, error
        self.done.set()


Answer = tuple[Waiter, Any, BaseException | None]


def deliver(answers: Iterable[Answer]) -> None:
    """Hand the answers over: one call for each loop, whatever their number."""
    here = running_loop()
    by_loop: dict[asyncio.AbstractEventLoop, list[Answer]] = {}
    for answer in answers:
        loop = answer[0].loop
        if loop is None or loop is here:
            answer[0].answer(answer[1], answer[2])
        else:
            by_loop.setdefault(loop, []).append(answer)
    for loop, batch in by_loop.items():
        try:
            loop.call_soon_threadsafe(_answer_all, batch)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            continue


def _answer_all(batch: list[Answer]) -> None:
    for waiter, result, error in batch:
        waiter.answer(result, error)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of the calling thread, if one runs."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
