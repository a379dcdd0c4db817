"""Page tokens: opaque, bound to the question they continue."""

from __future__ import annotations

import base64
import hashlib
import struct

from wharfinger_server.domain.errors import InvalidArgument, invalid

_FORM = struct.Struct(">B8sQ")
_VERSION = 1
_PLACE_VERSION = 2
_DIGEST_BYTES = 8
_LARGEST = 2**63 - 1
"""What a database can compare with: a forged token may hold more."""


def _digest(question: tuple[object, ...]) -> bytes:
    return hashlib.sha256(repr(question).encode()).digest()[:_DIGEST_BYTES]


def page_token(after: int, *question: object) -> str:
    """Return the token of the page after item `after` of `question`."""
    return base64.urlsafe_b64encode(_FORM.pack(_VERSION, _digest(question), after)).decode().rstrip("=")


def page_start(token: str, *question: object) -> int:
    """Return after which item the page begins, 0 for the first one.

    Raises InvalidArgument INVALID_PAGE_TOKEN for a token that is none, or that belongs to another question.
    """
    if not token:
        return 0
    try:
        version, digest, after = _FORM.unpack(_decoded(token))
    except (ValueError, struct.error):
        raise _forged() from None
    if after > _LARGEST:
        raise _forged()
    if version != _VERSION or digest != _digest(question):
        raise _of_another()
    return int(after)


def place_token(after: str, *question: object) -> str:
    """Return the token of the page after the place `after`, where items are known by text."""
    told = bytes((_PLACE_VERSION,)) + _digest(question) + after.encode()
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def place_start(token: str, *question: object) -> str:
    """Return after which place the page begins, "" for the first one. Raises as `page_start`."""
    if not token:
        return ""
    try:
        told = _decoded(token)
        after = told[1 + _DIGEST_BYTES :].decode()
    except ValueError:
        raise _forged() from None
    if not after:
        raise _forged()
    if told[0] != _PLACE_VERSION or told[1 : 1 + _DIGEST_BYTES] != _digest(question):
        raise _of_another()
    return after


def _decoded(token: str) -> bytes:
    """Return what a token holds. Raises ValueError."""
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def _forged() -> InvalidArgument:
    return invalid("page_token", "it is not a token that this server gave out", "INVALID_PAGE_TOKEN")


def _of_another() -> InvalidArgument:
    why = "it belongs to another request; send it with the same parent, filter and order_by, or begin without it"
    return invalid("page_token", why, "INVALID_PAGE_TOKEN")


def page_limit(asked: int, usual: int, most: int) -> int:
    """Return how many items a page has. Raises InvalidArgument for a negative number."""
    if asked < 0:
        raise invalid("page_size", f"{asked} is negative; 0 asks for the usual {usual}")
    return min(asked or usual, most)
