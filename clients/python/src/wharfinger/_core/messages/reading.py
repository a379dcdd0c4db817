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
from operator import attrgetter
from typing import Any, TypeVar, Union, cast

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from wharfinger._core.messages.jsonvalues import from_struct
from wharfinger._core.messages.status import code_name, detail
from wharfinger._core.messages.times import moment, seconds
from wharfinger._model import WIRE, Model
from wharfinger.models import Failure
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


def failure(status: status_pb2.Status) -> Failure | None:
    """Return why something failed, None for a status that says OK."""
    if not status.code:
        return None
    info = detail(status, error_details_pb2.ErrorInfo)
    return Failure(
        code=code_name(status.code),
        reason=info.reason if info else "",
        message=status.message,
        metadata=dict(info.metadata) if info else {},
        raw=status,
    )


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
    """Return what makes a `model` of messages of that kind.

    Raises:
        LookupError: the model has a field that neither the message has, nor its declaration reads from elsewhere.
    """
    given = dict(fixed)
    hints = typing.get_type_hints(model)
    names: list[str] = []
    reads: list[Read] = []
    for one in fields(model):  # type: ignore[arg-type]  # every model is a dataclass
        if one.name in given:
            continue
        read_one = _field(one, hints[one.name], descriptor)
        if read_one is not None:
            names.append(one.name)
            reads.append(read_one)

    def make(message: Message) -> Model:
        return model(**{name: read_one(message) for name, read_one in zip(names, reads, strict=True)}, **given)

    return make


def _field(one: Field[Any], hint: Any, descriptor: Any) -> Read | None:
    if one.name == _RAW:
        return lambda message: message
    of = one.metadata.get(WIRE, one.name)
    if of is None or callable(of):
        return cast(Read | None, of)
    found: FieldDescriptor | None = descriptor.fields_by_name.get(of)
    if found is None:
        raise LookupError(f"{descriptor.full_name} has no field {of}; say where {one.name} is read from, by `told`")
    return _of_field(found, hint, optional=one.default is None)


def _of_field(field: FieldDescriptor, hint: Any, *, optional: bool) -> Read:
    """Return what reads a field; one that is `optional` is None where it is not set."""
    get = attrgetter(field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        # The wire has no order of its own, and a different one each time would be shown.
        return lambda message: dict(sorted(get(message).items()))
    each = _of_value(field, _inner(hint))
    if field.is_repeated:
        return lambda message: tuple(value for value in map(each, get(message)) if value is not None)
    if optional and field.has_presence:
        return lambda message: each(get(message)) if message.HasField(field.name) else None
    return get if each is _itself else lambda message: each(get(message))


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
    "google.rpc.Status": failure,
    price_pb2.DecimalMoney.DESCRIPTOR.full_name: money,
}
