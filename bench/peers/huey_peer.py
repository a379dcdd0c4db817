"""huey on a SQLite that syncs every write. What it runs is lost when it dies; it is the nearest there is on SQLite."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from huey import SqliteHuey  # type: ignore[import-not-found]  # in the peers' environment

from bench.peers import marking

BLOCKING = True
huey = SqliteHuey(name="bench", filename=os.environ["BENCH_ADDRESS"], fsync=True, results=False)


@huey.task(name="mark")  # type: ignore[untyped-decorator]
def mark(asked: float, file: str, padding: str) -> None:  # noqa: ARG001 - it is carried
    """Write down when it began."""
    marking.mark(asked, file)


@asynccontextmanager
async def connected() -> AsyncIterator[Callable[[float, str], object]]:
    """Yield what submits a task."""

    def submit(asked: float, file: str) -> object:
        """Submit a task that writes down both times."""
        return mark(asked, file, marking.PADDING)

    yield submit
