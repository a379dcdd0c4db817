"""The runner of the writer and the readers: threads in a server, the calling thread in a simulation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from wharfinger_server.store.commit.replies import running_loop

T = TypeVar("T")

_GAP = 0.003
"""A lingering writer that hears of nothing new for this long (seconds) goes ahead."""
_MORE_THAN_EVER = 1 << 62


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
        self._wanted = _MORE_THAN_EVER
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lingers = 0

    def start(self, turn: Callable[[], None], backlog: Callable[[], int]) -> None:
        """Start the writer's thread."""
        self._turn, self._backlog = turn, backlog
        self._thread = threading.Thread(target=self._run, name="wharfinger-writer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            # Cleared and set before looking: whoever queues after the look sees what is wanted, and signals.
            self._signal.clear()
            self._wanted = 1
            if not self._backlog() and not self._stopping.is_set():
                self._signal.wait()
            self._wanted = _MORE_THAN_EVER
            self._turn()
        self._turn()

    def wake(self) -> None:
        """Signal the writer if it waits for no more than there is: one that works will look by itself."""
        self._loop = running_loop() or self._loop
        if self._backlog() >= self._wanted:
            self._signal.set()

    def linger(self, target: int, seconds: float) -> None:
        """Wait for the group to fill up.

        A busy event loop and a thread that wakes up again and again to look hinder each other, because only one of them
        can have the interpreter. So the loop from which operations come looks itself whether more of them do.
        """
        self._lingers += 1
        self._signal.clear()
        self._wanted = target
        if self._backlog() < target and not self._stopping.is_set():
            self._signal.wait(seconds if self._is_watched() else min(seconds, _GAP))
        self._wanted = _MORE_THAN_EVER

    def _is_watched(self) -> bool:
        """Have the loop watch whether more comes; return False where there is none."""
        loop = self._loop
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(self._watch, loop, self._lingers, self._backlog())
        except RuntimeError:  # it is closed
            self._loop = None
            return False
        return True

    def _watch(self, loop: asyncio.AbstractEventLoop, linger: int, seen: int) -> None:
        if linger == self._lingers and self._wanted != _MORE_THAN_EVER:
            loop.call_later(_GAP, self._look, loop, linger, seen)

    def _look(self, loop: asyncio.AbstractEventLoop, linger: int, seen: int) -> None:
        """Let the lingering writer go ahead if nothing was queued since the last look."""
        queued = self._backlog()
        if queued != seen:
            self._watch(loop, linger, queued)
        elif linger == self._lingers:
            self._signal.set()

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
