"""Finds the line of a key in a TOML file, which the standard parser does not tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_HEADER = r"\s*(\[\[?)\s*([^\]]+?)\s*\]"
_KEY = r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*="


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", dotted))


def line_of(text: str, path: Sequence[str]) -> int | None:
    """Return the line, from 1, that sets `path` (array elements by their index as text) or opens it as a table."""
    wanted = tuple(path)
    table: tuple[str, ...] = ()
    seen: Counter[tuple[str, ...]] = Counter()
    nearest: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(_HEADER, line):
            table = _parts(header[2])
            if header[1] == "[[":
                seen[table] += 1
                table = (*table, str(seen[table] - 1))
            found = table
        elif key := re.match(_KEY, line):
            found = table + _parts(key[1])
        else:
            continue
        if found[: len(wanted)] == wanted:
            return number
        if wanted[: len(found)] == found:
            nearest = number
    return nearest
