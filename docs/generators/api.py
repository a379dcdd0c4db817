"""The API as its definition tells it: messages, enumerations and services, with their comments."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from google.api import field_behavior_pb2
from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "wharfinger.v1"
GOOGLE = (
    "api/field_behavior.proto",
    "api/resource.proto",
    "rpc/code.proto",
    "rpc/error_details.proto",
    "rpc/status.proto",
)
"""Google's own definitions that ours lean on."""

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    _FIELD.TYPE_BOOL: "bool",
    _FIELD.TYPE_BYTES: "bytes",
    _FIELD.TYPE_DOUBLE: "double",
    _FIELD.TYPE_INT32: "int32",
    _FIELD.TYPE_INT64: "int64",
    _FIELD.TYPE_STRING: "string",
}
# Numbers of fields in descriptor.proto, of which the paths of comments are made.
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6
_MEMBERS = 2


@dataclass(frozen=True)
class Field:
    """A field of a message. `type` is as in the definition; `oneof` is the group of which only one can be set."""

    name: str
    number: int
    type: str
    oneof: str
    behaviour: tuple[str, ...]
    comment: str


@dataclass(frozen=True)
class Message:
    """A message."""

    name: str
    comment: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Value:
    """A value of an enumeration; `name` has lost the prefix that all values share."""

    name: str
    number: int
    comment: str


@dataclass(frozen=True)
class Enum:
    """An enumeration."""

    name: str
    comment: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Method:
    """A method of a service; `streams` tells whether it answers with a stream."""

    name: str
    comment: str
    request: str
    response: str
    streams: bool


@dataclass(frozen=True)
class Service:
    """A service."""

    name: str
    comment: str
    methods: tuple[Method, ...]


@dataclass(frozen=True)
class File:
    """One file of the definition."""

    path: str
    comment: str
    services: tuple[Service, ...]
    messages: tuple[Message, ...]
    enums: tuple[Enum, ...]


@functools.cache
def files() -> Mapping[str, File]:
    """Return every file of the API by its path below protos/. Raises CalledProcessError where buf can't read them."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "protos/wharfinger", Path(folder, "wharfinger"))
        # Google's own definitions, as the Python package of theirs that we depend on has them.
        google = Path(field_behavior_pb2.__file__).parents[1]
        for name in GOOGLE:
            Path(folder, "google", name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(google / name, Path(folder, "google", name))
        built = subprocess.run(
            ["buf", "build", "-o", "-", "--as-file-descriptor-set"],  # noqa: S607 - on the PATH that is set here
            cwd=folder,
            # buf starts itself again by its name.
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
            check=True,
            stdout=subprocess.PIPE,
        )
    described = descriptor_pb2.FileDescriptorSet.FromString(built.stdout)
    return {one.name: _file(one) for one in described.file if one.package == PACKAGE}


def message_names() -> frozenset[str]:
    """Return the names of all messages and enumerations."""
    every = files().values()
    return frozenset(one.name for file in every for one in file.messages) | frozenset(
        one.name for file in every for one in file.enums
    )


def reasons() -> frozenset[str]:
    """Return the words of ErrorReason."""
    return frozenset(value.name for value in enum("ErrorReason").values if value.number)


def service(name: str) -> Service:
    """Return the service of that name. Raises StopIteration where there is none."""
    return next(one for file in files().values() for one in file.services if one.name == name)


def enum(name: str) -> Enum:
    """Return the enumeration of that name. Raises StopIteration where there is none."""
    return next(one for file in files().values() for one in file.enums if one.name == name)


class _Comments:
    """The comments of a file, by the path of what they stand before."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        self._leading = {tuple(one.path): one.leading_comments for one in file.source_code_info.location}
        # The file's own comment stands before its first line, `syntax`.
        self.of_file = self.at(12)

    def at(self, *path: int) -> str:
        """Return the comment there as paragraphs, an empty line between them."""
        lines = [line.strip() for line in self._leading.get(path, "").splitlines()]
        return "\n".join(lines).strip()


def _file(file: descriptor_pb2.FileDescriptorProto) -> File:
    comments = _Comments(file)
    return File(
        file.name,
        comments.of_file,
        tuple(_service(one, comments, number) for number, one in enumerate(file.service)),
        tuple(_message(one, comments, number) for number, one in enumerate(file.message_type)),
        tuple(_enum(one, comments, number) for number, one in enumerate(file.enum_type)),
    )


def _service(one: descriptor_pb2.ServiceDescriptorProto, comments: _Comments, number: int) -> Service:
    methods = tuple(
        Method(
            method.name,
            comments.at(_SERVICES, number, _MEMBERS, n),
            _short(method.input_type),
            _short(method.output_type),
            method.server_streaming,
        )
        for n, method in enumerate(one.method)
    )
    return Service(one.name, comments.at(_SERVICES, number), methods)


def _message(one: descriptor_pb2.DescriptorProto, comments: _Comments, number: int) -> Message:
    entries = {nested.name: nested for nested in one.nested_type if nested.options.map_entry}
    fields = tuple(
        Field(
            field.name,
            field.number,
            _type(field, entries),
            _oneof(field, one),
            _behaviour(field),
            comments.at(_MESSAGES, number, _MEMBERS, n),
        )
        for n, field in enumerate(one.field)
    )
    return Message(one.name, comments.at(_MESSAGES, number), fields)


def _enum(one: descriptor_pb2.EnumDescriptorProto, comments: _Comments, number: int) -> Enum:
    prefix = one.value[0].name.removesuffix("UNSPECIFIED")
    values = tuple(
        Value(value.name.removeprefix(prefix), value.number, comments.at(_ENUMS, number, _MEMBERS, n))
        for n, value in enumerate(one.value)
    )
    return Enum(one.name, comments.at(_ENUMS, number), values)


def _oneof(field: descriptor_pb2.FieldDescriptorProto, of: descriptor_pb2.DescriptorProto) -> str:
    # An optional field is alone in a group of its own.
    inside = field.HasField("oneof_index") and not field.proto3_optional
    return of.oneof_decl[field.oneof_index].name if inside else ""


def _type(field: descriptor_pb2.FieldDescriptorProto, entries: Mapping[str, descriptor_pb2.DescriptorProto]) -> str:
    short = _short(field.type_name)
    if short in entries:
        key, value = entries[short].field
        return f"map<{_type(key, {})}, {_type(value, {})}>"
    name = short or _SCALARS[field.type]
    if field.label == _FIELD.LABEL_REPEATED:
        return f"repeated {name}"
    return f"optional {name}" if field.proto3_optional else name


def _behaviour(field: descriptor_pb2.FieldDescriptorProto) -> tuple[str, ...]:
    told: Iterable[int] = field.options.Extensions[field_behavior_pb2.field_behavior]  # type: ignore[index]
    return tuple(field_behavior_pb2.FieldBehavior.Name(one).lower().replace("_", " ") for one in told)


def _short(name: str) -> str:
    """Return a type's name without its package where that is ours: `Task`, `google.rpc.Status`."""
    name = name.removeprefix(".").removeprefix(f"{PACKAGE}.")
    return name if name.startswith("google.") else name.rpartition(".")[2]


def paragraphs(comment: str) -> Iterator[str]:
    """Yield the paragraphs of a comment, each on one line."""
    for paragraph in comment.split("\n\n"):
        if text := " ".join(paragraph.split()):
            yield text
