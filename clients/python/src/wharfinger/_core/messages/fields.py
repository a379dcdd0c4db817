"""Messages made of what callers give, with a value of the wrong type refused by the name of its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from wharfinger.errors import InvalidArgument, Violation

M = TypeVar("M", bound=Message)

_WHOLE = frozenset(
    {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT32}
    | {FieldDescriptor.CPPTYPE_UINT64, FieldDescriptor.CPPTYPE_ENUM}
)


def message(kind: type[M], place: str = "", /, **values: Any) -> M:
    """Return a message with these fields; `place` is where it stands in the request, such as `task.`.

    Raises:
        InvalidArgument: a value that its field can't have, None included.
    """
    try:
        made = kind(**values)
    except (TypeError, ValueError, AttributeError) as error:
        _blame(kind, place, values, error)
    for name, value in values.items():
        # gRPC would take None for "not given", though the caller gave it.
        if value is None:
            field: Any = kind.DESCRIPTOR.fields_by_name[name]
            refuse(place + name, f"is None; give {_wanted(field)}")
    return made


def text(place: str, value: object) -> str:
    """Return `value`, which must be text.

    Raises:
        InvalidArgument: it is not; the error names `place`.
    """
    if not isinstance(value, str):
        refuse(place, f"is {given(value)}; give text")
    return value


def refuse(place: str, why: str, reason: str = "INVALID_ARGUMENT") -> NoReturn:
    """Raise the refusal of the field at `place`."""
    metadata = {"field": place} if reason == "INVALID_ARGUMENT" else {}
    raise InvalidArgument("INVALID_ARGUMENT", reason, f"{place}: {why}", metadata, (Violation(place, why),))


def given(value: object) -> str:
    """Return in words what was given: its kind, and itself where that is short."""
    if value is None:
        return "None"
    if isinstance(value, bool):
        return str(value)
    for kind, words, shown in _KINDS:
        if isinstance(value, kind):
            return f"{words} ({value!r:.40})" if shown else words
    return f"of the type {type(value).__name__}"


_KINDS: tuple[tuple[type, str, bool], ...] = (
    (int, "a whole number", True),
    (float, "a number", True),
    (str, "text", True),
    (bytes, "bytes", False),
    (Mapping, "a mapping", False),
    (list, "a list", False),
    (tuple, "a list", False),
)


def _blame(kind: type[Message], place: str, values: Mapping[str, Any], error: Exception) -> NoReturn:
    """Raise the refusal of the field that is at fault."""
    for name, value in values.items():
        field: Any = kind.DESCRIPTOR.fields_by_name[name]
        for where, part in _parts(field, place + name, value):
            try:
                kind(**{name: part})
            except (TypeError, ValueError, AttributeError):
                refuse(where, _why(field, value, part))
    raise error


def _parts(field: FieldDescriptor, place: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Tell the places in a value that may be at fault, each with a value of the field that has nothing else."""
    if not field.is_repeated or isinstance(value, str | bytes):
        return [(place, value)]
    if isinstance(value, Mapping):
        odd = [key for key in value if not _sendable(key)]
        return [(place, odd)] if odd else [(f"{place}.{key}", {key: one}) for key, one in value.items()]
    if isinstance(value, list | tuple) and not _is_map(field):
        return [(f"{place}[{index}]", [one]) for index, one in enumerate(value)] or [(place, value)]
    return [(place, value)]


def _sendable(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(value.encode() or True)
    except UnicodeEncodeError:
        return False


def _why(field: FieldDescriptor, value: object, part: Any) -> str:
    """Return what is wrong with `value`, of which `part` alone is wrong too."""
    if _is_map(field):
        if not isinstance(value, Mapping):
            return f"is {given(value)}; give a mapping of text to text"
        if not isinstance(part, Mapping):
            return f"the key {part[0]!r} is no text that can be sent"
        ((_, part),) = part.items()
        entry: Any = field.message_type
        field = entry.fields_by_name["value"]
    elif isinstance(part, list) and isinstance(value, list | tuple) and part is not value:
        (part,) = part
    if isinstance(part, str) and not _sendable(part):
        return "is text with half a character in it (a lone surrogate), which can't be sent"
    if isinstance(part, int) and field.cpp_type in _WHOLE:
        return f"is {given(part)}, which is too large or too small"
    return f"is {given(part)}; give {_wanted(field)}"


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _wanted(field: FieldDescriptor) -> str:
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return "True or False"
    if field.cpp_type in _WHOLE:
        return "a whole number"
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        one = "bytes" if field.type == FieldDescriptor.TYPE_BYTES else "text"
        return f"a list of {one}" if field.is_repeated else one
    return "what the API's reference says"
