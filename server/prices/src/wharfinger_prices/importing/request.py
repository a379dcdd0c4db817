"""The request for an import, and the reports on its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """How a file is to be imported.

    `format` names a price source, "" the one that recognises the file, and `source` what the catalogue is a version of,
    "" the format and the scope of its data. `url` is where the file is fetched, "" the
    operator's own (`[prices] url`). `sha256` is what the file as it comes must have, in hexadecimal, and `signature` a
    minisign signature file of it. `file_name` is what to call what does not come from a URL. `activate` makes the
    catalogue the active one where the checks find nothing, or in any case with `override_checks`; `actor` is who wants
    that and `reason` why. `force` fetches although the last time was less than `[prices] update_every` ago.
    """

    format: str = ""
    source: str = ""
    url: str = ""
    sha256: str = ""
    signature: bytes = b""
    file_name: str = ""
    activate: bool = False
    override_checks: bool = False
    actor: str = ""
    reason: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is: `done` of `total` (0: not known), in `unit` (`bytes`, `prices`)."""

    step: Literal["fetch", "read", "check", "activate"]
    done: int = 0
    total: int = 0
    unit: str = ""


OnProgress = Callable[[ImportProgress], None]
"""Hears of an import's progress, on the event loop of whoever asked for it, at most ten times a second."""
