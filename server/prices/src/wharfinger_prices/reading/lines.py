"""Text read line by line, strictly: UTF-8, none too long, the last one whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from wharfinger_prices.sdk.price_source import MalformedPrices

LONGEST = 1 << 20


class Lines:
    """The lines of a file, with their ends. `line` is the number of the one that was read last."""

    def __init__(self, path: Path) -> None:
        self.line = 0
        self._path = path

    def __iter__(self) -> Iterator[str]:
        """Yield each line. Raises MalformedPrices."""
        with self._path.open("rb") as file:
            while line := file.readline(LONGEST):
                self.line += 1
                if not line.endswith(b"\n"):
                    if len(line) >= LONGEST:
                        self.refuse(f"it is longer than {LONGEST} bytes")
                    self.refuse("the file ends within the line: it is cut off, or lacks the newline at its end")
                try:
                    yield line.decode("utf-8-sig" if self.line == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    self.refuse(f"what stands at byte {error.start} of the line is not UTF-8")
        if not self.line:
            raise MalformedPrices("the file is empty")

    def refuse(self, what: str) -> NoReturn:
        """Raise MalformedPrices: `what` is wrong with the line that was read last."""
        raise MalformedPrices(self.place(what)) from None

    def place(self, what: str) -> str:
        """Return `what` with the line that was read last."""
        return f"line {self.line}: {what}"
