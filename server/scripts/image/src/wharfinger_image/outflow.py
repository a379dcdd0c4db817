"""The pieces of an event loop as what a blocking client sends: the reverse of `pump`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from wharfinger_image.transfer import Piece

_PATIENCE = 30.0
"""Seconds that a request may take to end once it is of no use any more."""


class Cut(Exception):
    """Inside the thread: whoever gave the pieces is gone."""


class Outflow:
    """An iterable of `pieces`, once, for the thread that sends them; `sha512` is of what was sent."""

    def __init__(self, pieces: AsyncIterator[Piece]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces = pieces
        self._waiting: Future[Piece | None] | None = None
        self._cut = False
        self._hash = hashlib.sha512()
        self._begun = False

    @property
    def sha512(self) -> str:
        """The digest in hex, once all was sent."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        if self._begun:
            raise Cut("these bytes can't be sent twice")
        self._begun = True
        while True:
            if self._cut:
                raise Cut
            self._waiting = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
            piece = self._waiting.result()
            if piece is None:
                return
            data = bytes(piece)
            self._hash.update(data)
            yield data

    async def _next(self) -> Piece | None:
        return await anext(self._pieces, None)

    async def through(self, send: Callable[[Outflow], None]) -> None:
        """Have `send` send all of it in a thread of its own; a cancellation cuts it off, and waits for its end."""
        with ThreadPoolExecutor(1, "wharfinger-image-outflow") as thread:
            work = self._loop.run_in_executor(thread, send, self)
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                self._cut = True
                if self._waiting is not None:
                    self._waiting.cancel()
                await asyncio.wait((work,), timeout=_PATIENCE)
                raise


class SizedOutflow(Outflow):
    """An Outflow of `size` bytes, which the request announces."""

    def __init__(self, pieces: AsyncIterator[Piece], size: int) -> None:
        super().__init__(pieces)
        self._size = size

    def __len__(self) -> int:
        return self._size
