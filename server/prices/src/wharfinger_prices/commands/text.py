"""Text for people: tables, pairs, times and sizes; and what of a stranger's text may reach a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from wharfinger_prices.commands.terminal import echo

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")


def clean(text: str) -> str:
    """Return `text` without the control characters that could steer a terminal."""
    return "".join(c if c == "\t" or c.isprintable() else "\ufffd" for c in text)


def console(*, stderr: bool = False) -> Console:
    """Return the terminal as rich sees it; with NO_COLOR nothing has a style, bold included."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, color_system=None if os.environ.get("NO_COLOR") else "auto")


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their titles: wrapped to fit on a terminal, aligned columns elsewhere."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        from rich.table import Table
        from rich.text import Text

        shown = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
        for number, title in enumerate(titles):
            # Names must be whole, to be copied.
            shown.add_column(title, no_wrap=number == 0)
        for row in cleaned:
            shown.add_row(*map(Text, row))
        console().print(shown)
        return
    widths = [max(map(len, column)) for column in zip(titles, *cleaned, strict=True)]
    for line in (titles, *cleaned):
        echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Print names with their values, those without a value left out."""
    shown = [(name, value) for name, value in rows if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        for number, line in enumerate(value.splitlines()):
            echo(f"{('' if number else name).ljust(width)}  {clean(line)}")


def first(told: Iterable[T], limit: int) -> tuple[list[T], bool]:
    """Return the first `limit` of what is told, all for 0, and whether there are more; no further is read."""
    found = list(islice(told, limit + 1) if limit else told)
    more = bool(limit) and len(found) > limit
    return (found[:limit] if more else found), more


def size(count: float) -> str:
    """Return bytes for people, such as `1.5 GiB`."""
    for power, unit in enumerate(("B", "KiB", "MiB", "GiB", "TiB")):
        part = count / 1024**power
        if part < 1024 or unit == "TiB":
            return f"{part:.0f} {unit}" if unit == "B" else f"{part:.1f} {unit}"
    raise AssertionError("unreachable")


def stamp(moment: datetime | None) -> str:
    """Return the date and the time by this machine's zone, which it names, such as `2026-11-30 15:04:05+01:00`."""
    if moment is None:
        return "-"
    told = moment.astimezone().isoformat(" ", "seconds")
    return told.removesuffix("+00:00") + "Z" if told.endswith("+00:00") else told


def age(moment: datetime | None) -> str:
    """Return how long ago that was, such as `5m` or `3d`."""
    if moment is None:
        return "-"
    seconds = max(0.0, (datetime.now(UTC) - moment).total_seconds())
    for length, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= length:
            return f"{seconds // length:.0f}{unit}"
    return f"{seconds:.0f}s"
