"""Typed sections of settings: how a key is declared, and how what is written becomes its value."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from wharfinger_prices.settings.gather import Gathered, toml_value
from wharfinger_prices.settings.units import parse_duration, parse_size

S = TypeVar("S")
_WORDS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


class Kind(Enum):
    """How a value is written in the file. Durations become microseconds, sizes bytes."""

    TEXT = "a string"
    NUMBER = "a whole number"
    SWITCH = "true or false"
    DURATION = 'a duration such as "30s"'
    SIZE = 'a size such as "1MiB"'
    PATH = "a path"
    LIST = "a list of strings"
    TABLE = "a table"


def setting(
    default: str | int | tuple[str, ...] | Mapping[str, Any],
    doc: str,
    kind: Kind | None = None,
    *,
    least: int = 0,
    among: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field for one key: `default` as written, `doc` for the sample, `least` the smallest number."""
    if isinstance(default, tuple | Mapping):
        kind = Kind.LIST if isinstance(default, tuple) else Kind.TABLE
    if kind is None:
        kind = Kind.SWITCH if isinstance(default, bool) else Kind.NUMBER if isinstance(default, int) else Kind.TEXT
    value: Any = default
    if kind is Kind.DURATION:
        value = parse_duration(str(default))
    elif kind is Kind.SIZE:
        value = parse_size(str(default))
    if kind is Kind.TABLE:
        return field(
            default_factory=lambda: MappingProxyType({}),
            metadata={"kind": kind, "written": default, "doc": doc, "least": least, "among": among},
        )
    return field(default=value, metadata={"kind": kind, "written": default, "doc": doc, "least": least, "among": among})


def read_section(gathered: Gathered, name: str, kind: type[S]) -> S:
    """Return the section `name` as a `kind`, a dataclass of `setting`s; note what is unknown or wrong."""
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    values = {}
    for key, raw in gathered.table(name).items():
        if key not in fields:
            gathered.unknown((name, key), fields)
            continue
        try:
            values[key] = _value(raw, fields[key].metadata)
        except ValueError as error:
            gathered.problem((name, key), str(error))
            continue
        if fields[key].metadata["kind"] is Kind.PATH and values[key]:
            folder = gathered.file.absolute().parent if gathered.used else Path.cwd()
            values[key] = str(folder / Path(str(values[key])).expanduser())
    return kind(**values)


def _value(raw: object, metadata: Mapping[str, Any]) -> object:
    """Return `raw` as its kind wants it; text does for everything, because the environment has nothing else."""
    kind: Kind = metadata["kind"]
    value = _convert(raw, kind)
    if value is None:
        raise ValueError(f"must be {kind.value}, not {raw!r}")
    if isinstance(value, int) and not isinstance(value, bool) and value < metadata["least"]:
        raise ValueError(f"is too small: {raw!r}")
    if metadata["among"] and value not in metadata["among"]:
        raise ValueError(f"must be one of {', '.join(metadata['among'])}, not {raw!r}")
    return value


def _convert(raw: object, kind: Kind) -> str | int | bool | tuple[str, ...] | Mapping[str, Any] | None:
    """Return `raw` converted, None where it is of the wrong type."""
    if kind in (Kind.LIST, Kind.TABLE):
        return _gathering(toml_value(raw) if isinstance(raw, str) else raw, kind)
    if kind in (Kind.TEXT, Kind.PATH):
        return raw if isinstance(raw, str) else None
    if kind is Kind.SWITCH:
        return raw if isinstance(raw, bool) else _WORDS.get(str(raw).lower())
    if isinstance(raw, str):
        if kind is Kind.NUMBER:
            return int(raw) if re.fullmatch(r"-?[0-9][0-9_]*", raw) else None
        return parse_duration(raw) if kind is Kind.DURATION else parse_size(raw)
    whole = isinstance(raw, int) and not isinstance(raw, bool)
    return int(str(raw)) if whole and kind is not Kind.DURATION else None


def _gathering(raw: object, kind: Kind) -> tuple[str, ...] | Mapping[str, Any] | None:
    """Return a list or a table as it is kept, None where it is of the wrong type."""
    if kind is Kind.TABLE:
        return raw if isinstance(raw, Mapping) else None
    return tuple(raw) if isinstance(raw, list) and all(isinstance(item, str) for item in raw) else None
