"""The reference of the gRPC API, from its definition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from docutils.parsers.rst import directives

from generators import api
from generators.rendering import Rendered, anchor, linked, table

_REASONS = re.compile(r"Errors: (.*)$", re.DOTALL)


class ApiFile(Rendered):
    """`{api-file} task.proto`: everything in one file of the API."""

    required_arguments = 1

    def markdown(self) -> Iterator[str]:
        """Yield the file's services, messages and enumerations."""
        file = api.files()[f"wharfinger/v1/{self.arguments[0]}"]
        yield from _paragraphs(file.comment)
        for service in file.services:
            yield from _service(service)
        for message in file.messages:
            yield from _heading(message.name, message.name)
            yield from _paragraphs(message.comment)
            yield from _fields(message)
        for enum in file.enums:
            yield from _heading(enum.name, enum.name)
            yield from _paragraphs(enum.comment)
            yield from _values(enum, numbers=True)


class EnumValues(Rendered):
    """`{enum-values} TaskState`: the values of one enumeration and what they mean, `:only:` those named."""

    required_arguments = 1
    option_spec: ClassVar = {"only": directives.unchanged}

    def markdown(self) -> Iterator[str]:
        """Yield the table."""
        only = self.options.get("only", "").split()
        yield from _values(api.enum(self.arguments[0]), numbers=False, only=only)


def _heading(name: str, *label: str) -> list[str]:
    return ["", f"({anchor(*label)})=", f"## {name}", ""]


def _paragraphs(comment: str) -> Iterator[str]:
    for paragraph in api.paragraphs(comment):
        yield from (linked(paragraph), "")


def _service(service: api.Service) -> Iterator[str]:
    yield from _heading(service.name, service.name)
    yield from _paragraphs(service.comment)
    for method in service.methods:
        yield from ("", f"({anchor(method.name)})=", f"### {method.name}", "")
        stream = "stream of " if method.streams else ""
        yield f"{_type(method.request)} → {stream}{_type(method.response)}"
        yield ""
        text = " ".join(method.comment.split())
        yield linked(_REASONS.sub("", text))
        yield ""
        if found := _REASONS.search(text):
            yield f"Errors: {_reasons(found[1])}"
            yield ""


def _reasons(text: str) -> str:
    """Return the list of reasons, each a link to the page of errors."""
    known = api.reasons()
    return re.sub(
        r"\b[A-Z][A-Z_]+\b",
        lambda found: f"[{found[0]}](#{anchor('reason', found[0])})" if found[0] in known else found[0],
        text,
    )


def _fields(message: api.Message) -> Iterable[str]:
    if not message.fields:
        return ["It has no fields.", ""]
    rows = []
    for field in message.fields:
        notes = [*field.behaviour, *([f"one of `{field.oneof}`"] if field.oneof else [])]
        noted = f"*{', '.join(notes)}.* " if notes else ""
        meaning = noted + linked(" ".join(field.comment.split()))
        rows.append((f"`{field.name}` = {field.number}", _type(field.type), meaning))
    return table(("Field", "Type", "Meaning"), rows)


def _values(enum: api.Enum, *, numbers: bool, only: Iterable[str] = ()) -> Iterable[str]:
    chosen = [value for value in enum.values if value.name in only] if only else enum.values
    rows = [
        (f"`{value.name}`{f' = {value.number}' if numbers else ''}", linked(" ".join(value.comment.split())))
        for value in chosen
        if numbers or value.number
    ]
    return table(("Value", "Meaning"), rows)


def _type(name: str) -> str:
    known = api.message_names()
    return re.sub(
        r"[A-Za-z][A-Za-z0-9_.]*",
        lambda found: f"[{found[0]}](#{anchor(found[0])})" if found[0] in known else f"`{found[0]}`",
        name,
    ).replace("<", "\\<")
