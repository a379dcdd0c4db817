"""ImportCatalog: the header, the file's bytes as they come, progress back, and the catalogue last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress

from wharfinger.v1 import pricing_service_pb2
from wharfinger_server.domain.errors import invalid
from wharfinger_server.engine.use_cases.price_queries import PriceDesk
from wharfinger_server.pricing import ImportProgress
from wharfinger_server.rpc.calls import Call, Write
from wharfinger_server.rpc.messages.catalog import catalog_message, import_request, progress_message

Requests = AsyncIterator[pricing_service_pb2.ImportCatalogRequest]
LARGEST_CHUNK = 1 << 20
_PAUSE = 0.1
"""Progress is told at most this often, in seconds."""


class CatalogImports:
    """Takes catalogues in. What a caller leaves half-sent is gone with the call."""

    def __init__(self, desk: PriceDesk) -> None:
        self._desk = desk

    async def import_catalog(self, requests: Requests, call: Call, write: Write) -> None:
        """Import what the caller sends, or what its header names."""
        self._desk.check_opens_all(call.caller)
        first = await anext(requests, None)
        if first is None or first.WhichOneof("kind") != "header":
            raise invalid("header", "the first message must hold the header")
        header, request = first.header, import_request(first.header)
        async with _telling(write) as teller:
            if header.WhichOneof("origin") in ("configured", "fetch"):
                catalog = await self._desk.import_url(call.caller, request, teller.hear)
            else:
                catalog = await self._desk.import_file(call.caller, _chunks(requests), request, teller.hear)
        message = pricing_service_pb2.ImportCatalogResponse(catalog=catalog_message(catalog))
        await write(message.SerializeToString())


async def _chunks(requests: Requests) -> AsyncGenerator[bytes, None]:
    """Yield the pieces of the caller's file. Raises InvalidArgument for what is none."""
    empty = True
    async for message in requests:
        if message.WhichOneof("kind") != "chunk":
            raise invalid("chunk", "after the header every message must hold a chunk of the file")
        if len(message.chunk) > LARGEST_CHUNK:
            raise invalid("chunk", f"{len(message.chunk)} bytes; {LARGEST_CHUNK} are the most")
        empty = False
        yield message.chunk
    if empty:
        raise invalid("chunk", "no chunk of the file came; send some, or set header.fetch or header.configured")


class _Teller:
    """Holds the newest progress of each step until it can be told; a slow caller hears no more than that."""

    def __init__(self) -> None:
        self._newest: dict[str, ImportProgress] = {}
        self._changed = asyncio.Event()
        self._over = asyncio.Event()

    def hear(self, progress: ImportProgress) -> None:
        """Take the newest progress."""
        self._newest[progress.step] = progress
        self._changed.set()

    def end(self) -> None:
        """Say that there is no more to come."""
        self._over.set()
        self._changed.set()

    async def tell(self, write: Write) -> None:
        """Write progress until the end, the last of it too."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            over = self._over.is_set()
            newest, self._newest = self._newest, {}
            for progress in newest.values():
                await write(progress_message(progress).SerializeToString())
            if over:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE):
                    await self._over.wait()


@asynccontextmanager
async def _telling(write: Write) -> AsyncGenerator[_Teller, None]:
    """Give what hears progress and tells it to the caller; all of it is told at the end of the block."""
    teller = _Teller()
    telling = asyncio.ensure_future(teller.tell(write))
    try:
        yield teller
    finally:
        # Ended and not cancelled: a call of which a write was cut off can't be ended with a status any more.
        teller.end()
        await asyncio.gather(telling, return_exceptions=True)
