"""Reading in a thread what an event loop consumes: large blocking reads cost far less than many small awaited ones."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Generator
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")

_AHEAD = 2
"""How many items are read ahead of their consumer; the memory that a slow consumer costs."""

_PATIENCE = 5.0
"""Seconds that leaving waits for the thread. One that is stuck in the resolver is left behind; it ends by itself."""


class _Closed(Exception):
    """The consumer is gone."""


class Pump(AsyncIterator[T], Generic[T]):
    """The items of a blocking generator, as an async context manager and iterator.

    `work` makes the generator, which runs in a thread of its own. `interrupt` must make a read that blocks end soon;
    it is called from the loop when the consumer leaves before the end. What the generator raises, the consumer gets.
    """

    def __init__(self, work: Callable[[], Generator[T, None, None]], interrupt: Callable[[], None]) -> None:
        self._work = work
        self._interrupt = interrupt
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[T | BaseException] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        self._closed = False
        self._over = False
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="wharfinger-image-source", daemon=True)

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed = True
        if not self._over:
            self._interrupt()
            self._room.release()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._ended.wait()

    async def __anext__(self) -> T:
        item = await self._items.get()
        if isinstance(item, BaseException):
            self._over = True
            self._items.put_nowait(item)  # whoever asks again hears it again
            raise item
        self._room.release()
        return item

    def _run(self) -> None:
        try:
            with contextlib.closing(self._work()) as items:
                for item in items:
                    self._room.acquire()
                    if self._closed:
                        raise _Closed
                    self._hand(item)
            self._hand(StopAsyncIteration())
        except BaseException as error:  # noqa: BLE001 - handed to the consumer
            self._hand(error)
        finally:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever waits
                self._loop.call_soon_threadsafe(self._ended.set)

    def _hand(self, item: T | BaseException) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)
