"""The file in which Libcloud looks for a user's own prices."""

from __future__ import annotations

from pathlib import Path

MARK = '"exported_by": "wharfinger"'
"""Stands near the beginning of what was exported."""


def default_path() -> Path:
    """Return where Libcloud looks for a user's own prices."""
    return Path("~/.libcloud/pricing.json").expanduser()


def own_path(path: Path) -> Path:
    """Return where a user's own file is kept once an export, with all that it says, stands at `path` in its place."""
    return path.with_name("pricing.own.json")


def users_own(path: Path) -> Path | None:
    """Return the file with what the user says: at `path`, or kept beside an export; None where there is none.

    Raises OSError.
    """
    if path.is_file() and not is_export(path):
        return path
    kept = own_path(path)
    return kept if path.is_file() and kept.is_file() else None


def is_export(path: Path) -> bool:
    """Whether the file was written by `export_libcloud`. Raises OSError."""
    with path.open("rb") as file:
        return MARK.encode() in file.read(200)
