"""The file in which Libcloud looks for a user's own prices."""

from __future__ import annotations

from pathlib import Path

MARK = '"exported_by": "wharfinger"'
"""Stands near the beginning of what was exported."""


def default_path() -> Path:
    """Return where Libcloud looks for a user's own prices."""
    return Path("~/.libcloud/pricing.json").expanduser()


def is_export(path: Path) -> bool:
    """Whether the file was written by `export_libcloud`. Raises OSError."""
    with path.open("rb") as file:
        return MARK.encode() in file.read(200)
