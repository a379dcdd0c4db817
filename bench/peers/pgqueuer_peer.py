"""PgQueuer on PostgreSQL. As a program it makes its tables and works."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-not-found]  # in the peers' environment
from pgqueuer import PgQueuer  # type: ignore[import-not-found]
from pgqueuer.db import AsyncpgPoolDriver  # type: ignore[import-not-found]
from pgqueuer.queries import Queries  # type: ignore[import-not-found]

from bench.peers import marking


@asynccontextmanager
async def connected() -> AsyncIterator[Callable[[float, str], Awaitable[object]]]:
    """Yield what submits a task."""
    async with asyncpg.create_pool(os.environ["BENCH_ADDRESS"], min_size=8, max_size=8) as pool:
        queries = Queries(AsyncpgPoolDriver(pool))

        async def submit(asked: float, file: str) -> object:
            """Submit a task that writes down both times."""
            return await queries.enqueue("mark", json.dumps([asked, file, marking.PADDING]).encode(), 0)

        yield submit


async def work() -> None:
    """Make the tables and work."""
    async with asyncpg.create_pool(os.environ["BENCH_ADDRESS"], min_size=8, max_size=8) as pool:
        driver = AsyncpgPoolDriver(pool)
        await Queries(driver).install()
        worker = PgQueuer(driver)

        @worker.entrypoint("mark")  # type: ignore[untyped-decorator]
        async def mark(job: Any) -> None:
            """Write down when it began."""
            asked, file, _ = json.loads(job.payload)
            marking.mark(asked, file)

        await worker.run(batch_size=32)


if __name__ == "__main__":
    asyncio.run(work())
