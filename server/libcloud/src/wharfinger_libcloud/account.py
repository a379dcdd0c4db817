"""An account at a provider whose methods are awaited, each call on a driver object of its own."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import functools
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import requests

from wharfinger_libcloud.failure import PartialFailureError, failure_of
from wharfinger_libcloud.journal import Journal
from wharfinger_libcloud.lossless import checked, keeping
from wharfinger_libcloud.watching import recording

IDLE = 1.0
"""Seconds after which a lent driver is not lent again: its connections may be about to be closed by the other side, and
a change that is sent just then is neither done nor refused."""

SHARED = 600.0
"""Seconds for which what a driver asked for when it was made, and its login, serve others."""


class AsyncDriver:
    """An account whose methods are awaited; made by `driver`, used in `async with`.

    A call that fails half-way raises PartialFailureError; one that could not have made anything raises what libcloud
    raises. A call that is cancelled sends no further change, waits for the answer of one that is on its way, and then
    raises CancelledError; if anything exists then, or may, the error's cause says so, and `leftovers` keeps it.
    """

    def __init__(self, make: Callable[[], Any], workers: int, timeout: float, *, alike: bool = False) -> None:
        self.leftovers: list[PartialFailureError] = []
        self._drivers = _Drivers(make, timeout, alike=alike)
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="libcloud")
        self._free = asyncio.Semaphore(workers)
        self._first: Any = None
        self._lent = threading.local()
        self._closed = False

    async def __aenter__(self) -> Self:
        # Made once at the start: wrong arguments are told here, and its attributes answer for all.
        self._first = await asyncio.get_running_loop().run_in_executor(self._pool, self._drivers.first)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._first is None:
            raise RuntimeError("use it in a block: `async with aio.driver(…) as cloud`")
        value = getattr(self._first, name)
        if not callable(value):
            return value

        def work(own: Any, *arguments: Any, **options: Any) -> Any:
            answer = checked(own, name, *arguments, **options)
            # A lazy list would send its requests later, on the event loop.
            return list(answer) if hasattr(answer, "__next__") else answer

        @functools.wraps(value)
        async def method(*arguments: Any, **options: Any) -> Any:
            return await self._run(self._with_own, lambda own: work(own, *arguments, **options))

        @functools.wraps(value)
        def pieces(*arguments: Any, **options: Any) -> AsyncIterator[Any]:
            return self._pieces(name, arguments, options)

        return pieces if name.startswith("iterate_") or name.endswith("_as_stream") else method

    async def _pieces(self, name: str, arguments: Any, options: Any) -> AsyncIterator[Any]:
        """Go through what a method iterates over, a piece at a time, each in a thread."""
        context, over = contextvars.copy_context(), object()
        steps: Any = None

        def begin(own: Any) -> Any:
            return iter(getattr(own, name)(*arguments, **options))

        def step() -> Any:
            with recording(self._timeout):
                return next(steps, over)

        steps = await self._run(self._with_own, begin)
        while True:
            async with self._free:
                piece = await asyncio.get_running_loop().run_in_executor(self._pool, context.run, step)
            if piece is over:
                return
            yield piece

    async def run(self, work: Callable[[Any], Any]) -> Any:
        """Return what `work(driver)` returns, run in a thread. Raises as any call.

        For chains of calls that belong together, for what libcloud's methods don't do, and for many calls. The driver
        is lent: when `work` has returned the next one may have it, so return ids and the like, no nodes that hold it.
        """
        return await self._run(self._with_lent, work)

    async def _run(self, how: Callable[[Callable[[Any], Any]], Any], work: Callable[[Any], Any]) -> Any:
        if self._closed:
            raise RuntimeError("the driver is closed: its `async with` block has ended")
        async with self._free:
            with recording(self._timeout) as journal:
                context = contextvars.copy_context()
                future = asyncio.get_running_loop().run_in_executor(self._pool, context.run, _told, how, work)
                try:
                    return await asyncio.shield(future)
                except asyncio.CancelledError as cancelled:
                    raise await self._given_up(future, journal, cancelled) from cancelled.__cause__

    def _with_own(self, work: Callable[[Any], Any]) -> Any:
        own = self._drivers.another()
        with keeping(own, timeout=self._timeout):
            answer = work(own)
        self._drivers.keep(own)
        return answer

    def _with_lent(self, work: Callable[[Any], Any]) -> Any:
        """Lend the thread's driver; after an error nobody knows what state it is in, and it is not lent again."""
        lent = self._lent.__dict__.pop("driver", None)
        if lent is None or time.monotonic() - self._lent.returned > IDLE:
            lent = self._drivers.another()
        with keeping(lent, timeout=self._timeout):
            answer = work(lent)
        self._lent.driver, self._lent.returned = lent, time.monotonic()
        return answer

    async def _given_up(
        self, future: asyncio.Future[Any], journal: Journal, cancelled: asyncio.CancelledError
    ) -> asyncio.CancelledError:
        """Bring a call that nobody waits for to a known state."""
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        journal.close()
        while journal.on_its_way:  # a request has a timeout, so this ends
            try:
                await asyncio.wait([future], timeout=0.02)
            except asyncio.CancelledError:
                continue
        failure = failure_of(journal, "the call was cancelled", self._first)
        if failure is not None:
            self.leftovers.append(failure)
            cancelled.__cause__ = failure
        return cancelled


class _Drivers:
    """Driver objects of one account, each for itself, that share what one of them has asked for: zones, a login.

    `alike`: they may be copied; what a function makes is its own affair, and it is asked each time.
    """

    def __init__(self, make: Callable[[], Any], timeout: float, *, alike: bool) -> None:
        self._make = make
        self._timeout = timeout
        self._alike = alike
        self._lock = threading.Lock()
        self._pattern: Any = None
        self._used = False
        self._since = 0.0

    def first(self) -> Any:
        """Return a new driver; the time of each request that it sends as it is made is limited."""
        with recording(self._timeout):
            made = self._make()
        if self._alike:
            self._adopt(made, used=False)
        return made

    def another(self) -> Any:
        """Return a driver that nobody else has."""
        with self._lock:
            pattern = self._pattern if time.monotonic() - self._since < SHARED else None
        copied = _copy(pattern) if pattern is not None else None
        return copied if copied is not None else self.first()

    def keep(self, used: Any) -> None:
        """Let others have the login that the first call of a driver needed."""
        if self._alike and not self._used:
            self._adopt(used, used=True)

    def _adopt(self, driver: Any, *, used: bool) -> None:
        pattern = _copy(driver)
        with self._lock:
            self._pattern, self._used = pattern, used
            if not used:
                self._since = time.monotonic()


def _copy(driver: Any) -> Any:
    """Return a copy of a driver that shares nothing with it but its class, None where there is none."""
    memo: dict[int, Any] = {}
    try:
        copied = copy.deepcopy(driver, memo)
    except Exception:  # noqa: BLE001 - a driver that holds what can't be copied is made anew
        return None
    # A session's copy has only what requests knows of it, and lacks what libcloud has added.
    for original in memo.get(id(memo), ()):
        if isinstance(original, requests.Session):
            vars(memo[id(original)]).update(
                {name: value for name, value in vars(original).items() if name not in vars(memo[id(original)])}
            )
    return copied


def _told(how: Callable[[Callable[[Any], Any]], Any], work: Callable[[Any], Any]) -> Any:
    """Call it; a StopIteration can't leave a thread, and whoever awaits it would wait for ever."""
    try:
        return how(work)
    except StopIteration as error:
        raise RuntimeError("the function raised StopIteration") from error
