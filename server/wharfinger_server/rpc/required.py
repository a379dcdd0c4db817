"""Refuses requests that lack a field marked as required. Read from the descriptors, so that no rpc can be forgotten.

A check is compiled once for a message type. It descends into nested messages, but not into fields that only the server
sets: what a caller puts there is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from wharfinger_server.domain.errors import InvalidArgument, Violation

Check = Callable[[Message], None]
F = TypeVar("F", bound=Callable[..., Any])
_MOST_NAMED = 50
_UNCHECKED = "unchecked_fields"


def unchecked(*fields: str) -> Callable[[F], F]:
    """Mark a method whose request has fields that answer for themselves: what is inside of them is not checked."""

    def mark(method: F) -> F:
        setattr(method, _UNCHECKED, fields)
        return method

    return mark


def unchecked_by(method: object) -> Collection[str]:
    """Return the fields that the method is marked with."""
    fields: Collection[str] = getattr(method, _UNCHECKED, ())
    return fields


def checker(message: type[Message], exempt: Collection[str] = ()) -> Check:
    """Return a function that raises InvalidArgument MISSING_FIELD, naming each required field that is empty.

    `exempt` are fields of the message whose insides are not checked here.
    """
    node = _Node(message.DESCRIPTOR, {}, exempt)

    def check(request: Message) -> None:
        if node.complete(request):
            return
        missing: list[str] = []
        node.missing(request, "", missing)
        violations = [Violation(path, "is required") for path in missing[:_MOST_NAMED]]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InvalidArgument("MISSING_FIELD", f"{missing[0]} is required{more}", {"field": missing[0]}, violations)

    return check


def behaviours(field: FieldDescriptor) -> Collection[int]:
    """Return the values of google.api.field_behavior on the field."""
    found: Collection[int] = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]  # type: ignore[index]
    return found


class _Node:
    """What one message type requires. Types that require nothing, at any depth, are left out of their parents."""

    def __init__(self, descriptor: Any, seen: dict[str, _Node], exempt: Collection[str] = ()) -> None:
        seen[descriptor.full_name] = self
        self.plain: list[str] = []
        self.messages: list[str] = []
        self.single: list[tuple[str, _Node]] = []
        self.repeated: list[tuple[str, _Node]] = []
        for field in descriptor.fields:
            self._add(field, seen, exempt)

    def _add(self, field: FieldDescriptor, seen: dict[str, _Node], exempt: Collection[str]) -> None:
        marks = behaviours(field)
        if field_behavior_pb2.OUTPUT_ONLY in marks:
            return
        inner = field.message_type
        if field_behavior_pb2.REQUIRED in marks:
            (self.messages if inner and not field.is_repeated else self.plain).append(field.name)
        if inner is None or inner.GetOptions().map_entry or field.name in exempt:
            return
        node = seen.get(inner.full_name) or _Node(inner, seen)
        if node.demands(set()):
            (self.repeated if field.is_repeated else self.single).append((field.name, node))

    def demands(self, seen: set[int]) -> bool:
        """Whether anything is required in it, at any depth."""
        if id(self) in seen:
            return False
        seen.add(id(self))
        if self.plain or self.messages:
            return True
        return any(node.demands(seen) for _, node in (*self.single, *self.repeated))

    def complete(self, message: Any) -> bool:
        """Whether nothing is missing: the quick answer, for nearly every request."""
        for name in self.plain:
            if not getattr(message, name):
                return False
        for name in self.messages:
            if not message.HasField(name):
                return False
        for name, node in self.single:
            if message.HasField(name) and not node.complete(getattr(message, name)):
                return False
        for name, node in self.repeated:
            for item in getattr(message, name):
                if not node.complete(item):
                    return False
        return True

    def missing(self, message: Any, path: str, found: list[str]) -> None:
        """Add the path of every required field that is empty."""
        found += [path + name for name in self.plain if not getattr(message, name)]
        found += [path + name for name in self.messages if not message.HasField(name)]
        for name, node in self.single:
            if message.HasField(name):
                node.missing(getattr(message, name), f"{path}{name}.", found)
        for name, node in self.repeated:
            for index, item in enumerate(getattr(message, name)):
                node.missing(item, f"{path}{name}[{index}].", found)
