"""Whether what was answered is what a scenario expects.

An expected object asks for its own keys and leaves others be; lists, texts and numbers must be equal. An object with
one key that begins with `$` asks for something else:

    {"$re": "a|b"}        a text in which that regular expression is found
    {"$size": 3}          a list, object or text of that many; may be a condition: {"$size": {"$least": 1}}
    {"$has": [...]}       a list that has an element for each of these, in any order
    {"$each": ...}        a list whose every element is so
    {"$exactly": ...}     an object without further keys, at any depth; a list in that order
    {"$one_of": [...]}    any of these
    {"$least": 1}, {"$most": 2}
    {"$maybe": ...}       so, or not there at all
    {"$not": ...}
    {"$any": true}        whatever it is, as long as it is there
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


def differences(expected: Any, found: Any, where: str = "") -> list[str]:
    """Return what is not as expected, each with its place; empty where all is."""
    if isinstance(expected, dict):
        first = next(iter(expected), "")
        if len(expected) == 1 and first.startswith("$"):
            return _CONDITIONS[first](expected[first], found, where)
        return _object(expected, found, where)
    if isinstance(expected, list):
        return _list(expected, found, where)
    if isinstance(expected, bool) is not isinstance(found, bool) or expected != found:
        return [_wrong(where, expected, found)]
    return []


def _object(expected: dict[str, Any], found: Any, where: str) -> list[str]:
    if not isinstance(found, dict):
        return [_wrong(where, "an object", found)]
    return [
        line
        for key, value in expected.items()
        for line in differences(value, found.get(key, MISSING), f"{where}.{key}" if where else key)
    ]


def _list(expected: list[Any], found: Any, where: str) -> list[str]:
    if not isinstance(found, list) or len(found) != len(expected):
        return [_wrong(where, expected, found)]
    return [
        line
        for number, (one, other) in enumerate(zip(expected, found, strict=True))
        for line in differences(one, other, f"{where}[{number}]")
    ]


def _wrong(where: str, expected: Any, found: Any) -> str:
    return f"{where or 'it'} is {_short(found)}, expected {_short(expected)}"


def _short(value: Any) -> str:
    text = repr(value) if value is MISSING else json.dumps(value, ensure_ascii=False)
    return text if len(text) < 300 else f"{text[:200]} … {text[-60:]} ({len(text)} characters)"


def _re(expected: Any, found: Any, where: str) -> list[str]:
    fits = isinstance(found, str) and re.search(expected, found, re.IGNORECASE)
    return [] if fits else [_wrong(where, f"a text like {expected}", found)]


def _size(expected: Any, found: Any, where: str) -> list[str]:
    if not isinstance(found, (list, dict, str)):
        return [_wrong(where, "something that has a size", found)]
    return differences(expected, len(found), f"the size of {where or 'it'}")


def _has(expected: Any, found: Any, where: str) -> list[str]:
    if not isinstance(found, list):
        return [_wrong(where, "a list", found)]
    lacking = [one for one in expected if all(differences(one, other) for other in found)]
    return [f"{where or 'it'} is {_short(found)}, and lacks {_short(one)}" for one in lacking]


def _each(expected: Any, found: Any, where: str) -> list[str]:
    if not isinstance(found, list):
        return [_wrong(where, "a list", found)]
    return [line for n, other in enumerate(found) for line in differences(expected, other, f"{where}[{n}]")]


def _exactly(expected: Any, found: Any, where: str) -> list[str]:
    same = type(expected) is type(found) or isinstance(expected, (int, float))
    return [] if same and expected == found else [_wrong(where, expected, found)]


def _one_of(expected: Any, found: Any, where: str) -> list[str]:
    return [] if any(not differences(one, found) for one in expected) else [_wrong(where, expected, found)]


def _least(expected: Any, found: Any, where: str) -> list[str]:
    fits = isinstance(found, (int, float)) and found >= expected
    return [] if fits else [_wrong(where, f"{expected} or more", found)]


def _most(expected: Any, found: Any, where: str) -> list[str]:
    fits = isinstance(found, (int, float)) and found <= expected
    return [] if fits else [_wrong(where, f"{expected} or less", found)]


def _maybe(expected: Any, found: Any, where: str) -> list[str]:
    return [] if found is MISSING else differences(expected, found, where)


def _not(expected: Any, found: Any, where: str) -> list[str]:
    return [] if differences(expected, found) else [_wrong(where, f"anything but {_short(expected)}", found)]


def _any(expected: Any, found: Any, where: str) -> list[str]:
    return [_wrong(where, "something", found)] if (found is MISSING) is expected else []


_CONDITIONS: dict[str, Callable[[Any, Any, str], list[str]]] = {
    "$re": _re,
    "$size": _size,
    "$has": _has,
    "$each": _each,
    "$exactly": _exactly,
    "$one_of": _one_of,
    "$least": _least,
    "$most": _most,
    "$maybe": _maybe,
    "$not": _not,
    "$any": _any,
}
