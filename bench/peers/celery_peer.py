"""Celery on RabbitMQ with confirmed publishing, or on a Redis that syncs every write: the address says which."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from celery import Celery  # type: ignore[import-not-found]  # in the peers' environment

from bench.peers import marking

BLOCKING = True
address = os.environ["BENCH_ADDRESS"]
app = Celery("bench", broker=address)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,  # what a worker has when it dies is given out again
    worker_prefetch_multiplier=4,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    broker_transport_options={"confirm_publish": True} if address.startswith("amqp") else {},
)


@app.task(name="mark")  # type: ignore[untyped-decorator]
def mark(asked: float, file: str, padding: str) -> None:  # noqa: ARG001 - it is carried
    """Write down when it began."""
    marking.mark(asked, file)


@asynccontextmanager
async def connected() -> AsyncIterator[Callable[[float, str], object]]:
    """Yield what submits a task."""

    def submit(asked: float, file: str) -> object:
        """Submit a task that writes down both times."""
        return mark.delay(asked, file, marking.PADDING)

    yield submit
