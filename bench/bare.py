"""The ceilings: a grpc.aio server on uvloop that does nothing but answer. `python -m bench.bare` prints its port."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
import uvloop

SERVICE = "bench.Bare"
ECHO, STREAM, GO = (f"/{SERVICE}/{method}" for method in ("Echo", "Stream", "Go"))
_OPTIONS = [
    ("grpc.so_reuseport", 0),
    # Of calls that arrive at once gRPC otherwise drops some beyond the thousandth.
    ("grpc.server.max_pending_requests", 20_000),
    ("grpc.server.max_pending_requests_hard_limit", 20_000),
]


class Bare:
    """Echoes, and streams one event a message to whoever waited for the start."""

    def __init__(self) -> None:
        self._start = asyncio.Event()
        self._payload = b""

    async def echo(self, raw: bytes, _context: Any) -> bytes:
        """Return the request."""
        return raw

    async def go(self, raw: bytes, _context: Any) -> bytes:
        """Let all streams begin to send this payload."""
        self._payload = raw
        start, self._start = self._start, asyncio.Event()
        start.set()
        return b""

    async def stream(self, raw: bytes, context: Any) -> None:
        """Say that the stream stands, wait for the start, then send as many messages as were asked for."""
        start = self._start
        await context.write(b"")
        await start.wait()
        payload = self._payload
        for _ in range(json.loads(raw)):
            await context.write(payload)


async def serve() -> None:
    """Serve until the process is ended."""
    bare = Bare()
    server = grpc.aio.server(options=_OPTIONS)
    handlers: dict[str, Any] = {
        "Echo": grpc.unary_unary_rpc_method_handler(bare.echo),
        "Go": grpc.unary_unary_rpc_method_handler(bare.go),
        "Stream": grpc.unary_stream_rpc_method_handler(bare.stream),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(serve())
