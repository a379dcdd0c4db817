"""The disk format of an image by its first bytes, as an image service must be told it before it takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from wharfinger_image.transfer import Piece

_TELLING = 64 * 1024
"""How many bytes tell: an ISO says what it is behind its first 32 KiB."""

_NAMES = frozenset({"iso", "qcow2", "vdi", "vhd", "vhdx", "vmdk"})


async def told(pieces: AsyncIterator[Piece]) -> tuple[str, AsyncIterator[Piece]]:
    """Return the format, raw if the bytes do not say, and all of the pieces."""
    held: list[Piece] = []
    size = 0
    async for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _TELLING:
            break
    return _format(b"".join(held)[:_TELLING]), _rest(held, pieces)


async def _rest(held: list[Piece], pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
    while held:
        yield held.pop(0)
    async for piece in pieces:
        yield piece


def _format(beginning: bytes) -> str:
    from oslo_utils.imageutils.format_inspector import ALL_FORMATS

    found = set()
    for name in _NAMES & ALL_FORMATS.keys():
        inspector = ALL_FORMATS[name]()
        try:
            inspector.eat_chunk(beginning)
        except Exception:  # noqa: BLE001, S112 - what a parser raises on bytes from strangers; then it is not of its kind
            continue
        if inspector.format_match:
            found.add(name)
    return found.pop() if len(found) == 1 else "raw"
