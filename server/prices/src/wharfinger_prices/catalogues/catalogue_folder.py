"""The data folder's prices: catalogues and stacks by digest, work that is under way, and one import at once.

    DATA/prices/catalogs/DIGEST.jsonl   a catalogue, complete and immutable
    DATA/prices/stacks/DIGEST.json      which catalogues a stack was made of
    DATA/prices/work/NAME/              what one process is building; gone with it
    DATA/prices/import.lock

What is written is complete and on the disk before it gets its name, so a crash leaves it there or not there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from wharfinger_prices.catalogues.catalogue import SUFFIX, Catalogue
from wharfinger_prices.errors import Aborted

if TYPE_CHECKING:
    from wharfinger_prices.catalogues.build import Built


class CatalogueFolder:
    """The prices in one data folder. Methods block; any thread and several processes may call them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._catalogs = folder / "catalogs"
        self._stacks = folder / "stacks"
        self._work = folder / "work"

    def path_of(self, digest: str) -> Path:
        """Return where a catalogue is, or would be."""
        return self._catalogs / (digest + SUFFIX)

    def has(self, digest: str) -> bool:
        """Whether the catalogue is there."""
        return self.path_of(digest).exists()

    def open(self, digest: str) -> Catalogue:
        """Open a catalogue. Raises Damaged, and OSError where there is none."""
        return Catalogue.open(self.path_of(digest))

    def put(self, built: Built) -> Path:
        """Give a catalogue that was built its name; return where it is. Raises OSError."""
        path = self.path_of(built.digest)
        self._catalogs.mkdir(mode=0o700, parents=True, exist_ok=True)
        built.path.replace(path)
        _sync(self._catalogs)
        return path

    # ------------------------------------------------------------------ stacks

    def put_stack(self, document: bytes) -> None:
        """Keep the list of a stack's layers under its digest. Raises OSError."""
        path = self._stacks / f"{hashlib.sha256(document).hexdigest()}.json"
        if path.exists():
            return
        with self.work() as folder:
            partial = folder / "stack"
            with partial.open("wb") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            self._stacks.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.replace(path)
            _sync(self._stacks)

    def stack(self, digest: str) -> tuple[list[tuple[str, str, int, str]], list[dict[str, Any]]] | None:
        """Return a stack's layers (name, digest, from when it is stale, source) and its rules as they were told.

        None where there is no such stack; a source is "" where there is none.
        """
        try:
            document = (self._stacks / f"{digest}.json").read_bytes()
        except OSError:
            return None
        if hashlib.sha256(document).hexdigest() != digest:
            return None
        told = orjson.loads(document)
        rules = told.pop()["rules"] if told and isinstance(told[-1], dict) else []
        return [
            (name, catalogue, stale_from, *(source or [""])) for name, catalogue, stale_from, *source in told
        ], rules

    # ------------------------------------------------------------------ work under way

    @contextmanager
    def work(self) -> Iterator[Path]:
        """Give a folder of one's own, which is removed afterwards. Raises OSError.

        Whoever comes next removes what a process left that died: its folder is locked no more.
        """
        self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self._work / os.urandom(8).hex()
        with _locked(self._work):
            self._clean()
            folder.mkdir(mode=0o700)
            mine = os.open(folder, os.O_RDONLY)
            fcntl.flock(mine, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            from shutil import rmtree

            with suppress(OSError):
                rmtree(folder)
            os.close(mine)

    def _clean(self) -> None:
        """Remove the folders of those that are gone."""
        for folder in self._work.iterdir():
            try:
                held = os.open(folder, os.O_RDONLY)
            except OSError:
                continue
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                from shutil import rmtree

                rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)

    @contextmanager
    def importing(self) -> Iterator[None]:
        """Be the only import in this folder, until it ends or the process does.

        Raises Aborted PRICES_BUSY where another one is at work, and OSError.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.folder / "import.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                why = "another import of prices is at work in this data folder; ask again when it is over"
                raise Aborted("PRICES_BUSY", why) from None
            yield
        finally:
            os.close(file)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, for a moment."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _sync(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
