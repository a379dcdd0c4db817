"""Reads values of the client from messages: each field from the field of its name, by the descriptor and the type.

A field that is read from elsewhere says so where it is declared (`told` in `wharfinger._model`). To read one more field
of a message, its value declares it, and that is all.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from wharfinger._core.messages.jsonvalues import from_struct
from wharfinger._core.messages.times import moment, seconds
from wharfinger._model import WIRE, Model
from wharfinger.prices import Money
from wharfinger.v1 import price_pb2

M = TypeVar("M", bound=Model)
Read = Callable[[Any], Any]
_RAW = "raw"


def read(model: type[M], message: Message, **fixed: Any) -> M:
    """Return the value that `message` tells; fields in `fixed` are not read, and are that."""
    reader = _reader(model, message.DESCRIPTOR, tuple(fixed.items()))  # type: ignore[arg-type]  # classes have hashes
    return cast(M, reader(message))


def enum_word(enum: EnumDescriptor, number: int) -> str:
    """Return the API's word for a value without its prefix; "UNKNOWN" for one that this client does not know."""
    return enum_words(enum).get(number, "UNKNOWN")


def money(value: price_pb2.DecimalMoney) -> Money | None:
    """Return an amount, None for one that is no number."""
    try:
        return Money(Decimal(value.amount), value.currency_code)
    except InvalidOperation:
        return None


@cache
def enum_words(enum: EnumDescriptor) -> Mapping[int, str]:
    """Return the words of an enumeration by number, without the prefix that all have and without UNSPECIFIED."""
    unspecified = enum.values_by_number[0].name
    prefix = unspecified.removesuffix("UNSPECIFIED")
    return {value.number: value.name.removeprefix(prefix) for value in enum.values if value.number}


@cache
def _reader(model: type[Model], descriptor: Any, fixed: tuple[tuple[str, Any], ...]) -> Read:
    """Return what makes a `model` of messages of that kind: written out and compiled, as dataclasses do it with theirs.

    It runs for every task of a list and every event of a watch; a loop over the fields takes twice as long.

    Raises:
        LookupError: the model has a field that neither the message has, nor its declaration reads from elsewhere.
    """
    known: dict[str, Any] = {"model": model}
    arguments: list[str] = []
    hints, given = typing.get_type_hints(model), dict(fixed)
    for number, one in enumerate(fields(model)):  # type: ignore[arg-type]  # every model is a dataclass
        if one.name in given:
            known[f"given{number}"] = given[one.name]
            arguments.append(f"{one.name}=given{number}")
            continue
        expression, each = _field(one, hints[one.name], descriptor)
        if expression:
            known[f"read{number}"] = each
            arguments.append(f"{one.name}={expression.format(read=f'read{number}')}")
    source = f"def make(message):\n    return model({', '.join(arguments)})"
    exec(source, known)  # noqa: S102  # of nothing but the names of our own fields and those of the API
    return cast(Read, known["make"])


def _field(one: Field[Any], hint: Any, descriptor: Any) -> tuple[str, Read]:
    """Return the expression that reads a field of `message`, by the function `{read}`, and that function.

    The expression is empty where the field keeps its default.
    """
    if one.name == _RAW:
        return "message", _itself
    of = one.metadata.get(WIRE, one.name)
    if of is None:
        return "", _itself
    if callable(of):
        return "{read}(message)", of
    found: FieldDescriptor | None = descriptor.fields_by_name.get(of)
    if found is None:
        raise LookupError(f"{descriptor.full_name} has no field {of}; say where {one.name} is read from, by `told`")
    return _of_field(found, hint, optional=one.default is None)


def _of_field(field: FieldDescriptor, hint: Any, *, optional: bool) -> tuple[str, Read]:
    """Return how a field is read, as `_field`; one that is `optional` is None where it is not set."""
    place = f"message.{field.name}"
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        # The wire has no order of its own, and a different one each time would be shown.
        return f"dict(sorted({place}.items()))", _itself
    each = _of_value(field, _inner(hint))
    if field.is_repeated:
        return f"tuple(value for value in map({{read}}, {place}) if value is not None)", each
    expression = place if each is _itself else f"{{read}}({place})"
    if optional and field.has_presence:
        expression += f" if message.HasField({field.name!r}) else None"
    return expression, each


def _itself(value: Any) -> Any:
    return value


def _of_value(field: FieldDescriptor, hint: Any) -> Read:
    """Return what reads one value of the field."""
    kind: Any = field.message_type
    if kind is not None:
        return _KINDS.get(kind.full_name) or _reader(hint, kind, ())
    enum = field.enum_type
    if enum is not None:
        words = enum_words(enum)
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            members = {number: hint(word) for number, word in words.items()}
            unknown = hint("UNKNOWN")
            return lambda number: members.get(number, unknown)
        return lambda number: words.get(number, "UNKNOWN")
    return Decimal if hint is Decimal else _itself


def _inner(hint: Any) -> Any:
    """Return the type of one value: without None, and of a tuple that of its items."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    if typing.get_origin(hint) is tuple:
        hint = typing.get_args(hint)[0]
    return hint


_KINDS: Mapping[str, Read] = {
    "google.protobuf.Timestamp": moment,
    "google.protobuf.Duration": seconds,
    "google.protobuf.Struct": from_struct,
    price_pb2.DecimalMoney.DESCRIPTOR.full_name: money,
}
