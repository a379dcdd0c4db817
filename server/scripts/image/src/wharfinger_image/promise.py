"""The promised size and checksum of an image, and the error of one that differs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from wharfinger.script import Failed
from wharfinger_image.transfer import Content, Piece


@dataclass(frozen=True, slots=True)
class Promise:
    """What an image must be: its `sha256` or `sha512` in hex, its `size` in bytes; "" and None where any will do."""

    sha256: str = ""
    size: int | None = None
    sha512: str = ""

    @property
    def exact(self) -> bool:
        """Whether it says which bytes, not only how many."""
        return bool(self.sha256 or self.sha512)

    def met_by(self, content: Content) -> bool:
        """Whether an image with that `content` is the one; False too where that can't be told."""
        return self.size in (None, content.size) and all(self._compared(content)) and any(self._compared(content))

    def contradicts(self, content: Content) -> bool:
        """Whether an image with that `content` is certainly another one."""
        return self.size not in (None, content.size) or not all(self._compared(content))

    def _compared(self, content: Content) -> list[bool]:
        """Return of each digest that is known on both sides whether it is the same."""
        pairs = [(self.sha256.lower(), content.sha256), (self.sha512.lower(), content.sha512)]
        return [wanted == there for wanted, there in pairs if wanted and there]

    def check_size(self, what: str, size: int | None) -> None:
        """Raise Failed (SIZE_MISMATCH) if `what` says that it has another size; None: it does not say."""
        if self.size is not None and size is not None and size != self.size:
            raise size_mismatch(what, self.size, str(size))

    def check(self, what: str, content: Content) -> None:
        """Raise Failed (SIZE_MISMATCH, CHECKSUM_MISMATCH) for what has other bytes."""
        self.check_size(what, content.size)
        if self.sha256 and content.sha256 != self.sha256.lower():
            raise mismatch(f"{what} is not what was expected", self.sha256.lower(), content.sha256)
        if self.sha512 and content.sha512 != self.sha512.lower():
            raise mismatch(f"{what} is not what was expected", self.sha512.lower(), content.sha512, "sha512")

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


def mismatch(what: str, expected: str, actual: str, algorithm: str = "sha256") -> Failed:
    """Return the failure of bytes with another digest than they should have."""
    return Failed(
        f"{what}: its {algorithm.upper().replace('SHA', 'SHA-')} is {actual}, not {expected}; nothing of it is kept",
        reason="CHECKSUM_MISMATCH",
        metadata={"algorithm": algorithm, "expected": expected, "actual": actual},
    )
