"""A place in a folder of this machine, where a name is a hard link and what was written is on the disk."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from wharfinger.runtime.stores import open_store
from wharfinger.script import Failed, Store
from wharfinger_image.kept import Kept, Origin, decode
from wharfinger_image.place import MIB, PIECE, Look, Place, Taken, limited
from wharfinger_image.refusals import Missing, told
from wharfinger_image.sparse import SparseFile
from wharfinger_image.transfer import Piece

T = TypeVar("T")

_SYNC_EVERY = 32 * MIB
_SYNC_AFTER = 0.5
"""How many bytes, or seconds, lie between two syncs at least; the disk takes its time too."""

_NOTE = ".kept"


class FolderPlace(Place):
    """A name in a local folder. Files bear no marks; what is staged and its name being one file is proof instead.

    A link in the folder may lead to another place in it, and nowhere else: whoever may write there is not whoever may
    read all that the server can. Raises Failed (PERMISSION_DENIED) for a name that a link leads out of the folder.
    """

    def __init__(self, store: Store, name: str, mark: str = "", inherited: str = "", **sizes: Any) -> None:
        super().__init__(store, name, mark, inherited, **sizes)
        for path in (name, self.staging, self._record_path):
            self._check_beneath(path)

    def _check_beneath(self, path: str) -> None:
        if not (self._folder / path).resolve().is_relative_to(self._folder.resolve()):
            why = f"store {self.store.name!r}: a link leads {path} out of its folder"
            raise Failed(why, reason="PERMISSION_DENIED", metadata={"permission": f"stores.{self.store.name}"})

    @property
    def home(self) -> str:
        """The store's name; of a folder that is no configured store its path, without links that may lead elsewhere."""
        return str(self._folder) if self.store.name.startswith("/") else self.store.name

    @property
    def _folder(self) -> Path:
        return Path("/", self.store.key(""))

    async def look(self) -> Look:
        """Return what stands under the name."""
        if await self._do(self._is_staged_file):
            return Look.OURS
        return await super().look()

    # ------------------------------------------------------------------ writing

    async def kept(self) -> Kept | None:
        """As Place.kept: what was synced to the disk."""
        return await self._do(self._kept)

    def _kept(self) -> Kept | None:
        try:
            noted = self._partial.with_suffix(_NOTE).read_bytes()
            size = self._partial.stat().st_size
        except FileNotFoundError:
            return None
        position, _, about = noted.partition(b"\n")
        origin = decode(about)
        if origin is None or not position.isdigit() or not 0 < int(position) <= size:
            return None
        return Kept(int(position), origin)

    async def reading(self, position: int) -> AsyncIterator[Piece]:
        """As Place.reading."""
        file = await self._do(lambda: self._partial.open("rb"))
        try:
            while position > 0:
                piece = await self._do(partial(file.read, min(PIECE, position)))
                if not piece:
                    raise Missing(self.store.name)
                position -= len(piece)
                yield piece
        finally:
            file.close()

    async def upload(
        self,
        pieces: AsyncIterator[Piece],
        size: int | None,
        *,
        most: int = 0,
        start: int = 0,
        origin: Origin | None = None,
    ) -> None:
        """As Place.upload; when this returns the bytes are on the disk."""
        self._check_limit(size)
        file = await self._do(lambda: SparseFile(self._partial, start))
        syncing: asyncio.Future[None] | None = None
        synced, when = start, time.monotonic()
        try:
            async for piece in limited(pieces, self.limit, start):
                await self._do(partial(file.write, piece))
                due = file.position - synced >= _SYNC_EVERY or time.monotonic() - when >= _SYNC_AFTER
                if due and (syncing is None or syncing.done()):
                    await self._do(file.extend)
                    synced, when = file.position, time.monotonic()
                    syncing = asyncio.ensure_future(self._do(partial(self._keep, file, synced, origin)))
            await self._do(file.finish)
        finally:
            if syncing is not None:
                await asyncio.wait((syncing,))
                syncing.exception()  # what matters is the last one
            await asyncio.to_thread(file.close)
        await self._do(lambda: self._partial.rename(self._folder / self.staging))

    @property
    def _partial(self) -> Path:
        return self._folder / f"{self.staging}.part"

    def _keep(self, file: SparseFile, position: int, origin: Origin | None) -> None:
        """Sync what was written, and note that so much of it can be built upon."""
        file.sync()
        if origin is not None:
            new = self._partial.with_suffix(".new")
            new.write_bytes(b"%d\n%b" % (position, origin.encode()))
            new.rename(self._partial.with_suffix(_NOTE))

    async def publish(self, *, replace: bool = False) -> None:
        """Link what is staged to its name; see Place.publish."""
        await self._do(partial(self._link, replace))

    async def discard(self) -> None:
        """Delete what is staged, what a broken upload left of it, and the folders made for it if they are empty."""
        await self._do(self._discard)

    async def delete(self) -> None:
        """As Place.delete."""
        await super().delete()
        await self._do(lambda: self._prune((self._folder / self._record_path).parent))

    def _attributes(self) -> dict[str, str] | None:
        return None

    def _is_staged_file(self) -> bool:
        try:
            return (self._folder / self.name).samefile(self._folder / self.staging)
        except FileNotFoundError:
            return False

    def _link(self, replace: bool) -> None:
        self._check_beneath(self.name)  # once more: uploads take their time
        target, staging = self._folder / self.name, self._folder / self.staging
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if replace:
                link = staging.with_suffix(".link")
                link.unlink(missing_ok=True)
                link.hardlink_to(staging)
                link.replace(target)
                link.unlink(missing_ok=True)  # where both were names of one file already
            else:
                target.hardlink_to(staging)
        except FileExistsError:
            raise Taken from None
        for folder in (target.parent, *target.parent.parents):
            _sync(folder)
            if folder == self._folder:
                break

    def _discard(self) -> None:
        staging = self._folder / self.staging
        for path in [staging, *self._leftovers()]:
            path.unlink(missing_ok=True)
        self._prune(staging.parent)

    def _leftovers(self) -> list[Path]:
        """Return the files of an upload that is not whole, and what was noted of it."""
        staging = self._folder / self.staging
        return [path for mark in "#." for path in staging.parent.glob(f"{staging.name}{mark}*")]

    def _prune(self, folder: Path) -> None:
        while folder != self._folder and folder.is_relative_to(self._folder):
            with suppress(FileNotFoundError):
                try:
                    folder.rmdir()
                except OSError:
                    return  # something else is in it
            folder = folder.parent

    async def _do(self, work: Callable[[], T]) -> T:
        with told(self.store.name):
            return await asyncio.to_thread(work)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder_store(folder: Path, name: str = "") -> Store:
    """Return a local folder, made if it is missing, as a store. `name` is what it is called, otherwise its path."""
    called = name or str(folder)
    return open_store(called, {called: {"url": folder.as_uri()}})
