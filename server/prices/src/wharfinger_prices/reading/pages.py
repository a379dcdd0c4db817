"""Answers of an API that come in pages: a folder or a zip of JSON files, or one file with a page after the other.

Pages in a folder are read in the order of the numbers in their names, `page-9.json` before `page-10.json`.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from struct import Struct

from wharfinger_prices.reading.json_stream import JsonStream
from wharfinger_prices.sdk.price_source import MalformedPrices

_LOCAL = Struct("<4s5H3I2H")  # the header of a zip's first member
_SHOWN = 1 << 16
_ENCRYPTED = 1


def pages(path: Path) -> Iterator[tuple[str, JsonStream]]:
    """Yield each page with its name, which is to be read before the next is asked for. Raises MalformedPrices."""
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.is_file() and not file.name.startswith(".")]
        for file in sorted(files, key=lambda one: _natural(str(one.relative_to(path)))):
            with file.open("rb") as data:
                yield from _documents(JsonStream(data, f"{file.relative_to(path)}: "), str(file.relative_to(path)))
    elif zipfile.is_zipfile(path):
        yield from _zipped(path)
    else:
        with path.open("rb") as data:
            yield from _documents(JsonStream(data), "")


def _zipped(path: Path) -> Iterator[tuple[str, JsonStream]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            for member in sorted(members, key=lambda one: _natural(one.filename)):
                if member.flag_bits & _ENCRYPTED:
                    raise MalformedPrices(f"{member.filename}: the page is encrypted; give a zip without a password")
                with archive.open(member) as data:
                    yield from _documents(JsonStream(data, f"{member.filename}: "), member.filename)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise MalformedPrices(f"the zip is damaged: {error}") from None


def _documents(stream: JsonStream, name: str) -> Iterator[tuple[str, JsonStream]]:
    count = 0
    while stream.more():
        count += 1
        yield name or f"page {count}", stream
    if not count:
        raise MalformedPrices(f"{name or 'the file'} is empty; it must be a page of JSON")


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split("([0-9]{1,18})", name)]


def check_numbers(names: list[str], items: int) -> None:
    """Raise MalformedPrices where the numbers in the names of pages leave one out: they rise by 1, or by `items`.

    Names that differ in more than one number tell nothing.
    """
    parts = [re.fullmatch("(.*?)([0-9]{1,12})([^0-9]*)", name) for name in names]
    numbers = [int(part[2]) for part in parts if part]
    if len(numbers) != len(names) or len({(part[1], part[3]) for part in parts if part}) > 1:
        return
    for (one, low), (other, high) in pairwise(zip(names, numbers, strict=True)):
        if high - low not in {1, items}:
            raise MalformedPrices(f"between {one} and {other} a page is missing; fetch all pages again")


def looks_in(head: bytes) -> bytes:
    """Return the beginning of the first page, where `head` is the beginning of a zip; otherwise `head` itself."""
    if not head.startswith(b"PK\x03\x04") or len(head) < _LOCAL.size:
        return head
    _, _, _, method, *_, name, extra = _LOCAL.unpack_from(head)
    body = head[_LOCAL.size + name + extra :]
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, _SHOWN) if method == zipfile.ZIP_DEFLATED else body
    except zlib.error:
        return b""
