"""Frames on the socket between the server and a child process: a kind, a length, and that many bytes."""

from __future__ import annotations

import struct
from enum import IntEnum

from google.protobuf.message import DecodeError

from wharfinger.v1 import executor_service_pb2
from wharfinger.worker.values import Malformed

HEADER = struct.Struct("!BI")
LARGEST = 16 << 20
"""Bytes of the largest frame."""


class Kind(IntEnum):
    """What a frame holds."""

    MESSAGE = 1
    """A WorkRequest of the child's, a WorkResponse of the server's."""

    SETUP = 2
    """JSON of the server's: what the attempt that comes next is run with."""

    LEAVING = 3
    """Nothing: the child takes no more attempts, and ends when its present one has ended."""


def frame(kind: Kind, body: bytes = b"") -> bytes:
    """Return a frame. Raises Malformed for one that is too large."""
    if len(body) > LARGEST:
        raise Malformed(f"a frame of {len(body)} bytes; {LARGEST} are the most")
    return HEADER.pack(kind, len(body)) + body


def parse_header(header: bytes) -> tuple[Kind, int]:
    """Return the kind and the length of a frame. Raises Malformed."""
    number, length = HEADER.unpack(header)
    try:
        kind = Kind(number)
    except ValueError:
        raise Malformed(f"a frame of the kind {number}, which there is none of") from None
    if length > LARGEST:
        raise Malformed(f"a frame of {length} bytes; {LARGEST} are the most")
    return kind, length


def parse_request(body: bytes) -> executor_service_pb2.WorkRequest:
    """Return the message of a child that a frame holds. Raises Malformed."""
    try:
        return executor_service_pb2.WorkRequest.FromString(body)
    except (DecodeError, UnicodeDecodeError, ValueError):
        raise Malformed("a frame that holds no WorkRequest") from None
