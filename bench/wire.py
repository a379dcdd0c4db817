"""A thin asyncio client of raw bytes, so that what is measured is the server rather than a client's comforts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)
_OPTIONS = [
    # Without a pool of its own each channel would share one connection.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
]
STREAMS_A_CHANNEL = 250


@asynccontextmanager
async def channels(address: str, streams: int) -> AsyncIterator[list[grpc.aio.Channel]]:
    """Open as many connections as that many streams want."""
    opened = [grpc.aio.insecure_channel(address, options=_OPTIONS) for _ in range(-(-streams // STREAMS_A_CHANNEL))]
    try:
        yield opened
    finally:
        await asyncio.gather(*(channel.close() for channel in opened))


async def ask(channel: grpc.aio.Channel, path: str, request: Message | bytes, answer: type[M] | None = None) -> Any:
    """Make a unary call; return the answer as that message, or as bytes."""
    raw = request if isinstance(request, bytes) else request.SerializeToString()
    call: Any = channel.unary_unary(path)
    said = await call(raw)
    return said if answer is None else answer.FromString(said)


@dataclass
class Stream:
    """One stream: when each message came (monotonic seconds) and the messages, read only after the clock stopped."""

    times: list[float] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)

    async def read(self, channel: grpc.aio.Channel, path: str, raw: bytes, begun: asyncio.Semaphore) -> None:
        """Read the stream to its end; `begun` is released at its first message."""
        call: Any = channel.unary_stream(path)
        async for message in call(raw):
            self.times.append(time.monotonic())
            self.messages.append(message)
            if len(self.messages) == 1:
                begun.release()


@asynccontextmanager
async def streams(
    address: str, path: str, requests: list[bytes]
) -> AsyncIterator[tuple[list[Stream], asyncio.Task[None]]]:
    """Open a stream for each request; yield them once each has its first message, with the task that reads on."""
    begun = asyncio.Semaphore(0)
    opened = [Stream() for _ in requests]
    async with channels(address, len(requests)) as connections:
        each = [
            stream.read(connections[i // STREAMS_A_CHANNEL], path, raw, begun)
            for i, (stream, raw) in enumerate(zip(opened, requests, strict=True))
        ]
        reading = asyncio.ensure_future(_all(each))
        try:
            for _ in requests:
                await asyncio.wait(
                    {reading, waiting := asyncio.ensure_future(begun.acquire())}, return_when="FIRST_COMPLETED"
                )
                if not waiting.done():
                    waiting.cancel()
                    await reading
                    raise EOFError("a stream ended before all had begun")
            yield opened, reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def _all(reads: list[Any]) -> None:
    await asyncio.gather(*reads)
