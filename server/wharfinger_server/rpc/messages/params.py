"""google.protobuf.Struct to plain Python and back, by hand: the library's own way costs more than all checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.struct_pb2 import ListValue, Struct, Value

from wharfinger_server.domain.errors import Violation
from wharfinger_server.rpc.messages.text import clean

MAX_WHOLE = 2**53 - 1


class UnfitNumber(ValueError):
    """A Struct holds a value that does not travel; `faults` of the same Struct names every place."""


def struct_to_python(struct: Struct) -> dict[str, Any]:
    """Return the Struct as plain Python, whole floats as integers.

    Raises:
        UnfitNumber: some number is not finite or whole and beyond 2^53-1, or a value is not set.
    """
    fields = struct.fields
    plain: dict[str, Any] = {}
    for key in fields:
        value = fields[key]
        kind = value.WhichOneof("kind")
        # The usual kinds stand here, because a call for each value costs as much as the conversion.
        if kind == "string_value":
            plain[key] = value.string_value
        elif kind == "number_value":
            plain[key] = _number(value.number_value)
        else:
            plain[key] = _other(kind, value)
    return plain


def _list_to_python(values: ListValue) -> list[Any]:
    plain: list[Any] = []
    for value in values.values:
        kind = value.WhichOneof("kind")
        if kind == "string_value":
            plain.append(value.string_value)
        elif kind == "number_value":
            plain.append(_number(value.number_value))
        else:
            plain.append(_other(kind, value))
    return plain


def _other(kind: str | None, value: Value) -> Any:
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        return struct_to_python(value.struct_value)
    if kind == "list_value":
        return _list_to_python(value.list_value)
    if kind == "null_value":
        return None
    raise UnfitNumber


def _number(number: float) -> float:
    if number.is_integer():
        if -MAX_WHOLE <= number <= MAX_WHOLE:
            return int(number)
    elif number - number == 0.0:  # finite
        return number
    raise UnfitNumber


def faults(struct: Struct, path: str) -> list[Violation]:
    """Return every value of the Struct that `struct_to_python` refuses, with its place below `path`."""
    return [violation for key in sorted(struct.fields) for violation in _faults(struct.fields[key], f"{path}.{key}")]


def _faults(value: Value, path: str) -> Iterator[Violation]:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        yield from faults(value.struct_value, path)
    elif kind == "list_value":
        for index, item in enumerate(value.list_value.values):
            yield from _faults(item, f"{path}[{index}]")
    elif kind is None:
        yield Violation(path, "has no value; send null for none")
    elif kind == "number_value":
        number = value.number_value
        if number - number != 0.0:
            yield Violation(path, "is not a finite number, and JSON has no other")
        elif number.is_integer() and abs(number) > MAX_WHOLE:
            yield Violation(path, "is a whole number beyond 2^53-1, which is not carried exactly; send it as a string")


def fill_struct_json(struct: Struct, document: bytes) -> None:
    """Fill an empty Struct from a JSON object; whole numbers beyond 2^53-1 become strings, so that they stay exact."""
    struct.SetInParent()
    if len(document) > 2:
        fill_struct(struct, json.loads(document))


def fill_struct(struct: Struct, values: Mapping[str, Any]) -> None:
    """Fill an empty Struct from plain JSON values."""
    struct.SetInParent()
    fields = struct.fields
    for key, value in values.items():
        _fill_value(fields[clean(key)], value)


def _fill_value(message: Value, value: Any) -> None:
    if isinstance(value, str):
        message.string_value = clean(value)
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int):
        if -MAX_WHOLE <= value <= MAX_WHOLE:
            message.number_value = value
        else:
            message.string_value = str(value)
    elif isinstance(value, float):
        message.number_value = value
    elif value is None:
        message.null_value = 0  # type: ignore[assignment]
    elif isinstance(value, Mapping):
        fill_struct(message.struct_value, value)
    else:
        items: ListValue = message.list_value
        items.SetInParent()
        for item in value:
            _fill_value(items.values.add(), item)
