"""The transport of the asyncio client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar, cast

import grpc
import grpc.aio
from google.protobuf.message import Message

from wharfinger._core.connection import channel
from wharfinger._core.connection.failures import translate
from wharfinger._core.connection.methods import Calls, method_of
from wharfinger._core.connection.settings import Settings
from wharfinger._core.connection.transport import RETIREMENT, Silence
from wharfinger.errors import Unreachable, WharfingerError

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)


class AsyncTransport:
    """Calls by `grpc.aio`, in the event loop of the first one: a connection belongs to one loop."""

    def __init__(self, settings: Settings) -> None:
        self.server = settings.server
        self.origin = settings.origin
        self.connected = False
        self.closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection = 0
        self._settings = settings
        self._metadata = channel.metadata(settings)
        self._retired: list[tuple[float, grpc.aio.Channel]] = []
        self._closing: set[asyncio.Task[None]] = set()

    @classmethod
    def again(cls, settings: Settings) -> Self:
        """Return one more connection: it belongs to the loop of its first call, and can't be shared with others."""
        return cls(settings)

    def _open(self) -> None:
        self._connection += 1
        settings = self._settings
        credentials = channel.credentials(settings)
        chosen = channel.options(settings)
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(settings.target, chosen)
        else:
            self._channel = grpc.aio.secure_channel(settings.target, credentials, chosen)
        self._calls = Calls(self._channel)

    def _call(self, request: type[Message], answer: type[Message]) -> Any:
        if self.closed:
            raise WharfingerError("this client is closed; make a new one")
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._open()
        self._check_loop()
        return self._calls.of(request, answer)

    def _check_loop(self) -> None:
        if self._loop is not asyncio.get_running_loop():
            raise WharfingerError(
                "this client belongs to another event loop, that of its first call; make one in each loop: "
                "`async with wharfinger.aio.Client() as client`"
            )

    def _begin(self, request: Message, answer: type[Message], timeout: float | None) -> Any:
        seconds = timeout or method_of(type(request)).seconds
        return self._call(type(request), answer)(request, timeout=seconds, metadata=self._metadata)

    async def unary(self, request: Message, answer: type[A], timeout: float | None = None) -> A:
        """Return the answer of a call."""
        try:
            told = await self._begin(request, answer, timeout)
        except grpc.RpcError as error:
            raise self.failed(error) from error
        self.connected = True
        return cast(A, told)

    async def unary_with_metadata(
        self, request: Message, answer: type[A], timeout: float | None = None
    ) -> tuple[A, Mapping[str, str]]:
        """Return the answer of a call with the metadata around it."""
        call = self._begin(request, answer, timeout)
        try:
            told = await call
            both = (*(await call.initial_metadata()), *(await call.trailing_metadata()))
        except grpc.RpcError as error:
            raise self.failed(error) from error
        self.connected = True
        return told, texts(both)

    def stream(self, request: Message, answer: type[A]) -> AsyncStream[A]:
        """Open a server stream."""
        return AsyncStream(self._call(type(request), answer)(request, metadata=self._metadata), self, self._connection)

    def exchange(self, kind: type[Q], requests: Iterator[Q], answer: type[A]) -> AsyncStream[A]:
        """Open a stream of both directions."""
        return AsyncStream(self._call(kind, answer)(requests, metadata=self._metadata), self, self._connection)

    def failed(self, error: grpc.RpcError) -> WharfingerError:
        """Return the error of a call that failed, and note whether the server said so."""
        told = translate(error, self._settings, answered=self.connected)
        self.connected = self.connected or not isinstance(told, Unreachable)
        return told

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking the event loop."""
        await asyncio.sleep(seconds)

    def renew(self, connection: int) -> None:
        """Make the next calls on a new channel; the old one is closed once calls on it had time to end."""
        if connection != self._connection:
            return
        now = time.monotonic()
        self._retired.append((now + RETIREMENT, self._channel))
        for due, old in self._retired:
            if due <= now:
                task = asyncio.ensure_future(old.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
        self._retired = [(due, old) for due, old in self._retired if due > now]
        self._open()

    async def close(self) -> None:
        """Close all channels; those of a loop that has ended are beyond closing, and gone with it."""
        if self._loop is not None and not self._loop.is_closed():
            self._check_loop()
        self.closed = True
        if self._loop is None or self._loop.is_closed():
            return
        for _, old in self._retired:
            await old.close()
        self._retired.clear()
        await self._channel.close()


class AsyncStream(Generic[A]):
    """An open server stream of `grpc.aio`."""

    def __init__(self, call: Any, transport: AsyncTransport, connection: int) -> None:
        self.connection = connection
        self._call = call
        self._transport = transport

    async def read(self, timeout: float) -> A | None:
        """Return the next message, None at the end."""
        try:
            async with asyncio.timeout(timeout):
                message = await self._call.read()
        except TimeoutError as error:
            self._call.cancel()
            raise Silence from error
        except grpc.RpcError as error:
            raise self._transport.failed(error) from error
        self._transport.connected = True
        return None if message is grpc.aio.EOF else message

    def cancel(self) -> None:
        """End the stream from this side."""
        self._call.cancel()


def texts(metadata: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """Return the text values of gRPC metadata by key."""
    return {key: value for key, value in metadata if isinstance(value, str)}
