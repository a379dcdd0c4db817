"""JSON values to and from google.protobuf.Struct, with what a Struct would quietly change refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

from wharfinger._core.messages.fields import given
from wharfinger.errors import InvalidArgument, Violation

# A Struct holds doubles; beyond this a whole number would become another one.
LARGEST = 2**53 - 1
DEPTH = 100
_SURROGATE = "has half a character in it (a lone surrogate), which can't be sent"


def to_struct(values: Mapping[str, Any], path: str) -> struct_pb2.Struct:
    """Return `values` as a Struct; `path` is the field's place in the request, for errors.

    Raises:
        InvalidArgument: a value that JSON does not have, or a whole number beyond 2^53-1; it names the place.
    """
    if not isinstance(values, Mapping):
        raise _refused(path, f"is {given(values)}; give a mapping of names to values")
    target = struct_pb2.Struct()
    _fill_struct(target, values, path, 0)
    return target


def _fill_struct(target: struct_pb2.Struct, values: Mapping[str, Any], path: str, depth: int) -> None:
    if depth > DEPTH:
        raise _refused(path, f"nested deeper than {DEPTH} levels")
    for key, value in values.items():
        if not isinstance(key, str):
            raise _refused(path, f"the key {key!r} is no string")
        try:
            inner = target.fields[key]
        except UnicodeEncodeError:
            raise _refused(path, f"the key {key!r} {_SURROGATE}") from None
        _fill(inner, value, f"{path}.{key}", depth + 1)


def _fill(target: struct_pb2.Value, value: object, path: str, depth: int) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        try:
            target.string_value = value
        except UnicodeEncodeError:
            raise _refused(path, _SURROGATE) from None
    elif isinstance(value, int | float):
        target.number_value = _number(value, path)
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        _fill_struct(target.struct_value, value, path, depth)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        if depth > DEPTH:
            raise _refused(path, f"nested deeper than {DEPTH} levels")
        for index, item in enumerate(value):
            _fill(target.list_value.values.add(), item, f"{path}[{index}]", depth + 1)
    else:
        kind = type(value).__name__
        raise _refused(path, f"{kind} is nothing that JSON has; send text, numbers, booleans, lists or mappings")


def _number(value: float, path: str) -> float:
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise _refused(path, "whole numbers beyond 2^53-1 would be changed on the way; send a string")
    elif not math.isfinite(value):
        raise _refused(path, f"{value} is no number that JSON has")
    return value


def _refused(path: str, description: str) -> InvalidArgument:
    violation = Violation(path, description)
    return InvalidArgument("INVALID_ARGUMENT", "PARAMS_INVALID", f"{path}: {description}", {}, (violation,))


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return the values of a Struct; whole numbers come back as int."""
    fields = struct.fields
    # The wire has no order of its own, and a different one each time would be shown.
    return {key: _value(fields[key]) for key in sorted(fields)}


def _value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) <= LARGEST else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    return None
