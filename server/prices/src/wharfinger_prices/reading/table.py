"""CSV read row by row, strictly: as many fields in each row as in the first one."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from wharfinger_prices.reading.lines import Lines


class Rows:
    """The rows of a CSV file. Raises MalformedPrices."""

    def __init__(self, path: Path) -> None:
        self._lines = Lines(path)

    def __iter__(self) -> Iterator[list[str]]:
        """Yield each row's fields, first those of the header; empty lines are passed over."""
        try:
            yield from filter(None, csv.reader(self._lines, strict=True))
        except csv.Error as error:
            self.refuse(f"no CSV: {error}")

    def under(self, header: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
        """Yield the rest of the rows; each must have a field for each of the header's."""
        for row in rows:
            if len(row) != len(header):
                self.refuse(f"there are {len(row)} fields, and {len(header)} in the header")
            yield row

    def refuse(self, what: str) -> NoReturn:
        """Raise MalformedPrices: `what` is wrong with the line that was read last."""
        self._lines.refuse(what)
