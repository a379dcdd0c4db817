"""The checksum an image must have, said outright or by the file of checksums that its publisher keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from wharfinger.script import Failed

_LARGEST = 4 * 1024 * 1024
_SAID = re.compile(r"(sha256|sha512):([0-9a-fA-F]+)")
_DIGITS = {"sha256": 64, "sha512": 128}
_LINE = re.compile(r"\\?([0-9a-fA-F]{40,128})[ \t]+[*]?(.+)")
_BSD = re.compile(r"(SHA-?(?:256|512))\s*\((.+)\)\s*=\s*([0-9a-fA-F]+)", re.IGNORECASE)

PATTERN = r"^(sha256:[0-9a-fA-F]{64}|sha512:[0-9a-fA-F]{128}|https?://.+)$"
"""What a `checksum` param may be."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """`algorithm` is sha256 or sha512, `digest` what it must give, in lower-case hex."""

    algorithm: str
    digest: str


def said(text: str) -> Checksum | None:
    """Return the checksum that `text` says outright; None for the URL of a file."""
    match = _SAID.fullmatch(text)
    if match is None:
        return None
    if len(match[2]) != _DIGITS[match[1]]:
        why = f"checksum: {match[1]} has {_DIGITS[match[1]]} hex digits, not {len(match[2])}"
        raise Failed(why, reason="PARAMS_INVALID")
    return Checksum(match[1], match[2].lower())


def listed(pieces: Callable[[], Generator[bytearray | memoryview, None, None]], shown: str, source: str) -> Checksum:
    """Return what the file of checksums, read by `pieces`, says of the last part of the URL `source`; blocks.

    Raises Failed (SOURCE_FAILED) for a file that does not name it or that is none, and what `pieces` raises.
    """
    text = bytearray()
    for piece in pieces():
        text += piece
        if len(text) > _LARGEST:
            raise _failed(shown, f"a list of checksums has no more than {_LARGEST} bytes; this is something else")
    name = unquote(urlsplit(source).path.rpartition("/")[2])
    alone = _alone(text.decode("latin-1").strip())
    if alone is not None:
        return alone
    found = {one for line in text.decode("utf-8", "replace").splitlines() if (one := _read(line.strip(), name))}
    if not found:
        raise _failed(shown, f"it lists no SHA-256 or SHA-512 of {name!r}")
    strongest = max(found, key=lambda one: len(one.digest))
    if len({one.digest for one in found if one.algorithm == strongest.algorithm}) > 1:
        raise _failed(shown, f"it lists {name!r} more than once, with different checksums")
    return strongest


def _alone(text: str) -> Checksum | None:
    """Return the checksum that a file with nothing else in it has."""
    named = {digits: algorithm for algorithm, digits in _DIGITS.items()}
    if len(text) in named and re.fullmatch("[0-9a-fA-F]+", text):
        return Checksum(named[len(text)], text.lower())
    return None


def _read(line: str, name: str) -> Checksum | None:
    bsd = _BSD.fullmatch(line)
    match = _LINE.fullmatch(line)
    if bsd is not None:
        digest, file = bsd[3], bsd[2]
    elif match is not None:
        digest, file = match[1], match[2]
    else:
        return None
    algorithm = next((algorithm for algorithm, digits in _DIGITS.items() if digits == len(digest)), None)
    if algorithm is None or file.strip().rpartition("/")[2] != name:
        return None
    return Checksum(algorithm, digest.lower())


def _failed(shown: str, why: str) -> Failed:
    message = f"the list of checksums {shown} can't be used: {why}"
    return Failed(message, reason="SOURCE_FAILED", metadata={"url": shown, "cause": why})
