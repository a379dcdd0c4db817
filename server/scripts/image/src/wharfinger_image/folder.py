"""A place in a folder of this machine, where a name is a hard link and what was written is on the disk."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from wharfinger.runtime.stores import Store, open_store
from wharfinger.script import Failed
from wharfinger_image.params import NAME_PATTERN
from wharfinger_image.place import MIB, Look, Place, Taken
from wharfinger_image.refusals import told
from wharfinger_image.transfer import Piece

T = TypeVar("T")

_SYNC_EVERY = 32 * MIB


class FolderPlace(Place):
    """A name in a local folder. Files bear no marks; what is staged and its name being one file is proof instead."""

    _part = 4 * MIB
    _width = 2

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

    async def upload(self, pieces: AsyncIterator[Piece], size: int | None) -> None:
        """As Place.upload; when this returns the bytes are on the disk."""
        await super().upload(self._synced_on_the_way(pieces), size)
        await self._do(lambda: _sync(self._folder / self.staging))

    async def _synced_on_the_way(self, pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
        """Pass `pieces` on, and see to it that little is left to be synced at their end."""
        written, syncing = 0, None
        async for piece in pieces:
            yield piece
            written += len(piece)
            if written >= _SYNC_EVERY and (syncing is None or syncing.done()):
                written = 0
                syncing = asyncio.ensure_future(asyncio.to_thread(self._sync_leftovers))
        if syncing is not None:
            await asyncio.wait((syncing,))

    def _sync_leftovers(self) -> None:
        for path in self._leftovers():
            with suppress(OSError):  # what matters is the last one
                _sync(path)

    async def publish(self) -> None:
        """Link what is staged to its name. Raises Taken."""
        await self._do(self._link)

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

    def _link(self) -> None:
        target = self._folder / self.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(self._folder / self.staging)
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
        """Return the files of an upload that is not whole: obstore writes to PATH#NUMBER until it is."""
        staging = self._folder / self.staging
        return list(staging.parent.glob(f"{staging.name}#*"))

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


def place(store: Store, name: str, mark: str = "", inherited: str = "") -> Place:
    """Return the place of `name` in `store`. Raises Failed (PARAMS_INVALID) for a name that is no plain path."""
    if re.fullmatch(NAME_PATTERN, name) is None:  # params are checked before; here it keeps a name inside its folder
        raise Failed(f"{name!r} is no name for an image", reason="PARAMS_INVALID")
    kind = FolderPlace if store.url_scheme == "file" else Place
    return kind(store, name, mark, inherited)
