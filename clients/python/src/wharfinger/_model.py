"""The client's values as JSON for programs: names as in Python, states as words, times in RFC 3339, money exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

# The message that the value was made from.
_HIDDEN = "raw"


class Model:
    """A value that the server tells."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as what JSON has, without `raw`: as the command line prints it with `--output json`.

        Keys are the names of the attributes. Times are texts of RFC 3339 in UTC, amounts of money exact texts,
        durations seconds, states their words, and bytes hexadecimal.
        """
        return {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name != _HIDDEN}  # type: ignore[arg-type]


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
