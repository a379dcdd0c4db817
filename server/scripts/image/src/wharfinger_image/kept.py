"""The remains of an upload that was cut short, and what it was an upload of: the next attempt goes on with them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

from wharfinger_image.transfer import Piece


class StartOver(Exception):
    """What was read so far is void: the source changed, or can't go on in the middle. It is to be read from 0 again."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which bytes an upload is of: where they come from (a digest), their strong entity tag, and how many they are."""

    source: str
    e_tag: str
    size: int | None

    def encode(self) -> bytes:
        """Return it as it is kept beside an upload."""
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True, slots=True)
class Kept:
    """The first `position` bytes of `origin` are on the disk, or in the store, and stay there."""

    position: int
    origin: Origin


def decode(data: bytes) -> Origin | None:
    """Return what `Origin.encode` made; None for anything else."""
    try:
        found = Origin(**json.loads(data))
    except (TypeError, ValueError):
        return None
    return found if isinstance(found.source, str) and isinstance(found.e_tag, str) and found.e_tag else None


async def blocks(pieces: AsyncIterator[Piece], size: int) -> AsyncIterator[bytearray]:
    """Yield the bytes of `pieces` in blocks of `size` bytes; the last may be shorter."""
    block, filled = bytearray(size), 0
    async for piece in pieces:
        view = memoryview(piece)
        while view:
            taken = min(len(view), size - filled)
            block[filled : filled + taken] = view[:taken]
            filled += taken
            view = view[taken:]
            if filled == size:
                yield block
                block, filled = bytearray(size), 0
    if filled:
        yield block[:filled]


async def skipped(pieces: AsyncIterator[Piece], size: int) -> AsyncIterator[Piece]:
    """Yield `pieces` without their first `size` bytes."""
    async for piece in pieces:
        if size >= len(piece):
            size -= len(piece)
        elif size:
            yield memoryview(piece)[size:]
            size = 0
        else:
            yield piece
