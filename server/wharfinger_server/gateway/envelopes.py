"""Messages in envelopes (a byte of flags, four of length, the message), and gzip, within limits."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

from wharfinger_server.gateway.codes import Code, ended

COMPRESSED = 1
HEAD = 5
WORTH_IT = 1024
"""Bytes from which on an answer is compressed where the caller takes that."""
KNOWN = ("gzip", "identity")
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 4


def encoding_of(name: str, what: str) -> str:
    """Return the compression of that name, "" for none. Ends the call with UNIMPLEMENTED for one that is not known."""
    name = name.strip().lower()
    if name in ("", "identity"):
        return ""
    if name == "gzip":
        return name
    raise ended(Code.UNIMPLEMENTED, f"{what}: unknown compression {name[:40]!r}; supported are {', '.join(KNOWN)}")


def accepted(names: str) -> str:
    """Return the compression for the answer, of those that the caller takes."""
    offered = (part.partition(";") for part in names.lower().split(","))
    return next(("gzip" for name, _, q in offered if name.strip() == "gzip" and q.replace(" ", "") != "q=0"), "")


def too_large(limit: int) -> Exception:
    """Return what ends a call with a message beyond the limit, as gRPC does."""
    return ended(Code.RESOURCE_EXHAUSTED, f"a message is larger than {limit} bytes, the most that is taken or sent")


def compressed(message: bytes) -> bytes:
    """Return the message compressed."""
    return gzip.compress(message, _LEVEL, mtime=0)


def unpacked(message: bytes, limit: int) -> bytes:
    """Return what was compressed. However much it would become, no more than the limit is unpacked."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        out = unpacker.decompress(message, limit + 1)
    except zlib.error:
        raise ended(Code.INVALID_ARGUMENT, "the message is no gzip") from None
    if len(out) > limit:
        raise too_large(limit)
    if not unpacker.eof:
        raise ended(Code.INVALID_ARGUMENT, "the message is no complete gzip")
    return out


def enveloped(message: bytes, flags: int = 0) -> bytes:
    """Return the message in its envelope."""
    return bytes((flags,)) + len(message).to_bytes(4, "big") + message


def opened(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the flags and the message of each envelope."""
    at = 0
    while at < len(body):
        size = int.from_bytes(body[at + 1 : at + HEAD], "big")
        if len(body) < at + HEAD + size:
            raise ended(Code.INVALID_ARGUMENT, "the request ends within a message")
        yield body[at], body[at + HEAD : at + HEAD + size]
        at += HEAD + size


def only_message(body: bytes, encoding: str, limit: int) -> bytes:
    """Return the one message of a request in envelopes."""
    messages = list(opened(body))
    if len(messages) != 1:
        raise ended(Code.UNIMPLEMENTED, f"the call takes one message, and the request has {len(messages)}")
    flags, message = messages[0]
    if len(message) > limit:
        raise too_large(limit)
    if flags & ~COMPRESSED:
        raise ended(Code.INVALID_ARGUMENT, f"the message has unknown flags: {flags:#04x}")
    if not flags & COMPRESSED:
        return message
    if not encoding:
        raise ended(Code.INTERNAL, "the message is marked as compressed, and the request names no compression")
    return unpacked(message, limit)
