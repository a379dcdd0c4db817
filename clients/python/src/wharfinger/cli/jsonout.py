"""JSON for programs: documents and lines. What they are of is `to_dict` of the client's values."""

from __future__ import annotations

import json
from typing import Any

import click

from wharfinger._model import plain

__all__ = ["document", "line", "plain"]


def document(value: Any) -> None:
    """Print one document, indented."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def line(value: Any) -> None:
    """Print one document of a stream on a line of its own."""
    click.echo(json.dumps(value, ensure_ascii=False))
