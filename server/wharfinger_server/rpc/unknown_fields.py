"""Refuses requests with fields that this server does not know: a newer client's `dry_run` must not be done for real."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from google.protobuf import unknown_fields
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message

from wharfinger_server.domain.errors import Unimplemented


def changes_nothing(call: MethodDescriptor) -> bool:
    """Whether the call has no side effects, as our API says of each; it may then leave out what it does not know."""
    if not call.containing_service.full_name.startswith("wharfinger."):
        return call.name.startswith(("Get", "List", "Wait"))
    return bool(call.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS)


def refuse_unknown(request: Message) -> None:
    """Raise Unimplemented NOT_SUPPORTED, naming a field of the request that this server does not know."""
    size = request.ByteSize()
    known = type(request)()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    if known.ByteSize() == size:
        return
    found = next(_unknown(request, ""), "an unknown field")
    said = f"{found} is not known to this server: it is older than the client, and refuses rather than ignore it"
    raise Unimplemented("NOT_SUPPORTED", said, {"feature": found})


def _unknown(message: Message, path: str) -> Iterator[str]:
    """Tell the unknown fields of a message by their numbers, each with the place of what it is a field of."""
    for field in cast("Iterable[Any]", unknown_fields.UnknownFieldSet(message)):
        yield f"field {field.field_number} of {path or 'the request'}"
    for known, value in message.ListFields():
        if known.message_type is None:
            continue
        place = f"{path}.{known.name}" if path else known.name
        if known.message_type.GetOptions().map_entry:
            inner: Any = known.message_type.fields_by_name["value"]
            parts = [(f"{place}.{key}", one) for key, one in value.items()] if inner.message_type else []
        elif known.is_repeated:
            parts = [(f"{place}[{index}]", one) for index, one in enumerate(value)]
        else:
            parts = [(place, value)]
        for where, part in parts:
            yield from _unknown(part, where)
