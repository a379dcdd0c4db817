"""CSV read row by row, strictly: as many fields in each row as in the first one."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from wharfinger_prices.reading.lines import Lines

COMMENT = "#"
"""What a line of a person's remarks begins with."""


class Rows:
    """The rows of a CSV file. Raises MalformedPrices."""

    def __init__(self, path: Path, comment: str = "") -> None:
        """Read `path`; lines that begin with `comment` are passed over, "": none do."""
        self._lines = Lines(path)
        self._comment = comment

    def __iter__(self) -> Iterator[list[str]]:
        """Yield each row's fields, first those of the header; empty lines are passed over."""
        try:
            yield from filter(None, csv.reader(self._told(), strict=True))
        except csv.Error as error:
            self.refuse(f"no CSV: {error}")

    def _told(self) -> Iterable[str]:
        return (line for line in self._lines if not line.startswith(self._comment)) if self._comment else self._lines

    def under(self, header: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
        """Yield the rest of the rows; each must have a field for each of the header's."""
        for row in rows:
            if len(row) != len(header):
                self.refuse(f"there are {len(row)} fields, and {len(header)} in the header")
            yield row

    def refuse(self, what: str) -> NoReturn:
        """Raise MalformedPrices: `what` is wrong with the line that was read last."""
        self._lines.refuse(what)

    def place(self, what: str) -> str:
        """Return `what` with the line that was read last."""
        return self._lines.place(what)


def header_of(head: bytes) -> str:
    """Return the first line of a file's beginning that is no comment, without the quotes round names."""
    lines = head.decode("utf-8-sig", "replace").split("\n")
    return next((line.strip() for line in lines if line.strip() and not line.startswith(COMMENT)), "").replace('"', "")
