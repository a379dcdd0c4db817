"""Ours, 100 tasks a call; the script is bench/packages/quay/mark.py."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bench.peers.marking import PADDING
from wharfinger import NewTask, aio

PER_CALL = 100


@asynccontextmanager
async def connected() -> AsyncIterator[Callable[[float, str], Awaitable[object]]]:
    """Yield what submits PER_CALL tasks at once."""
    async with aio.Client(os.environ["BENCH_ADDRESS"]) as client:

        async def submit(asked: float, file: str) -> object:
            """Submit tasks that write down both times."""
            params = {"asked": asked, "file": file, "padding": PADDING}
            outcomes = await client.submit_many([NewTask("quay.mark", params)] * PER_CALL)
            for outcome in outcomes:
                if isinstance(outcome, Exception):
                    raise outcome
            return outcomes

        yield submit
