"""A file that is written from beginning to end, in which runs of zeros become holes that take no room."""

from __future__ import annotations

import os
from pathlib import Path

from wharfinger_image.transfer import Piece

_BLOCK = 64 * 1024
_ZEROS = bytes(_BLOCK)


class SparseFile:
    """The file `path`, made with its folders if it is missing, from byte `position` on; what lies behind it is cut off.

    All calls block, and raise OSError.
    """

    def __init__(self, path: Path, position: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.position = position
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            os.ftruncate(self._handle, position)
        except BaseException:
            os.close(self._handle)
            raise

    def write(self, piece: Piece) -> None:
        """Write the next bytes, but for the zeros among them."""
        view = memoryview(piece)
        begin = at = 0
        while at < len(view):
            end = min(at + _BLOCK, len(view))
            # Bytes are compared by memcmp, views one by one.
            if bytes(view[at:end]) == _ZEROS[: end - at]:
                self._put(view[begin:at], self.position + begin)
                begin = end
            at = end
        self._put(view[begin:], self.position + begin)
        self.position += len(view)

    def _put(self, view: memoryview, offset: int) -> None:
        while view:
            written = os.pwrite(self._handle, view, offset)
            view, offset = view[written:], offset + written

    def extend(self) -> None:
        """Give it the length that was written so far, though that ends in zeros. Not beside a `write`."""
        os.ftruncate(self._handle, self.position)

    def sync(self) -> None:
        """Wait until what was written so far is on the disk; beside a `write` too."""
        os.fsync(self._handle)

    def finish(self) -> None:
        """Give it its length, and wait until all is on the disk."""
        os.ftruncate(self._handle, self.position)
        os.fsync(self._handle)

    def close(self) -> None:
        """Close it."""
        os.close(self._handle)
