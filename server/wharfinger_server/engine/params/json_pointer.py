"""JSON pointers (RFC 6901): places in params, and references within a schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def pointer(path: Iterable[str | int]) -> str:
    """Return a path as a JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def words(place: str) -> list[str]:
    """Return the words of a JSON pointer; a number in an array is a word, too."""
    return [word.replace("~1", "/").replace("~0", "~") for word in place.split("/")[1:]]


def referred(root: Any, reference: Any) -> Any:
    """Return what a schema's `$ref` such as "#/a/b" refers to within `root`; None for nothing, or of another kind."""
    if not isinstance(reference, str) or (reference != "#" and not reference.startswith("#/")):
        return None
    found = root
    for word in words(reference[1:]):
        found = found.get(word) if isinstance(found, Mapping) else None
    return found
