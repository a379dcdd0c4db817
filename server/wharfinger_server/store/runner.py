"""What runs the writer and the readers: threads in a server, the calling thread in a simulation."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")

_GAP = 0.001
"""A lingering writer that hears of nothing new for this long (seconds) goes ahead."""


class Runner(Protocol):
    """Runs the writer's turns, one at a time, and the readers' queries."""

    def start(self, turn: Callable[[], None], backlog: Callable[[], int]) -> None:
        """Begin. `turn` writes everything that is queued; `backlog` tells how much that is."""
        ...

    def wake(self) -> None:
        """Hear that something was queued: a turn must follow. Any thread may call."""
        ...

    def linger(self, target: int, seconds: float) -> None:
        """Wait until `target` operations are queued, or no more come, at most `seconds`. Called within a turn."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait before another try, less long when stopping. Called within a turn."""
        ...

    def block(self, done: threading.Event) -> None:
        """Block the calling thread until a turn sets `done`. Raises RuntimeError in the thread that runs the turns."""
        ...

    async def read(self, query: Callable[[], T]) -> T:
        """Run a query and return its result."""
        ...

    async def stop(self) -> None:
        """Run a last turn, and end."""
        ...


class ThreadRunner:
    """One thread for the writer, and `readers` threads for queries."""

    def __init__(self, readers: int = 4) -> None:
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="wharfinger-reader")
        self._signal = threading.Event()
        self._stopping = threading.Event()
        self._wanted = 1
        self._thread: threading.Thread | None = None

    def start(self, turn: Callable[[], None], backlog: Callable[[], int]) -> None:
        """Start the writer's thread."""
        self._turn, self._backlog = turn, backlog
        self._thread = threading.Thread(target=self._run, name="wharfinger-writer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wait(1, None)
            self._turn()
        self._turn()

    def _wait(self, wanted: int, seconds: float | None) -> None:
        """Wait for `wanted` queued operations."""
        # Cleared and set before looking: whoever queues after the look sees what is wanted, and signals.
        self._signal.clear()
        self._wanted = wanted
        if self._backlog() < wanted and not self._stopping.is_set():
            self._signal.wait(seconds)
        self._wanted = 1 << 62

    def wake(self) -> None:
        """Signal the writer if it waits for no more than there is: one that works will look by itself."""
        if self._backlog() >= self._wanted:
            self._signal.set()

    def linger(self, target: int, seconds: float) -> None:
        """Wait for the group to fill up."""
        end = time.monotonic() + seconds
        while (queued := self._backlog()) < target and (left := end - time.monotonic()) > 0:
            self._wait(target, min(left, _GAP))
            if self._backlog() == queued:
                return

    def pause(self, seconds: float) -> None:
        """Sleep, or not at all once the server is stopping."""
        self._stopping.wait(seconds)

    def block(self, done: threading.Event) -> None:
        """Wait for the writer's thread."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("the writer cannot wait for itself")
        done.wait()

    async def read(self, query: Callable[[], T]) -> T:
        """Run the query in a reader's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, query)

    async def stop(self) -> None:
        """Let the writer finish what is queued, then end all threads."""
        self._stopping.set()
        self._signal.set()
        await asyncio.to_thread(self._join)

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join()
        self._readers.shutdown()


class InlineRunner:
    """Runs everything on the calling thread: no threads, no waiting, the same order every time.

    What coroutines queue in one turn of their event loop becomes one batch in the next, so that groups form here too.
    """

    def __init__(self) -> None:
        self._scheduled = False
        self._running = False

    def start(self, turn: Callable[[], None], backlog: Callable[[], int]) -> None:
        """Take note of what to run."""
        self._turn, self._backlog = turn, backlog

    def wake(self) -> None:
        """Run the turn soon, in the running loop; without one, `block` does."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._run)

    def _run(self) -> None:
        self._scheduled = False
        self._running = True
        try:
            self._turn()
        finally:
            self._running = False

    def linger(self, target: int, seconds: float) -> None:
        """Nobody can queue anything meanwhile."""

    def pause(self, seconds: float) -> None:
        """Time is the simulation's."""

    def block(self, done: threading.Event) -> None:
        """Run the turn now."""
        if self._running:
            raise RuntimeError("the writer cannot wait for itself")
        self._run()

    async def read(self, query: Callable[[], T]) -> T:
        """Run the query now."""
        return query()

    async def stop(self) -> None:
        """Run what is queued."""
        self._run()
