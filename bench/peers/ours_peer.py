"""Ours, by the asyncio client; the script is bench/packages/quay/mark.py."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bench.peers.marking import PADDING
from wharfinger import aio


@asynccontextmanager
async def connected() -> AsyncIterator[Callable[[float, str], Awaitable[object]]]:
    """Yield what submits a task."""
    async with aio.Client(os.environ["BENCH_ADDRESS"]) as client:

        async def submit(asked: float, file: str) -> object:
            """Submit a task that writes down both times."""
            return await client.submit("quay.mark", {"asked": asked, "file": file, "padding": PADDING})

        yield submit
