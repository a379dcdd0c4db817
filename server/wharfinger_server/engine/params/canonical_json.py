"""Params as plain JSON: what it may hold here, and its canonical bytes.

No message repeats a value that was sent: params may hold secrets, and refusals end up in logs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from wharfinger_server.domain.errors import InvalidArgument, Violation

LARGEST_INTEGER = 2**53 - 1
"""The largest whole number that every client can hold: beyond it doubles have gaps."""

MAX_VIOLATIONS = 20
"""How many violations are told at most."""

_TOLD_BYTES = 3 * 1024
"""How large they may be together: the trailers of a call hold 4 KiB in many clients."""

_LONGEST = 300

Path = tuple[str | int, ...]


def check_json(
    params: Mapping[str, Any],
    max_bytes: int = 1024 * 1024,
    max_depth: int = 64,
    *,
    field: str = "task.params",
    script: str = "",
) -> bytes:
    """Return `params` as canonical JSON: sorted keys, no white space, whole floats as integers, UTF-8.

    Args:
        params: the params as plain Python values.
        max_bytes: how large the JSON may be.
        max_depth: how deep objects and lists may be nested; the outermost object counts as 1.
        field: the path of the params in the request.
        script: whose they are, for the error's metadata.

    Raises:
        InvalidArgument: PARAMS_INVALID (script), with the paths, for NaN and infinities, whole numbers beyond
            ±(2^53-1), keys that are no strings, text that is no Unicode, values that JSON does not have and
            nesting that is too deep; PARAMS_TOO_LARGE (limit_bytes, size_bytes).
    """
    try:
        text = _encode(params, max_depth)
    except (_Unfit, TypeError):
        found = bounded(Violation(shown_path(field, path), why) for path, why in _faults(params, (), max_depth))
        raise params_invalid(found, script) from None
    if len(text) > max_bytes:
        why = f"{len(text)} bytes of JSON, and at most {max_bytes} are taken; send large data by reference"
        facts = {"limit_bytes": str(max_bytes), "size_bytes": str(len(text))}
        raise InvalidArgument("PARAMS_TOO_LARGE", f"{field}: {why}", facts, (Violation(field, why),))
    return text


def in_order(value: Any) -> Any:
    """Return JSON with the keys of all its objects sorted, as `check_json` has them.

    Their order means nothing, and the same request can come with another one each time.
    """
    if isinstance(value, Mapping):
        return {key: in_order(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [in_order(item) for item in value]
    return value


def params_invalid(violations: Sequence[Violation], script: str = "") -> InvalidArgument:
    """Return the refusal of params for `violations`, at least one."""
    first = violations[0]
    metadata = {"script": script} if script else {}
    return InvalidArgument("PARAMS_INVALID", f"{first.field}: {first.description}", metadata, violations)


def bounded(violations: Iterable[Violation]) -> list[Violation]:
    """Return the first of `violations`, without repetitions: as many as may ride in the trailers of a call."""
    found: dict[Violation, None] = {}
    size = 0
    for violation in violations:
        if violation in found:
            continue
        short = Violation(_cut(violation.field), _cut(violation.description))
        size += len(short.field.encode()) + len(short.description.encode())
        if found and (size > _TOLD_BYTES or len(found) >= MAX_VIOLATIONS):
            break
        found[short] = None
    return list(found)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_OPTIONS |= orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _encode(params: Mapping[str, Any], max_depth: int) -> bytes:
    try:
        text = orjson.dumps(params, option=_OPTIONS)
    except TypeError:
        pass  # a mapping that is no dict, or a fault: the walk tells them apart
    else:
        # Most params hold nothing that could be a whole float, a NaN (which came out as null) or deep nesting. To find
        # that out here is faster than the walk.
        doubtful = b".0" in text or b"null" in text or b"e+" in text
        if not doubtful and text.count(b"{") + text.count(b"[") <= max_depth:
            return text
    return orjson.dumps(_normal(params, max_depth), option=_OPTIONS)


class _Unfit(Exception):
    """Something can't be JSON here; `_faults` then says what and where."""


def _normal(value: Any, depth: int) -> Any:
    """Return `value` with whole floats as integers; containers are copied only where that changes something."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        if -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            return value
        raise _Unfit
    if kind is float:
        if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:  # NaN compares false, and a larger float has no fraction
            raise _Unfit
        return int(value) if value.is_integer() else value
    if depth <= 0:
        raise _Unfit
    if kind is dict or isinstance(value, Mapping):
        return {key: _normal(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_normal(item, depth - 1) for item in value]
    raise _Unfit


def _faults(value: Any, path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    if isinstance(value, (Mapping, list, tuple)) and depth <= 0:
        yield path, "is nested too deeply; flatten it, or send the inner part as a string"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                yield path, f"has a key that is {kind_of(key)}; keys must be strings"
            elif not _is_unicode(key):
                yield path, "has a key that is not valid Unicode text (it holds half of a surrogate pair)"
            else:
                yield from _faults(item, (*path, key), depth - 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _faults(item, (*path, index), depth - 1)
    else:
        fault = _scalar_fault(value)
        if fault:
            yield path, fault


def _scalar_fault(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return "" if _is_unicode(value) else "is not valid Unicode text (it holds half of a surrogate pair)"
    if isinstance(value, float) and not math.isfinite(value):
        return "is NaN or infinite, which JSON does not have; leave it out, or send a string"
    if isinstance(value, (int, float)):
        too_large = f"is a whole number beyond ±{LARGEST_INTEGER} (2^53-1); send a string"
        return "" if abs(value) <= LARGEST_INTEGER else too_large
    return f"is {kind_of(value)}, which JSON does not have; send a string"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown_path(field: str, path: Iterable[str | int]) -> str:
    """Return the path of a place below `field`: `task.params.stores[0]`; unusual keys stand in brackets and quotes."""
    for part in path:
        if isinstance(part, int):
            field += f"[{part}]"
        elif part.replace("-", "_").isidentifier() and part.isascii() and len(part) <= 100:
            field += f".{part}"
        else:
            field += f"[{orjson.dumps(part if len(part) <= 100 else part[:100] + '…').decode()}]"
    return field


def kind_of(value: Any) -> str:
    """Return what `value` is in JSON's words, with an article; never the value itself."""
    if value is None:
        return "null"
    for kind, name in _NAMES:
        if isinstance(value, kind):
            return name
    return f"a value of type {type(value).__name__}"


_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (str, "a string"),
    (int, "a whole number"),
    (float, "a number"),
    (Mapping, "an object"),
    ((list, tuple), "a list"),
)
