"""What an image was promised to be, and what is told of one that is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from wharfinger.script import Failed
from wharfinger_image.transfer import Content, Piece


@dataclass(frozen=True, slots=True)
class Promise:
    """What an image must be: its `sha256` in hex, "" if any will do, and its `size` in bytes, None if any will do."""

    sha256: str = ""
    size: int | None = None

    def check_size(self, what: str, size: int | None) -> None:
        """Raise Failed (SIZE_MISMATCH) if `what` says that it has another size; None: it does not say."""
        if self.size is not None and size is not None and size != self.size:
            raise size_mismatch(what, self.size, str(size))

    def check(self, what: str, content: Content) -> None:
        """Raise Failed (SIZE_MISMATCH, CHECKSUM_MISMATCH) for what has other bytes."""
        self.check_size(what, content.size)
        if self.sha256 and content.sha256 != self.sha256.lower():
            raise mismatch(f"{what} is not what was expected", self.sha256.lower(), content.sha256)

    async def bounded(self, what: str, pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
        """Pass `pieces` on; raise Failed (SIZE_MISMATCH) at the first that is one too many, and read no further."""
        size = 0
        async for piece in pieces:
            size += len(piece)
            if self.size is not None and size > self.size:
                raise size_mismatch(what, self.size, f"more than {self.size}")
            yield piece


def size_mismatch(what: str, expected: int, actual: str) -> Failed:
    """Return the failure of an image with another size than it should have; `actual` is a number, or about one."""
    return Failed(
        f"{what} is not what was expected: it has {actual} bytes, not {expected}; nothing of it is kept",
        reason="SIZE_MISMATCH",
        metadata={"expected": str(expected), "actual": actual},
    )


def mismatch(what: str, expected: str, actual: str) -> Failed:
    """Return the failure of bytes with another SHA-256 than they should have."""
    return Failed(
        f"{what}: its SHA-256 is {actual}, not {expected}; nothing of it is kept",
        reason="CHECKSUM_MISMATCH",
        metadata={"algorithm": "sha256", "expected": expected, "actual": actual},
    )
