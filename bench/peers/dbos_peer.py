"""DBOS on PostgreSQL. As a program it works."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from dbos import DBOS, DBOSClient  # type: ignore[import-not-found]  # in the peers' environment

from bench.peers import marking

BLOCKING = True


@asynccontextmanager
async def connected() -> AsyncIterator[Callable[[float, str], object]]:
    """Yield what submits a task."""
    client = DBOSClient(system_database_url=os.environ["BENCH_ADDRESS"])

    def submit(asked: float, file: str) -> object:
        """Submit a task that writes down both times."""
        return client.enqueue({"workflow_name": "mark", "queue_name": "bench"}, asked, file, marking.PADDING)

    yield submit
    client.destroy()


async def work() -> None:
    """Work."""
    DBOS(
        config={
            "name": "bench",
            "system_database_url": os.environ["BENCH_ADDRESS"],
            "run_admin_server": False,
            "log_level": "ERROR",
        }
    )

    @DBOS.workflow(name="mark")  # type: ignore[untyped-decorator]
    def mark(asked: float, file: str, padding: str) -> None:  # noqa: ARG001 - it is carried
        """Write down when it began."""
        marking.mark(asked, file)

    DBOS.launch()
    await DBOS.register_queue_async("bench", worker_concurrency=32, polling_interval_sec=0.1)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work())
