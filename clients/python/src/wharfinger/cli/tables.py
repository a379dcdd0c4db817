"""Tables for people: coloured on a terminal, aligned columns elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wharfinger.cli.fitting import GAP, fit
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import clean

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {
    "SUCCEEDED": "green",
    "CREATED": "green",
    "ROLLED_BACK": "green",
    "RUNNING": "cyan",
    "QUEUED": "blue",
    "INTENDED": "blue",
    "CANCELLING": "yellow",
    "ROLLING_BACK": "yellow",
    "UNDOING": "yellow",
    "UNCERTAIN": "yellow",
    "MISSING": "yellow",
    "FAILED": "red",
    "PARTIALLY_FAILED": "bold red",
    "ROLLBACK_FAILED": "bold red",
    "UNDO_FAILED": "red",
    "CANCELLED": "magenta",
}


def on_terminal() -> bool:
    """Whether people look at the output as it comes."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def console(*, stderr: bool = False) -> Console:
    """Return the terminal as rich sees it; with NO_COLOR nothing has a style, bold included."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, color_system=None if os.environ.get("NO_COLOR") else "auto")


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], drop: Sequence[str] = ()) -> None:
    """Print rows under their titles; on a terminal that is too narrow the columns in `drop` go, the first one first."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if on_terminal():
        screen = console()
        _rich(screen, *fit(titles, cleaned, screen.width, drop) if drop else (titles, cleaned))
        return
    widths = [max(len(title), *(len(row[i]) for row in cleaned), 0) for i, title in enumerate(titles)]
    for row in (titles, *cleaned):
        echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def groups(titles: Sequence[str], parts: Sequence[tuple[str, str, Sequence[Sequence[str]]]]) -> None:
    """Print rows in groups; each part is a word, what it means, and its rows.

    Columns are aligned throughout and nothing is cut or wrapped by us, so that ids can be copied.
    """
    cleaned = [(word, meaning, [[clean(cell) for cell in row] for row in rows]) for word, meaning, rows in parts]
    every = [list(titles), *(row for _, _, rows in cleaned for row in rows)]
    widths = [max(len(row[i]) for row in every) for i in range(len(titles))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(["", *(cell.ljust(width) for cell, width in zip(row, widths, strict=True))]).rstrip()

    _print(line(titles), "bold")
    for word, meaning, rows in cleaned:
        _print(f"{word} ({len(rows)}): {meaning}", _STYLES.get(word.partition(",")[0], "bold"))
        for row in rows:
            echo(line(row))


def _print(text: str, style: str) -> None:
    if not on_terminal():
        echo(text)
        return
    console().print(text, style=style, markup=False, soft_wrap=True)


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Print names with their values, those without a value left out."""
    shown = [(name, value) for name, value in rows if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        first, *more = clean_lines(value)
        echo(f"{name.ljust(width)}  {first}")
        for line in more:
            echo(f"{' ' * width}  {line}")


def clean_lines(text: str) -> list[str]:
    """Return the lines of `text`, each without control characters; at least one."""
    return [clean(line) for line in text.splitlines()] or [""]


def _rich(screen: Console, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
    for number, title in enumerate(titles):
        # Names must be whole, to be copied; states, to be seen.
        shown.add_column(title, no_wrap=number == 0 or title == "STATE", min_width=_widest(titles, rows, number))
    for row in rows:
        shown.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    screen.print(shown)


def _widest(titles: Sequence[str], rows: Sequence[Sequence[str]], number: int) -> int | None:
    """Return how wide a column must be that is never cut, None for one that may be wrapped."""
    if titles[number] != "STATE":
        return None
    return max(len(row[number]) for row in [titles, *rows])
