"""JSON for programs: documents and lines. What they are of is `to_dict` of the client's values."""

from __future__ import annotations

import json
from typing import Any

from wharfinger._model import plain
from wharfinger.cli.terminal import echo, escaped

__all__ = ["document", "line", "plain"]


def document(value: Any) -> None:
    """Print one document, indented."""
    echo(escaped(json.dumps(value, indent=2, ensure_ascii=False)))


def line(value: Any) -> None:
    """Print one document of a stream on a line of its own."""
    echo(escaped(json.dumps(value, ensure_ascii=False)))
