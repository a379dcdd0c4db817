"""The client's values as JSON for programs: names as in Python, states as words, times in RFC 3339, money exact."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from wharfinger import Event, PartialFailure

# Opaque to programs but for resuming, or the message that the value was made from.
_HIDDEN = ("raw",)


def plain(value: Any) -> Any:
    """Return `value`, a model or what models hold, as what JSON has."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.name not in _HIDDEN}
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


def event(value: Event) -> dict[str, Any]:
    """Return an event with its `kind`, such as "state_changed"."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(value).__name__).lower()
    told: dict[str, Any] = {"kind": kind, **plain(value)}
    if not told["resume_token"]:
        del told["resume_token"]
    return told


def partial_failure(error: PartialFailure) -> dict[str, Any]:
    """Return what is left over of a half-done task."""
    return {
        "failure": plain(error.failure),
        "rollback_failure": plain(error.rollback_failure),
        "failed_step": error.failed_step,
        "retryable": error.retryable,
        "created": plain(error.created),
        "uncertain": plain(error.uncertain),
        "not_attempted": list(error.not_attempted),
        "left_over_count": error.left_over_count,
        "cost": plain(error.cost),
        "allowed_actions": list(error.allowed_actions),
    }


def document(value: Any) -> None:
    """Print one document, indented."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def line(value: Any) -> None:
    """Print one document of a stream on a line of its own."""
    click.echo(json.dumps(value, ensure_ascii=False))
