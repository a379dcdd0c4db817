"""The Connect protocol: a unary call is an ordinary POST, a stream is envelopes that end with one of JSON.

https://connectrpc.com/docs/protocol
"""

from __future__ import annotations

from typing import Any

import orjson
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from wharfinger_server.gateway.codes import Code, End, Metadata, ended
from wharfinger_server.gateway.envelopes import (
    KNOWN,
    WORTH_IT,
    accepted,
    compressed,
    encoding_of,
    enveloped,
    only_message,
    too_large,
    unpacked,
)
from wharfinger_server.gateway.wire import Wire, text_of, unpadded

_END_OF_STREAM = 2
_MOST_DIGITS = 10
_ERROR = "application/json"


class ConnectUnary(Wire):
    """A call with one answer: the bodies are the messages, and an error is JSON under an HTTP status."""

    _message = b""

    def begin(self) -> float | None:
        """Read the headers."""
        self._outgoing = accepted(self.headers.get("accept-encoding", ""))
        timeout = _version_and_timeout(self)
        self._incoming = encoding_of(self.headers.get("content-encoding", ""), "content-encoding")
        return timeout

    def request(self, body: bytes) -> bytes:
        """Return the body, unpacked."""
        if len(body) > self.limit:
            raise too_large(self.limit)
        return unpacked(body, self.limit) if self._incoming and body else body

    async def write(self, message: bytes, initial: Metadata) -> None:
        """Keep the message until it is known how the call ended."""
        self._message = self._written(message)

    async def finish(self, end: End, initial: Metadata) -> None:
        """Send all of it."""
        trailers = [(f"trailer-{key}", value) for key, value in end.without_details()]
        fine = end.code is Code.OK
        body, kind = (self._message, f"application/{self.codec.name}") if fine else (error_json(end), _ERROR)
        encoding = [("accept-encoding", ", ".join(KNOWN))] if end.code is Code.UNIMPLEMENTED else []
        if self._outgoing and len(body) >= WORTH_IT:
            body = compressed(body)
            encoding.append(("content-encoding", self._outgoing))
        more = [*initial, *trailers, *encoding, ("content-length", str(len(body))), ("vary", "accept-encoding")]
        await self._start(end.http, kind, more)
        await self._body(body, last=True)


class ConnectStream(Wire):
    """A call with a stream of answers. The HTTP status is always 200: how it ended is in the last envelope."""

    def begin(self) -> float | None:
        """Read the headers."""
        self._outgoing = accepted(self.headers.get("connect-accept-encoding", ""))
        timeout = _version_and_timeout(self)
        self._incoming = encoding_of(self.headers.get("connect-content-encoding", ""), "connect-content-encoding")
        return timeout

    def request(self, body: bytes) -> bytes:
        """Return the one message."""
        return only_message(body, self._incoming, self.limit)

    async def write(self, message: bytes, initial: Metadata) -> None:
        """Send a message."""
        chunk = self._envelope(message)
        await self._head(initial)
        await self._body(chunk)

    async def finish(self, end: End, initial: Metadata) -> None:
        """Send the last envelope."""
        await self._head(initial)
        told: dict[str, Any] = {}
        if end.code is not Code.OK:
            told["error"] = error_of(end)
        metadata: dict[str, list[str]] = {}
        for key, value in end.without_details():
            metadata.setdefault(key, []).append(text_of(value))
        if metadata:
            told["metadata"] = metadata
        await self._body(enveloped(orjson.dumps(told), _END_OF_STREAM), last=True)

    async def _head(self, initial: Metadata) -> None:
        encoding = [("connect-content-encoding", self._outgoing)] if self._outgoing else []
        more = [*initial, *encoding, ("connect-accept-encoding", ", ".join(KNOWN))]
        await self._start(200, f"application/connect+{self.codec.name}", more)


def error_of(end: End) -> dict[str, Any]:
    """Return an error as Connect tells it, with its details also in words that people read."""
    told: dict[str, Any] = {"code": end.name}
    if end.message:
        told["message"] = end.message
    details = [_detail(packed) for packed in status_pb2.Status.FromString(end.details).details]
    if details:
        told["details"] = details
    return told


def error_json(end: End) -> bytes:
    """Return an error as the body of an answer."""
    return orjson.dumps(error_of(end))


def _detail(packed: Any) -> dict[str, Any]:
    name = packed.type_url.rpartition("/")[2]
    told = {"type": name, "value": unpadded(packed.value)}
    try:
        kind = message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))
        told["debug"] = json_format.MessageToDict(kind.FromString(packed.value))
    except (KeyError, DecodeError, json_format.SerializeToJsonError, TypeError):
        pass  # of a type that is not known here; programs read `value`
    return told


def _version_and_timeout(wire: Wire) -> float | None:
    version = wire.headers.get("connect-protocol-version", "1")
    if version != "1":
        raise ended(Code.INVALID_ARGUMENT, f"connect-protocol-version {version[:20]!r}: this server speaks 1")
    said = wire.headers.get("connect-timeout-ms")
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS):
        raise ended(Code.INVALID_ARGUMENT, f"connect-timeout-ms {said[:20]!r}: write up to 10 digits")
    return int(said) / 1000
