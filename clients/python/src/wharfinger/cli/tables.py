"""Tables for people: coloured on a terminal, aligned columns elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from wharfinger.cli.wording import clean

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


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their titles."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if on_terminal():
        _rich(titles, cleaned)
        return
    widths = [max(len(title), *(len(row[i]) for row in cleaned), 0) for i, title in enumerate(titles)]
    for row in (titles, *cleaned):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


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
            click.echo(line(row))


def _print(text: str, style: str) -> None:
    if not on_terminal():
        click.echo(text)
        return
    from rich.console import Console

    Console(highlight=False).print(text, style=style, markup=False, soft_wrap=True)


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Print names with their values, those without a value left out."""
    shown = [(name, value) for name, value in rows if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        first, *more = clean_lines(value)
        click.echo(f"{name.ljust(width)}  {first}")
        for line in more:
            click.echo(f"{' ' * width}  {line}")


def clean_lines(text: str) -> list[str]:
    """Return the lines of `text`, each without control characters; at least one."""
    return [clean(line) for line in text.splitlines()] or [""]


def _rich(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, header_style="bold", pad_edge=False)
    for number, title in enumerate(titles):
        # Names must be whole, to be copied.
        shown.add_column(title, no_wrap=number == 0)
    for row in rows:
        shown.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    Console(soft_wrap=False).print(shown)
