"""Calls of a script's own functions, awaited or direct: the only place where the two colours of script differ.

The verbs are written once, as coroutines. In an async script they run on an event loop (`Awaited`). In a plain one they
run over a session whose coroutines never suspend, so `drive` takes each to its end in one go (`Direct`).
"""

from __future__ import annotations

import asyncio
import inspect
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


def drive(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, and return what it returns. Raises RuntimeError if it suspends after all."""
    try:
        work.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    work.close()
    raise RuntimeError("a plain script's session waited for an event loop; it must block instead")


class Calls(ABC):
    """How to call what a script wrote, and how to wait."""

    @abstractmethod
    def check(self, function: Callable[..., Any], what: str) -> None:
        """Raise TypeError, naming `what`, if this colour can't call `function`."""

    @abstractmethod
    async def call(self, function: Callable[..., Any], *arguments: Any, timeout: float | None = None) -> Any:
        """Call `function` and return its answer; an async one is cancelled after `timeout`, with a TimeoutError."""

    @abstractmethod
    async def unbroken(self, work: Coroutine[Any, Any, T], *, always: bool = False) -> T:
        """Run `work` to its end though the caller is cancelled meanwhile; the cancellation is raised afterwards.

        A cancellation that came first keeps the work from beginning, unless it must run `always`.
        """

    @abstractmethod
    async def each(self, work: Callable[[T], Coroutine[Any, Any, None]], items: Iterable[T], width: int) -> None:
        """Do `work` for each item, `width` at once where that is possible; the first error is raised at the end."""

    @abstractmethod
    async def pause(self, seconds: float) -> None:
        """Wait."""


class Awaited(Calls):
    """For async scripts. Plain functions are called too, and block the loop."""

    def check(self, function: Callable[..., Any], what: str) -> None:
        """Raise TypeError if `function` can't be called at all."""
        if not callable(function):
            raise TypeError(f"{what} must be a function, not {type(function).__name__}")

    async def call(self, function: Callable[..., Any], *arguments: Any, timeout: float | None = None) -> Any:
        """Call it, and await its answer where it has to be awaited."""
        if timeout is None:
            return await self._call(function, arguments)
        async with asyncio.timeout(timeout):
            return await self._call(function, arguments)

    async def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        answer = function(*arguments)
        return await answer if inspect.isawaitable(answer) else answer

    async def unbroken(self, work: Coroutine[Any, Any, T], *, always: bool = False) -> T:
        """Run it as a task of its own."""
        try:
            if not always:
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            work.close()
            raise
        inner = asyncio.ensure_future(_caught(work))
        cancelled: asyncio.CancelledError | None = None
        while not inner.done():
            try:
                # Never raises what `work` does: that is a value of `inner`.
                await asyncio.shield(inner)
            except asyncio.CancelledError as error:
                cancelled = error
        if inner.cancelled():  # by a loop that ends, before its first step
            work.close()
            raise cancelled or asyncio.CancelledError
        value, failed = inner.result()
        if cancelled is not None:
            raise cancelled from failed
        if failed is not None:
            raise failed
        return value  # type: ignore[return-value]  # there is a value where there is no error

    async def each(self, work: Callable[[T], Coroutine[Any, Any, None]], items: Iterable[T], width: int) -> None:
        """Do `width` of them at once."""
        gate = asyncio.Semaphore(width)

        async def one(item: T) -> None:
            """Do it once there is room."""
            async with gate:
                await work(item)

        for answer in await asyncio.gather(*map(one, items), return_exceptions=True):
            if isinstance(answer, BaseException):
                raise answer

    async def pause(self, seconds: float) -> None:
        """Sleep on the loop."""
        await asyncio.sleep(seconds)


async def _caught(work: Coroutine[Any, Any, T]) -> tuple[T | None, BaseException | None]:
    """Return what `work` returns or raises: SystemExit would go through a task and end the loop."""
    try:
        return await work, None
    except BaseException as error:  # noqa: BLE001 - the caller raises it
        return None, error


class Direct(Calls):
    """For plain scripts, in a thread of their own."""

    def check(self, function: Callable[..., Any], what: str) -> None:
        """Raise TypeError if `function` is async or can't be called at all."""
        if not callable(function):
            raise TypeError(f"{what} must be a function, not {type(function).__name__}")
        if inspect.iscoroutinefunction(function):
            raise TypeError(f"{what} is async, but the script's main is plain; make main `async def`, or {what} plain")

    async def call(self, function: Callable[..., Any], *arguments: Any, timeout: float | None = None) -> Any:
        """Call it."""
        answer = function(*arguments)
        if inspect.iscoroutine(answer):
            answer.close()
            raise TypeError("a plain script's call returned a coroutine; make main `async def` or the call plain")
        return answer

    async def unbroken(self, work: Coroutine[Any, Any, T], *, always: bool = False) -> T:
        """Run it: nothing interrupts a thread."""
        return await work

    async def each(self, work: Callable[[T], Coroutine[Any, Any, None]], items: Iterable[T], width: int) -> None:
        """Do one after the other."""
        first: Exception | None = None
        for item in items:
            try:
                await work(item)
            except Exception as error:  # noqa: BLE001 - raised below
                first = first or error
        if first is not None:
            raise first

    async def pause(self, seconds: float) -> None:
        """Block the thread."""
        time.sleep(seconds)  # noqa: ASYNC251 - this coroutine runs on no loop
