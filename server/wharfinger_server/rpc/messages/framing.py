"""Messages built from serialised parts by concatenation: an event serialised once reaches a thousand watchers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
LENGTH_DELIMITED = 2


def varint(number: int) -> bytes:
    """Return a number of zero or more as a protobuf varint."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def tag(field: int) -> bytes:
    """Return the tag of a length-delimited field."""
    return varint(field << 3 | LENGTH_DELIMITED)


def framed(tag_bytes: bytes, payload: bytes) -> bytes:
    """Return one length-delimited field."""
    return tag_bytes + varint(len(payload)) + payload


def repeated(tag_bytes: bytes, payloads: Iterable[bytes]) -> bytes:
    """Return a repeated length-delimited field."""
    parts: list[bytes] = []
    for payload in payloads:
        parts += (tag_bytes, varint(len(payload)), payload)
    return b"".join(parts)


class FrameCache(Generic[K]):
    """Remembers the message built of a batch of frames, known by the batch's identity and where it ends.

    Watchers of one task are given the very same batch, so all of them cost one building. Batches stay alive as long as
    they are remembered, so that no other object can take their identity.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._known: OrderedDict[tuple[int, K], tuple[tuple[bytes, ...], bytes]] = OrderedDict()

    def get(self, frames: tuple[bytes, ...], end: K) -> bytes | None:
        """Return the message built of just this batch, or None."""
        found = self._known.get((id(frames), end))
        return None if found is None else found[1]

    def put(self, frames: tuple[bytes, ...], end: K, message: bytes) -> bytes:
        """Remember the message, forget the oldest, and return it."""
        self._known[id(frames), end] = (frames, message)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return message
