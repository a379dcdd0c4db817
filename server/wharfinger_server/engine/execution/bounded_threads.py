"""Running a script's plain functions beside the event loop, for a while at most."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

AT_ONCE = 4
"""How many calls of one script run at once. One that never returns keeps its place: it harms its own script alone."""


class TookTooLong(Exception):
    """The call did not return in time; it may still run."""


class BoundedThreads:
    """Runs calls in threads of their own, for at most `seconds` each. No thread is waited for when the server ends."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._places: dict[str, asyncio.Semaphore] = {}

    async def run(self, name: str, call: Callable[[], T]) -> T:
        """Return what `call` returns, or raise what it raises. `name` is whose places it takes.

        Raises TookTooLong, also where no place gets free in time.
        """
        loop = asyncio.get_running_loop()
        places = self._places.setdefault(name, asyncio.Semaphore(AT_ONCE))
        answer: asyncio.Future[tuple[T | None, Exception | None]] = loop.create_future()

        def settle(outcome: tuple[Any, Exception | None]) -> None:
            """Give the place back and answer, unless nobody waits any more."""
            places.release()
            if not answer.done():
                answer.set_result(outcome)

        def work() -> None:
            """Call, and hand the outcome to the loop."""
            outcome = _outcome(call)
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, outcome)

        try:
            async with asyncio.timeout(self._seconds):
                await places.acquire()
                threading.Thread(target=work, name=f"aside-{name}", daemon=True).start()
                result, failure = await answer
        except TimeoutError:
            raise TookTooLong from None
        if failure is not None:
            raise failure
        return result  # type: ignore[return-value]  # T may be None itself


def _outcome(call: Callable[[], T]) -> tuple[T | None, Exception | None]:
    """Return what `call` returned, or what it raised: SystemExit and the like end no thread of ours."""
    try:
        return call(), None
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's
        return None, error
    except BaseException as error:  # noqa: BLE001
        return None, RuntimeError(f"it raised {type(error).__name__}")
