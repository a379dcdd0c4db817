"""What the protocols have in common: an answer that goes out by ASGI, in the caller's codec and compression."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from google.protobuf.descriptor import MethodDescriptor

from wharfinger_server.gateway.codecs import Codec
from wharfinger_server.gateway.codes import End, Metadata
from wharfinger_server.gateway.envelopes import COMPRESSED, WORTH_IT, compressed, enveloped, too_large

Headers = Mapping[str, str]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Limits(NamedTuple):
    """The largest messages, in bytes."""

    taken: int
    sent: int


class Wire(ABC):
    """One call on the wire.

    `limit` is of what is taken. `over`: its last bytes are on their way, and a caller who hangs up disturbs nothing.
    """

    def __init__(self, call: MethodDescriptor, codec: Codec, headers: Headers, send: Send, limits: Limits) -> None:
        self.call = call
        self.codec = codec
        self.headers = headers
        self.limit = limits.taken
        self._most_sent = limits.sent
        self.over = False
        self._send = send
        self._begun = False
        self._incoming = self._outgoing = ""

    @abstractmethod
    def begin(self) -> float | None:
        """Read what the headers say, and return the caller's timeout in seconds. Raises Ended."""

    @abstractmethod
    def request(self, body: bytes) -> bytes:
        """Return the message in a request's body. Raises Ended."""

    @abstractmethod
    async def write(self, message: bytes, initial: Metadata) -> None:
        """Send a message of the answer; `initial` goes ahead of the first. Raises Ended for one that is too large."""

    @abstractmethod
    async def finish(self, end: End, initial: Metadata) -> None:
        """Send the end of the answer."""

    async def _start(self, status: int, content_type: str, more: Iterable[tuple[str, str | bytes]]) -> None:
        """Send the answer's head, the first time."""
        if self._begun:
            return
        self._begun = True
        headers = [(b"content-type", content_type.encode()), *header_pairs(more)]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _body(self, chunk: bytes, *, last: bool = False) -> None:
        self.over = self.over or last
        await self._send({"type": "http.response.body", "body": chunk, "more_body": not last})

    def _written(self, message: bytes) -> bytes:
        """Return a message in the caller's codec. Raises Ended for one that is too large."""
        if len(message) > self._most_sent:
            raise too_large(self._most_sent)
        return self.codec.answer(self.call, message)

    def _envelope(self, message: bytes) -> bytes:
        message = self._written(message)
        if self._outgoing and len(message) >= WORTH_IT:
            return enveloped(compressed(message), COMPRESSED)
        return enveloped(message)


def header_pairs(metadata: Iterable[tuple[str, str | bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield metadata as headers."""
    for key, value in metadata:
        yield key.lower().encode("latin-1"), text_of(value).encode("latin-1", "replace")


def text_of(value: str | bytes) -> str:
    """Return a value of metadata as text, bytes as base64 without padding."""
    return value if isinstance(value, str) else unpadded(value)


def unpadded(data: bytes) -> str:
    """Return base64 without padding."""
    return base64.b64encode(data).decode().rstrip("=")
