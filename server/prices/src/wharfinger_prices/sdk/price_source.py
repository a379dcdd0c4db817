"""The interface that a price source implements: a file in, prices out.

A source is registered as an entry point of the group `wharfinger.price_sources`; its name there is the format's name.
`wharfinger_prices.sdk.conformance` checks one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from wharfinger_prices.price import Price

MOST_FAULTS = 50
"""So many faults are told one by one; the others are counted."""
_LONGEST_FAULT = 400


class MalformedPrices(Exception):
    """The file is not what its format says. The message says where (line, byte or path within it) and what is wrong."""


@dataclass(slots=True)
class Notes:
    """What a source has to say beside the prices, complete once they are read.

    `data_time` is when the provider made the data, in microseconds, 0 where the file does not tell. `skipped` counts
    rows that are no prices of this kind by why; `sections` counts prices by the part of the file they came from.

    `newest` is when the newest price began that holds, 0 where some prices do not tell: noted by whoever takes them.

    `fault_count` rows were prices of this kind and could not be taken: `faults` says where and why of the first ones.
    Such a row is left out by `leave_out`, and harms no other; where there are more than a few, the import is kept in
    quarantine. MalformedPrices is for what is wrong with the file.

    `service` and `regions` are what the data is of, where one question to the provider is of one service or region:
    data of another service, or of one region that is another, is a source of its own. Left empty where a file has all.
    """

    data_time: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    sections: Counter[str] = field(default_factory=Counter)
    service: str = ""
    regions: set[str] = field(default_factory=set)
    newest: int = 0
    fault_count: int = 0
    faults: list[str] = field(default_factory=list)

    def leave_out(self, fault: str) -> None:
        """Count a row that can't be taken; `fault` says where it stands and what is wrong with it."""
        self.fault_count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault[:_LONGEST_FAULT])


class PriceSource(ABC):
    """One format of price data. It never opens a connection, and reads as a stream: files may be larger than memory."""

    summary: ClassVar[str]
    """One line for people: whose data it is and in which form."""
    maker: ClassVar[str] = ""
    """What the sources of its data are called, such as `aws`; "": as the format is."""

    @classmethod
    @abstractmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether a file called `name` that begins with `head` (up to 64 KiB, uncompressed) looks like this format."""

    @abstractmethod
    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield the prices of the file, or of the folder of pages, at `path`.

        `Price.source` is left empty, unless the file itself says whence a figure is. What the provider lists as zero
        without saying that it is free is yielded with the amount None; a tier may be zero where another is not. Raises
        MalformedPrices for a file that is damaged, incomplete or of another format.
        """
