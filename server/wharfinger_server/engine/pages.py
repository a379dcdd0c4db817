"""Page tokens: opaque, bound to the question they continue."""

from __future__ import annotations

import base64
import hashlib
import struct

from wharfinger_server.domain.errors import invalid

_FORM = struct.Struct(">B8sQ")
_VERSION = 1
_LARGEST = 2**63 - 1
"""What a database can compare with: a forged token may hold more."""


def _digest(question: tuple[object, ...]) -> bytes:
    return hashlib.sha256(repr(question).encode()).digest()[:8]


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
        version, digest, after = _FORM.unpack(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, struct.error):
        raise invalid("page_token", "it is not a token that this server gave out", "INVALID_PAGE_TOKEN") from None
    if after > _LARGEST:
        raise invalid("page_token", "it is not a token that this server gave out", "INVALID_PAGE_TOKEN")
    if version != _VERSION or digest != _digest(question):
        raise invalid(
            "page_token",
            "it belongs to another request; send it with the same parent, filter and order_by, or begin without it",
            "INVALID_PAGE_TOKEN",
        )
    return int(after)


def page_limit(asked: int, usual: int, most: int) -> int:
    """Return how many items a page has. Raises InvalidArgument for a negative number."""
    if asked < 0:
        raise invalid("page_size", f"{asked} is negative; 0 asks for the usual {usual}")
    return min(asked or usual, most)
