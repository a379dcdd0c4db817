"""The inspection of an image while it streams by: its format, and what makes it no image, or one that reaches outside.

oslo.utils' inspectors know the formats, as OpenStack's image service trusts them. What they don't look for is seen
here: pages and other text, and images that end before they are whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache
from typing import TYPE_CHECKING, Any

from wharfinger.script import Failed
from wharfinger_image.transfer import Piece
from wharfinger_image.wholeness import Wholeness

if TYPE_CHECKING:
    from oslo_utils.imageutils.format_inspector import FileInspector

NAMES = ("raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso", "gpt", "luks")
"""The formats that can be named; a disk with a partition table (gpt) is raw too."""

_TOLD = 4096
"""How many bytes tell a text from an image."""

_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<!--", b"<script")
_SIGNATURES = {b"QFI\xfb": "qcow2", b"KDMV": "vmdk", b"QED\0": "qed", b"conectix": "vhd", b"vhdxfile": "vhdx"}

_UNJUDGED = frozenset({"gpt", "luks"})
"""Formats whose checks are about tidiness: a partition table, or a cipher, leads to no other file."""

_WHY = {
    "backing_file": "it has a backing file: it is only the difference to another image",
    "data_file": "it has a data file: its bytes are in another file",
    "unknown_features": "it uses features that are not known",
    "descriptor": "its descriptor leads to other files, or is of a kind that does",
    "footer": "its end is not what its beginning says; it may be cut short",
    "banned": "images of this format are never taken",
}


class Inspector:
    """Looks at one image, which must be of the format `expected`: a name, or `auto` for any that is safe."""

    def __init__(self, expected: str, shown: str) -> None:
        self._expected = expected
        self._shown = shown
        self._beginning = bytearray()
        self._judged = False
        self._size = 0
        self._inspectors: list[FileInspector] = [kind() for kind in _kinds()]
        self._safe: set[FileInspector] = set()
        self._wholeness = Wholeness()

    async def watched(self, pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
        """Pass `pieces` on. Raises Failed (FORMAT_REFUSED) as soon as it shows that they are no image to be taken."""
        async for piece in pieces:
            self.see(piece)
            yield piece
        self.finish()

    def see(self, piece: Piece) -> None:
        """Look at the next bytes; raises Failed."""
        self._size += len(piece)
        if len(self._beginning) < _TOLD:
            self._beginning += memoryview(piece)[: _TOLD - len(self._beginning)]
        if self._inspectors:
            self._feed(bytes(piece))
        self._wholeness.see(piece)
        if not self._judged and len(self._beginning) >= _TOLD:
            self._judge_text()

    def finish(self) -> str:
        """Return the format of what was seen, all of it; raises Failed."""
        if not self._judged:
            self._judge_text()
        for one in self._inspectors:
            one.finish()
            if one.format_match and one not in self._safe:
                self._check(one)
        found = self._format()
        if self._expected != "auto" and not self._is(found, self._expected):
            raise self._refused(f"it is {_named(found)}, not {self._expected}", found)
        missing = self._wholeness.missing(found, self._size)
        if missing:
            raise self._refused(f"it is cut short: {missing}", found)
        return found

    def _feed(self, chunk: bytes) -> None:
        """Show a chunk to the inspectors, and forget those that have seen that it is not theirs."""
        left = []
        for one in self._inspectors:
            try:
                one.eat_chunk(chunk)
            except Exception as error:  # noqa: BLE001 - what a parser raises on bytes from strangers
                if one.format_match:
                    raise self._refused(f"it can't be read: {error}", one.NAME) from None
                continue
            if one.format_match and one.complete and one not in self._safe:
                self._check(one)
            if one.format_match or not one.complete:
                left.append(one)
        self._inspectors = left

    def _check(self, one: FileInspector) -> None:
        from oslo_utils.imageutils.format_inspector import ImageFormatError, SafetyCheckFailed

        self._safe.add(one)
        if one.NAME in _UNJUDGED:
            return
        try:
            one.safety_check()
        except SafetyCheckFailed as error:
            known = [f"{_WHY.get(name, name)} ({told})" for name, told in error.failures.items()]
            raise self._refused("; ".join(known), one.NAME) from None
        except ImageFormatError as error:
            raise self._refused(f"it can't be read to its end: {error}", one.NAME) from None

    def _judge_text(self) -> None:
        self._judged = True
        if any(one.format_match for one in self._inspectors):
            return
        text = bytes(self._beginning).lstrip(b"\xef\xbb\xbf \t\r\n")
        if text.lower().startswith(_PAGES):
            raise self._refused("it is a page for browsers (HTML or XML), such as a login or error page", "html")
        if text and _is_text(bytes(self._beginning)):
            raise self._refused("it is text", "text")

    def _format(self) -> str:
        found = sorted(one.NAME for one in self._inspectors if one.format_match)
        if len(found) > 1:
            found = [name for name in found if name != "gpt"]  # disks and discs that start a machine have both
        if len(found) > 1:
            raise self._refused(f"it looks like {' and '.join(found)} at once", ", ".join(found))
        if found:
            return found[0]
        begun = next((name for sign, name in _SIGNATURES.items() if self._beginning.startswith(sign)), None)
        if begun is not None:
            raise self._refused(f"it begins as {begun} and can't be read on; it may be cut short", begun)
        return "raw"

    @staticmethod
    def _is(found: str, expected: str) -> bool:
        return found == expected or (expected == "raw" and found == "gpt")

    def _refused(self, why: str, found: str) -> Failed:
        advice = "nothing of it is kept. If it is what you want, say format=any, and it is not looked at"
        return Failed(
            f"{self._shown} is refused: {why}; {advice}",
            reason="FORMAT_REFUSED",
            metadata={"expected": self._expected, "format": found, "cause": why},
        )


@cache
def _kinds() -> tuple[Any, ...]:
    from oslo_utils.imageutils.format_inspector import ALL_FORMATS

    return tuple(kind for name, kind in ALL_FORMATS.items() if name != "raw")


def _named(found: str) -> str:
    return "a disk with a partition table (gpt)" if found == "gpt" else found


def _is_text(data: bytes) -> bool:
    """Whether `data`, the beginning of a file, is text: UTF-8 or UTF-16, without control characters, and in words."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:  # a character that the end of `data` cuts
            return False
        text = data[: error.start].decode()
    printable = all(char >= " " or char in "\t\n\r\f\x1b" for char in text) and "\x7f" not in text
    return printable and (len(data) < _TOLD or any(char.isspace() for char in text))
