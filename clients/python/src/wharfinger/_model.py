"""The base of the values that the server tells: JSON for programs, short in a notebook.

In JSON names are as in Python, states words, times in RFC 3339, and amounts of money exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

# The message that the value was made from.
_HIDDEN = "raw"
WIRE = "wire"
"""The key in a field's metadata of where it is read from."""


def told(of: str | Callable[[Any], Any] | None) -> Mapping[str, Any]:
    """Return the metadata of a dataclass's field that is not read from the message's field of the same name.

    `of` is the name that the API has for it, or what reads it from the message; None: it is not of the message.
    """
    return {WIRE: of}


class Shown:
    """A value that shows itself in a line."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return its class and what is not as it is by default; long values by their size."""
        shown = [
            f"{f.name}={_short(value)}"
            for f in fields(self)  # type: ignore[arg-type]
            if f.repr and not _usual(f, value := getattr(self, f.name))
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


class Model(Shown):
    """A value that the server tells."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as what JSON has, without `raw`: as the command line prints it with `--output json`.

        Keys are the names of the attributes. Times are texts of RFC 3339 in UTC, amounts of money exact texts,
        durations seconds, states their words, and bytes hexadecimal.
        """
        return {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name != _HIDDEN}  # type: ignore[arg-type]


def _usual(one: Field[Any], value: object) -> bool:
    if one.default_factory is not MISSING:
        return bool(value == one.default_factory())
    return one.default is not MISSING and type(one.default) is type(value) and bool(value == one.default)


def _short(value: Any) -> str:
    """Return `value` as a part of a line."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return str(plain(value))
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple) and value and isinstance(value[0], Model):
        return f"<{len(value)} of {type(value[0]).__name__}>"
    text = repr(value)
    return text if len(text) <= _MOST or isinstance(value, Model) else f"{text[: _MOST - 1]}…"


_MOST = 120


def plain(value: Any) -> Any:
    """Return `value`, a model or what models hold, as what JSON has."""
    if isinstance(value, Model):
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex()
    # Enumerations of words are str and come out as their word.
    return str(value) if isinstance(value, str) else value
