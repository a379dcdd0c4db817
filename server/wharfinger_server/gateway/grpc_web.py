"""gRPC-Web: messages in envelopes, and the trailers in a last one; in base64 too (`grpc-web-text`).

https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import quote

from wharfinger_server.gateway.codes import Code, End, Metadata, ended
from wharfinger_server.gateway.envelopes import KNOWN, accepted, encoding_of, enveloped, only_message
from wharfinger_server.gateway.wire import Wire, header_pairs
from wharfinger_server.rpc.status import STATUS_KEY

_TRAILERS = 0x80
_MOST_DIGITS = 8
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
# What a message may hold as it is: printable ASCII without the percent sign.
_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


class GrpcWeb(Wire):
    """A call of either kind, in binary."""

    content_type = "application/grpc-web"

    def begin(self) -> float | None:
        """Read the headers."""
        self._outgoing = accepted(self.headers.get("grpc-accept-encoding", ""))
        timeout = _timeout(self.headers.get("grpc-timeout"))
        self._incoming = encoding_of(self.headers.get("grpc-encoding", ""), "grpc-encoding")
        return timeout

    def request(self, body: bytes) -> bytes:
        """Return the one message."""
        return only_message(body, self._incoming, self.limit)

    async def write(self, message: bytes, initial: Metadata) -> None:
        """Send a message."""
        chunk = self._envelope(message)
        await self._head(initial)
        await self._body(self._text(chunk))

    async def finish(self, end: End, initial: Metadata) -> None:
        """Send the trailers."""
        await self._head(initial)
        trailers: list[tuple[str, str | bytes]] = [("grpc-status", str(end.number))]
        if end.message:
            trailers.append(("grpc-message", quote(end.message, safe=_SAFE)))
        if end.details:
            trailers.append((STATUS_KEY, end.details))
        trailers.extend(end.without_details())
        block = b"".join(key + b": " + value + b"\r\n" for key, value in header_pairs(trailers))
        await self._body(self._text(enveloped(block, _TRAILERS)), last=True)

    async def _head(self, initial: Metadata) -> None:
        encoding = [("grpc-encoding", self._outgoing)] if self._outgoing else []
        more = [*initial, *encoding, ("grpc-accept-encoding", ", ".join(KNOWN))]
        await self._start(200, f"{self.content_type}+{self.codec.name}", more)

    def _text(self, chunk: bytes) -> bytes:
        return chunk


class GrpcWebText(GrpcWeb):
    """The same in base64, for clients that can't read bytes as they come."""

    content_type = "application/grpc-web-text"

    def request(self, body: bytes) -> bytes:
        """Return the one message."""
        try:
            # Each piece may have padding of its own.
            pieces = [base64.b64decode(piece + b"=", validate=False) for piece in _padded(body)]
        except binascii.Error:
            raise ended(Code.INVALID_ARGUMENT, "the request is no base64") from None
        return super().request(b"".join(pieces))

    def _text(self, chunk: bytes) -> bytes:
        return base64.b64encode(chunk)


def _padded(body: bytes) -> list[bytes]:
    """Return the quartets of base64 that end with padding, or with the body, each as one piece."""
    pieces, start = [], 0
    for at in range(0, len(body), 4):
        if body[at : at + 4].endswith(b"="):
            pieces.append(body[start : at + 4])
            start = at + 4
    return [*pieces, body[start:]]


def _timeout(said: str | None) -> float | None:
    if said is None:
        return None
    digits, unit = said[:-1], said[-1:]
    if unit not in _UNITS or not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise ended(Code.INVALID_ARGUMENT, f"grpc-timeout {said[:20]!r}: write up to 8 digits and one of HMSmun")
    return int(digits) * _UNITS[unit]
