"""taskiq on a Redis that syncs every write."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from taskiq_redis import RedisStreamBroker  # type: ignore[import-not-found]  # in the peers' environment

from bench.peers import marking

broker = RedisStreamBroker(os.environ["BENCH_ADDRESS"], max_connection_pool_size=64)


@broker.task(task_name="mark")  # type: ignore[untyped-decorator]
async def mark(asked: float, file: str, padding: str) -> None:  # noqa: ARG001 - it is carried
    """Write down when it began."""
    marking.mark(asked, file)


@asynccontextmanager
async def connected() -> AsyncIterator[Callable[[float, str], Awaitable[object]]]:
    """Yield what submits a task."""
    await broker.startup()

    async def submit(asked: float, file: str) -> object:
        """Submit a task that writes down both times."""
        return await mark.kiq(asked, file, marking.PADDING)

    yield submit
    await broker.shutdown()
