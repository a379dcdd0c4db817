"""Work: a worker's stream, between the connection and the executor that takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from wharfinger.v1 import executor_service_pb2, worker_pb2
from wharfinger_server.domain.errors import PermissionDenied, Unimplemented, invalid
from wharfinger_server.engine.use_cases.workers import Workers
from wharfinger_server.rpc.calls import Call, Write
from wharfinger_server.sdk.workers import Attached, WorkerFacts

Requests = AsyncIterator[executor_service_pb2.WorkRequest]
PROTOCOL = 1
_LONGEST_NAME = 200
_MOST_SLOTS = 10_000


class WorkerStreams:
    """Attaches workers."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def work(self, requests: Requests, call: Call, write: Write) -> None:
        """Attach a worker for as long as its stream lasts."""
        first = await anext(requests, None)
        if first is None or first.WhichOneof("kind") != "hello":
            raise invalid("hello", "the first message must hold the hello")
        if not call.is_private:
            why = "workers are told the values of sealed params: attach over TLS, a unix socket or from this machine"
            raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "work"})
        line = _Line()
        attached = self._workers.attach(_facts(first.hello, call), line)
        reading = asyncio.ensure_future(_read(requests, attached))
        try:
            await line.write_all(write, reading)
        finally:
            attached.detach()
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading


async def _read(requests: Requests, attached: Attached) -> None:
    async for request in requests:
        try:
            attached.hear(request)
        except ValueError as malformed:
            raise invalid("kind", str(malformed)) from None


class _Line:
    """Implements `wharfinger_server.sdk.workers.Line`: what is sent waits until the connection takes it."""

    def __init__(self) -> None:
        self._outbox: asyncio.Queue[executor_service_pb2.WorkResponse | None] = asyncio.Queue()

    def send(self, response: executor_service_pb2.WorkResponse) -> None:
        """Send a message."""
        self._outbox.put_nowait(response)

    def close(self) -> None:
        """End the stream when all that was sent has left."""
        self._outbox.put_nowait(None)

    async def write_all(self, write: Write, reading: asyncio.Future[None]) -> None:
        """Write what is sent until the line is closed, or the worker says nothing more. Raises what reading does."""
        while True:
            waiting = asyncio.ensure_future(self._outbox.get())
            try:
                await asyncio.wait((waiting, reading), return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    reading.result()
                    return
                response = waiting.result()
            finally:
                waiting.cancel()
            if response is None:
                return
            await write(response.SerializeToString())


def _facts(hello: worker_pb2.WorkerHello, call: Call) -> WorkerFacts:
    """Return what a worker says of itself. Raises Refused for what it can't be."""
    if hello.protocol != PROTOCOL:
        why = f"this server speaks version {PROTOCOL} of the workers' protocol, not {hello.protocol}"
        raise Unimplemented("NOT_SUPPORTED", why, {"feature": f"workers' protocol {hello.protocol}"})
    for name in ("worker_id", "instance"):
        text = getattr(hello, name)
        if not text or len(text) > _LONGEST_NAME or not text.isprintable():
            raise invalid(f"hello.{name}", f"must be 1 to {_LONGEST_NAME} printable characters")
    if not 1 <= hello.slots <= _MOST_SLOTS:
        raise invalid("hello.slots", f"is {hello.slots}; it must be 1 to {_MOST_SLOTS}")
    return WorkerFacts(
        id=hello.worker_id,
        instance=hello.instance,
        slots=hello.slots,
        scripts=frozenset((script.name, script.version) for script in hello.scripts),
        held=frozenset((lease.uid, lease.epoch) for lease in hello.held),
        projects=call.caller.projects,
        host=hello.host[:_LONGEST_NAME],
        language=hello.language[:_LONGEST_NAME],
        version=hello.version[:_LONGEST_NAME],
    )
