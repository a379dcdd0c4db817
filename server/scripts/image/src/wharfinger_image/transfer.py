"""One stream of bytes into several uploads at once: read once, hashed on the way, as fast as the slowest takes it.

An upload sees its end only after the whole was checked. A stream that breaks off, or that is not what was expected,
ends in an error inside of every upload, which then leaves nothing: what an upload wrote is visible only if it is whole.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from wharfinger.script import Failed

Piece = bytes | bytearray | memoryview
Upload = Callable[[AsyncIterator[Piece]], Awaitable[None]]

_WAITING = 2
"""Pieces that wait for one upload while it is busy with another."""

_PATIENCE = 30.0
"""Seconds that an upload may take to clean up after it was abandoned."""


@dataclass(frozen=True, slots=True)
class Content:
    """What an image is: its size in bytes and its SHA-256 in lower-case hex; its SHA-512 too, where that was asked."""

    size: int
    sha256: str
    sha512: str = ""


class _Abandoned(Exception):
    """What an upload gets instead of its end."""


class _Branch:
    """One upload and what waits for it."""

    def __init__(self, upload: Upload) -> None:
        self._pieces: asyncio.Queue[Piece | None] = asyncio.Queue(_WAITING)
        self._sound: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.work = asyncio.ensure_future(self._run(upload))

    async def _run(self, upload: Upload) -> None:
        await upload(self._stream())

    async def _stream(self) -> AsyncIterator[Piece]:
        while (piece := await self._pieces.get()) is not None:
            yield piece
        if not await self._sound:
            raise _Abandoned

    async def give(self, piece: Piece) -> None:
        """Hand on a piece, when there is room for it; an upload that has failed takes no more."""
        if not self._pieces.full() and not self.work.done():
            self._pieces.put_nowait(piece)
        else:
            await self._put(piece)

    async def finish(self) -> BaseException | None:
        """Let the upload come to its good end, and wait for it; return its error."""
        if not self._sound.done():
            self._sound.set_result(True)
        await self._put(None)
        await asyncio.wait((self.work,))
        return self.work.exception()

    async def abandon(self) -> None:
        """Let the upload fail, and wait until it has cleaned up. One that was allowed to finish may do so."""
        if not self._sound.done():
            self._sound.set_result(False)
            while not self._pieces.empty():
                self._pieces.get_nowait()
            self._pieces.put_nowait(None)
        await asyncio.wait((self.work,), timeout=_PATIENCE)
        if not self.work.done():
            self.work.cancel()
        elif not self.work.cancelled():
            self.work.exception()  # taken note of

    async def _put(self, piece: Piece | None) -> None:
        if self.work.done():
            return
        putting = asyncio.ensure_future(self._pieces.put(piece))
        try:
            await asyncio.wait((putting, self.work), return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()


async def transfer(
    pieces: AsyncIterator[Piece],
    uploads: Sequence[Upload],
    *,
    limit: int,
    check: Callable[[Content], Awaitable[None]],
    advance: Callable[[int], None],
    sha512: bool = False,
) -> tuple[Content, list[BaseException | None]]:
    """Send `pieces` to all `uploads`; return what it was, and for each upload its error or None.

    `check` is asked about the whole before any upload may end; what it raises ends them all, and is raised. `advance`
    is told how many bytes went by; `sha512` asks for that too. One upload's failure does not harm the others; when all
    have failed reading stops, and the first error is raised. Raises Failed (SIZE_LIMIT) for more than `limit` bytes,
    and whatever `pieces` raises.
    """
    branches = [_Branch(upload) for upload in uploads]
    try:
        content = await _send(pieces, branches, limit, advance, sha512)
        await check(content)
        errors = await asyncio.gather(*(branch.finish() for branch in branches))
    except BaseException:
        await asyncio.shield(asyncio.gather(*(branch.abandon() for branch in branches)))
        raise
    return content, list(errors)


async def _send(
    pieces: AsyncIterator[Piece],
    branches: Sequence[_Branch],
    limit: int,
    advance: Callable[[int], None],
    sha512: bool,
) -> Content:
    hashing, size = Hashing(sha512), 0
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "wharfinger-image-sha256") as hasher:
        async for piece in pieces:
            size += len(piece)
            if size > limit:
                raise too_large(limit)
            hashed = loop.run_in_executor(hasher, hashing.update, piece)
            for branch in branches:
                await branch.give(piece)
            await hashed
            if branches and all(branch.work.done() for branch in branches):
                # An upload that is done before its end has failed.
                raise branches[0].work.exception() or _Abandoned
            advance(len(piece))
    return hashing.content(size)


class Hashing:
    """The digests of what goes by."""

    def __init__(self, sha512: bool) -> None:
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512() if sha512 else None

    def update(self, piece: Piece) -> None:
        """Take the next bytes."""
        self._sha256.update(piece)
        if self._sha512 is not None:
            self._sha512.update(piece)

    def content(self, size: int) -> Content:
        """Return what all of it, `size` bytes, was."""
        return Content(size, self._sha256.hexdigest(), self._sha512.hexdigest() if self._sha512 else "")


def too_large(limit: int, size: int | None = None) -> Failed:
    """Return the failure of an image of more than `limit` bytes."""
    metadata = {"limit_bytes": str(limit)} | ({} if size is None else {"size_bytes": str(size)})
    found = "more" if size is None else f"{size}"
    return Failed(f"the image has {found} bytes, {limit} are allowed", reason="SIZE_LIMIT", metadata=metadata)
