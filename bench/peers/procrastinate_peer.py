"""Procrastinate on PostgreSQL. As a program it makes its tables and works."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import procrastinate  # type: ignore[import-not-found]  # in the peers' environment

from bench.peers import marking

app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=os.environ["BENCH_ADDRESS"], min_size=8, max_size=8)
)


@app.task(name="mark")  # type: ignore[untyped-decorator]
async def mark(asked: float, file: str, padding: str) -> None:  # noqa: ARG001 - it is carried
    """Write down when it began."""
    marking.mark(asked, file)


@asynccontextmanager
async def connected() -> AsyncIterator[Callable[[float, str], Awaitable[object]]]:
    """Yield what submits a task."""
    async with app.open_async():

        async def submit(asked: float, file: str) -> object:
            """Submit a task that writes down both times."""
            return await mark.defer_async(asked=asked, file=file, padding=marking.PADDING)

        yield submit


async def work() -> None:
    """Make the tables and work."""
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await app.run_worker_async(concurrency=32, install_signal_handlers=False, delete_jobs="never")


if __name__ == "__main__":
    asyncio.run(work())
