"""Strict JSON: results, memos and undo data, checked as the wire and the database will take them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

_DEEPEST = 30
"""Levels of nesting. Protobuf parsers give up at 100: each level of JSON takes three, and answers wrap it in a few."""

_LARGEST = 2**53 - 1

_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_CANONICAL = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)


class NotJson(ValueError):
    """A value that can't be kept as JSON. `path` names the place, such as `result.nodes[2].ip`; `why` the fault."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} {why}")
        self.path = path
        self.why = why


def encode(value: Any, path: str, *, exact: bool = True) -> bytes:
    """Return `value` as compact JSON. Raises NotJson naming the first place under `path` that JSON can't hold.

    `exact`: whole numbers beyond 2^53-1 are refused too, because readers that use doubles would change them.
    """
    _check(value, path, 0, exact)
    return _COMPACT.encode(value).encode()


def canonical(value: Any, path: str) -> str:
    """Return `value` as the JSON text that is the same for equal values. Raises NotJson."""
    _check(value, path, 0, exact=False)
    return _CANONICAL.encode(value)


def digest(value: Any) -> str:
    """Return the SHA-256 (hex) of `value`'s canonical JSON."""
    return hashlib.sha256(canonical(value, "value").encode()).hexdigest()


def request_digest(
    kind: str,
    profile: str,
    region: str,
    attributes: Mapping[str, str],
    after: tuple[str, ...],
    undo_data: str,
    group: str,
) -> str:
    """Return what tells whether a later attempt asks for the same thing under a key."""
    return digest([kind, profile, region, dict(attributes), list(after), undo_data, group])


def _check(value: Any, path: str, depth: int, exact: bool) -> None:
    if depth > _DEEPEST:
        raise NotJson(path[:200], f"is nested deeper than {_DEEPEST} levels")
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, (float, int)):
        _check_number(value, path, exact)
    elif isinstance(value, dict):
        for key, one in value.items():
            if not isinstance(key, str):
                raise NotJson(path, f"has the key {key!r}; keys must be strings")
            _check_text(key, path)
            _check(one, f"{path}.{key}", depth + 1, exact)
    elif isinstance(value, (list, tuple)):
        for index, one in enumerate(value):
            _check(one, f"{path}[{index}]", depth + 1, exact)
    elif value is not None:
        kinds = {Mapping: "; make it a dict", AbstractSet: "; make it a list"}
        hint = next((hint for kind, hint in kinds.items() if isinstance(value, kind)), "")
        raise NotJson(path, f"is a {type(value).__qualname__}, which JSON can't hold{hint}")


def _check_number(value: Any, path: str, exact: bool) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson(path, f"is {value}, which JSON has no number for")
    elif exact and abs(value) > _LARGEST:
        raise NotJson(path, "is a whole number beyond 2^53-1; make it a string")


def _check_text(value: str, path: str) -> None:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotJson(path, "holds a lone surrogate, which is no valid Unicode") from None
