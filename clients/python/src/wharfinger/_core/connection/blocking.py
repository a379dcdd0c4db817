"""The transport of the sync client: its coroutines never suspend, so that one `send(None)` runs them to their end."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import AsyncGenerator, Coroutine, Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar, cast
from weakref import WeakValueDictionary

import grpc
import grpc.experimental
from google.protobuf.message import Message

from wharfinger._core.connection import channel
from wharfinger._core.connection.failures import translate
from wharfinger._core.connection.methods import Calls, method_of
from wharfinger._core.connection.settings import Settings
from wharfinger._core.connection.transport import RETIREMENT, Silence
from wharfinger.errors import Unreachable, WharfingerError

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)
T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine of the core over a `BlockingTransport` to its end and return what it returns."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast(T, end.value)
    coroutine.close()
    raise RuntimeError("a coroutine of the core suspended over a transport that blocks")


def iterate(source: AsyncGenerator[T, None]) -> Generator[T, None, None]:
    """Tell the values of an asynchronous generator of the core over a `BlockingTransport`."""
    try:
        while True:
            try:
                value = run(source.__anext__())
            except StopAsyncIteration:
                return
            yield value
    finally:
        run(source.aclose())


_sharing = threading.Lock()
_shared: WeakValueDictionary[tuple[int, Settings], BlockingTransport] = WeakValueDictionary()


class BlockingTransport:
    """Calls by `grpc`. May be used from several threads at once."""

    def __init__(self, settings: Settings) -> None:
        self.server = settings.server
        self.origin = settings.origin
        self.connected = False
        self.closed = False
        self._connection = 0
        self._settings = settings
        self._metadata = channel.metadata(settings)
        self._retired: list[tuple[float, grpc.Channel]] = []
        self._renewing = threading.Lock()
        self._open()

    @classmethod
    def again(cls, settings: Settings) -> BlockingTransport:
        """Return a connection with these settings that all who ask share, as long as one of them holds it."""
        # What was opened before a fork is of no use after it.
        key = (os.getpid(), replace(settings, project=""))
        with _sharing:
            found = _shared.get(key)
            if found is None or found.closed:
                found = _shared[key] = cls(settings)
            return found

    def _open(self) -> None:
        self._connection += 1
        settings = self._settings
        credentials = channel.credentials(settings)
        # Streams are read by their reader's own thread: of the usual kind, all share one that waits for ever for a lock
        # which a reader held when Ctrl-C was raised in it.
        chosen = [*channel.options(settings), (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)]
        if credentials is None:
            self._channel = grpc.insecure_channel(settings.target, chosen)
        else:
            self._channel = grpc.secure_channel(settings.target, credentials, chosen)
        self._calls = Calls(self._channel)

    def _call(self, request: type[Message], answer: type[Message]) -> Any:
        if self.closed:
            raise WharfingerError("this client is closed; make a new one")
        return self._calls.of(request, answer)

    async def unary(self, request: Message, answer: type[A], timeout: float | None = None) -> A:
        """Return the answer of a call."""
        limit = timeout or method_of(type(request)).seconds
        try:
            told = self._call(type(request), answer)(request, timeout=limit, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self.failed(error) from error
        self.connected = True
        return cast(A, told)

    async def unary_with_metadata(
        self, request: Message, answer: type[A], timeout: float | None = None
    ) -> tuple[A, Mapping[str, str]]:
        """Return the answer of a call with the metadata around it."""
        limit = timeout or method_of(type(request)).seconds
        try:
            told, call = self._call(type(request), answer).with_call(request, timeout=limit, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self.failed(error) from error
        self.connected = True
        both = (*(call.initial_metadata() or ()), *(call.trailing_metadata() or ()))
        return told, {key: value for key, value in both if isinstance(value, str)}

    def stream(self, request: Message, answer: type[A]) -> BlockingStream[A]:
        """Open a server stream."""
        return BlockingStream(
            self._call(type(request), answer)(request, metadata=self._metadata), self, self._connection
        )

    def exchange(self, kind: type[Q], requests: Iterator[Q], answer: type[A]) -> BlockingStream[A]:
        """Open a stream of both directions."""
        return BlockingStream(self._call(kind, answer)(requests, metadata=self._metadata), self, self._connection)

    def failed(self, error: grpc.RpcError) -> WharfingerError:
        """Return the error of a call that failed, and note whether the server said so."""
        told = translate(error, self._settings, answered=self.connected)
        self.connected = self.connected or not isinstance(told, Unreachable)
        return told

    async def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        time.sleep(seconds)  # noqa: ASYNC251  # no event loop runs this coroutine

    def renew(self, connection: int) -> None:
        """Make the next calls on a new channel; the old one is closed once calls on it had time to end."""
        with self._renewing:
            if connection != self._connection:
                return
            now = time.monotonic()
            for due, old in self._retired:
                if due <= now:
                    old.close()
            self._retired = [(due, old) for due, old in self._retired if due > now]
            self._retired.append((now + RETIREMENT, self._channel))
            self._open()

    async def close(self) -> None:
        """Close all channels."""
        self.closed = True
        with self._renewing:
            for _, old in self._retired:
                old.close()
            self._retired.clear()
            self._channel.close()


class BlockingStream(Generic[A]):
    """An open server stream of `grpc`, whose reads can end by themselves.

    gRPC offers no read with a time limit, so a thread of this stream's own cancels the call when a read takes too long.
    """

    def __init__(self, call: Any, transport: BlockingTransport, connection: int) -> None:
        self.connection = connection
        self._call = call
        self._transport = transport
        self._watchdog: threading.Thread | None = None
        self._changed = threading.Condition()
        self._deadline: float | None = None
        self._wakes = math.inf
        self._expired = False
        self._over = False

    async def read(self, timeout: float) -> A | None:
        """Return the next message, None at the end."""
        self._allow(timeout)
        try:
            message = cast(A, next(self._call))
        except StopIteration:
            self._release()
            return None
        except grpc.RpcError as error:
            self._release()
            if self._expired:
                raise Silence from error
            raise self._transport.failed(error) from error
        except BaseException:
            # Ctrl-C, most likely: where gRPC's own locks are left held, nothing more is heard on this channel.
            self._transport.renew(self.connection)
            raise
        self._transport.connected = True
        self._deadline = None
        return message

    def cancel(self) -> None:
        """End the stream from this side, and its thread."""
        self._release()
        self._call.cancel()

    def _release(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify()

    def _allow(self, timeout: float) -> None:
        with self._changed:
            self._deadline = time.monotonic() + timeout
            if self._watchdog is None:
                self._watchdog = threading.Thread(target=self._guard, name="wharfinger-watch", daemon=True)
                self._watchdog.start()
            elif self._deadline < self._wakes:
                # Only then: to wake it for every message would cost more than the message.
                self._changed.notify()

    def _guard(self) -> None:
        with self._changed:
            while not self._over:
                now = time.monotonic()
                deadline = math.inf if self._deadline is None else self._deadline
                if deadline <= now:
                    self._expired = True
                    self._call.cancel()
                    return
                self._wakes = deadline
                self._changed.wait(None if deadline == math.inf else deadline - now)
