"""Dramatiq on RabbitMQ with confirmed delivery, or on a Redis that syncs every write: the address says which."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import dramatiq  # type: ignore[import-not-found]  # in the peers' environment

from bench.peers import marking

BLOCKING = True


def _broker(address: str) -> object:
    if address.startswith("amqp"):
        from dramatiq.brokers.rabbitmq import RabbitmqBroker  # type: ignore[import-not-found]

        return RabbitmqBroker(url=address[:-1] + "%2F", confirm_delivery=True)
    from dramatiq.brokers.redis import RedisBroker  # type: ignore[import-not-found]

    return RedisBroker(url=address)


dramatiq.set_broker(_broker(os.environ["BENCH_ADDRESS"]))


@dramatiq.actor(actor_name="mark")  # type: ignore[untyped-decorator]
def mark(asked: float, file: str, padding: str) -> None:  # noqa: ARG001 - it is carried
    """Write down when it began."""
    marking.mark(asked, file)


@asynccontextmanager
async def connected() -> AsyncIterator[Callable[[float, str], object]]:
    """Yield what submits a task."""

    def submit(asked: float, file: str) -> object:
        """Submit a task that writes down both times."""
        return mark.send(asked, file, marking.PADDING)

    yield submit
