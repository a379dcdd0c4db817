"""Packed price data, unpacked no further than the operator allows: gzip, bzip2, xz, and zip with one file in it.

A zip of several files is one of pages, which a source reads as it is.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from wharfinger_prices.catalogues.refusals import too_large
from wharfinger_prices.sdk.price_source import MalformedPrices

_PIECE = 1 << 20
_ZIP = b"PK\x03\x04"
_ENDINGS = (".gz", ".gzip", ".bz2", ".xz", ".zip")
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)


def unpack(path: Path, name: str, folder: Path, limit: int) -> tuple[Path, str]:
    """Return the data at `path`, unpacked into `folder` if it is packed, and the name it has then.

    Raises OutOfRange PRICES_TOO_LARGE for what unpacks to more than `limit` bytes, MalformedPrices for what is damaged.
    """
    try:
        opener = None if _holds_pages(path, limit) else _opener(path)
    except zipfile.BadZipFile as error:
        raise MalformedPrices(f"it can't be unpacked: {error}") from None
    if opener is None:
        return path, name
    target = folder / "unpacked"
    written = 0
    try:
        with opener(path) as packed, target.open("wb") as file:
            while piece := packed.read(_PIECE):
                written += len(piece)
                if written > limit:
                    raise too_large(limit, "unpacks to")
                file.write(piece)
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk's trouble, not the data's
        raise MalformedPrices(f"it can't be unpacked: {str(error) or type(error).__name__}") from None
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            return target, name[: -len(ending)]
    return target, name


def _holds_pages(path: Path, limit: int) -> bool:
    """Whether it is a zip of several files. Raises OutOfRange where they have more than `limit` bytes together."""
    with path.open("rb") as file:
        if file.read(len(_ZIP)) != _ZIP:
            return False
    with zipfile.ZipFile(path) as archive:
        files = [member for member in archive.infolist() if not member.is_dir()]
    # What a member is told to have is the most that can be read of it.
    if len(files) > 1 and sum(member.file_size for member in files) > limit:
        raise too_large(limit, "unpacks to")
    return len(files) > 1


def _opener(path: Path) -> Callable[[Path], IO[bytes]] | None:
    with path.open("rb") as file:
        head = file.read(6)
    if head.startswith(b"\x1f\x8b"):
        return lambda packed: gzip.open(packed, "rb")  # type: ignore[return-value]
    if head.startswith(b"BZh"):
        return lambda packed: bz2.open(packed, "rb")
    if head.startswith(b"\xfd7zXZ\x00"):
        return lambda packed: lzma.open(packed, "rb")
    if head.startswith(_ZIP):
        return _open_zip
    return None


def _open_zip(path: Path) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    files = [member for member in archive.infolist() if not member.is_dir()]
    if len(files) != 1:
        archive.close()
        raise MalformedPrices(f"the zip file must hold one file, and holds {len(files)}")
    opened = archive.open(files[0])
    archive.close()  # the opened file keeps its own hold
    return opened
