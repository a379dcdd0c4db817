"""How messages are written: as protobuf's bytes, which pass through as they are, or as JSON by their descriptors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Protocol

import orjson
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from wharfinger_server.domain.errors import InvalidArgument, Unimplemented
from wharfinger_server.rpc.calls import Raw

_FREE = "google.protobuf."
"""Messages of this package have JSON of their own, whose members are no fields."""


class Codec(Protocol):
    """Translates what a caller writes and reads."""

    name: str

    def request(self, body: bytes) -> Raw:
        """Return what a handler takes."""
        ...

    def answer(self, call: MethodDescriptor, message: bytes) -> bytes:
        """Return what a handler returned as the caller reads it."""
        ...


class Binary:
    """Protobuf."""

    name = "proto"

    def request(self, body: bytes) -> Raw:
        """Return the same."""
        return body

    def answer(self, call: MethodDescriptor, message: bytes) -> bytes:
        """Return the same."""
        return message


class Json:
    """Protobuf's JSON."""

    name = "json"

    def request(self, body: bytes) -> Raw:
        """Return what reads the text once it is known who calls."""
        return Text(body)

    def answer(self, call: MethodDescriptor, message: bytes) -> bytes:
        """Return the message as JSON."""
        return as_json(message_factory.GetMessageClass(call.output_type).FromString(message))


def as_json(message: Message) -> bytes:
    """Return a message as JSON."""
    return orjson.dumps(json_format.MessageToDict(message))


class Text:
    """A request in JSON."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def parse(self, kind: type[Message]) -> Message:
        """Return the request.

        Raises:
            InvalidArgument: it is no JSON, or not that of such a message.
            Unimplemented: NOT_SUPPORTED with a member that this server does not know.
        """
        try:
            text = self._body.decode()
            return json_format.Parse(text, kind())
        except (json_format.ParseError, UnicodeDecodeError, ValueError, RecursionError) as error:
            said = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        for found in self._unknown(kind):
            why = f"{found} is not known to this server, which refuses rather than ignore it"
            raise Unimplemented("NOT_SUPPORTED", why, {"feature": found})
        raise InvalidArgument(
            "INVALID_ARGUMENT", f"the request can't be read as the JSON of {kind.DESCRIPTOR.full_name}: {said}"
        )

    def _unknown(self, kind: type[Message]) -> Iterator[str]:
        try:
            yield from _members(json.loads(self._body), kind.DESCRIPTOR, "")
        except (ValueError, RecursionError):
            return


def _members(value: Any, kind: Any, path: str) -> Iterator[str]:
    """Yield the members that are no fields of the message, each with its place."""
    if not isinstance(value, dict) or kind.full_name.startswith(_FREE):
        return
    fields = {name: field for field in kind.fields for name in (field.name, field.json_name)}
    for name, inner in value.items():
        place = f"{path}.{name}" if path else name
        field = fields.get(name)
        if field is None:
            yield place
        elif field.message_type is None:
            continue
        elif field.message_type.GetOptions().map_entry:
            of_map = field.message_type.fields_by_name["value"].message_type
            if of_map is not None and isinstance(inner, dict):
                for key, one in inner.items():
                    yield from _members(one, of_map, f"{place}.{key}")
        elif isinstance(inner, list):
            for index, one in enumerate(inner):
                yield from _members(one, field.message_type, f"{place}[{index}]")
        else:
            yield from _members(inner, field.message_type, place)
