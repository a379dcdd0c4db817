"""A catalogue's file: one price a line, sorted, read where it lies.

Each line is a JSON array: provider, region, sku, category, term, currency, unit and effective time, which are the
price's key, and then an array of what it says: amount (null: unknown), 1 if it is free, expire time, source, and the
tiers, quantity and amount in turn. Lines are sorted as bytes (`LC_ALL=C sort -c` agrees), no key is there twice, and
the file's SHA-256 is the catalogue's name.

The file is mapped into memory and searched there, so that a million prices cost the process little more than the
places of their lines.
"""

from __future__ import annotations

import hashlib
import mmap
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import orjson

from wharfinger_prices.price import Price, Tier, plain

SUFFIX = ".jsonl"
KEY_END = b",["
"""Where a line's key ends; nothing after it holds this."""
_AFTER_COMMA = b"-"  # the byte that follows the comma
_HASH_PIECE = 1 << 20
_STRIDE = 64
_AT_HAND = 4096
"""So many answers are kept: a few megabytes."""


class Damaged(Exception):
    """A catalogue's file is not what its name says; the message tells which and what to do."""


def line_of(price: Price, source: str = "") -> bytes:
    """Return the price's line, with the newline; `source` is the name of its source where it has none itself."""
    provider, region, sku, unit, currency, amount, category, term, free, tiers, effective, expire, own, _ = price
    said: list[object] = [None if amount is None else _text(amount), 1 if free else 0, expire, own or source]
    for tier in tiers:
        said += (_text(tier.from_quantity), _text(tier.amount))
    line = orjson.dumps((provider, region, sku, category, term, currency, unit, effective, said))
    # Not by orjson's own option: what it returns holds a kilobyte of memory, a copy only what it needs.
    return line + b"\n"


def _text(amount: Decimal) -> str:
    """Return `plain(amount)`, sooner."""
    text = str(amount)
    return plain(amount) if text[-1] == "0" or "E" in text else text


def key_of(line: bytes) -> bytes:
    """Return the part of a line that no other line of its catalogue has."""
    return line[: line.rindex(KEY_END)]


def prefix(*names: str) -> bytes:
    """Return what the lines of these names begin with: provider, region, sku … in order; without any, of all."""
    return orjson.dumps(names)[:-1] + b"," if names else b"["


def price_of(line: bytes) -> Price:
    """Return the price that a line holds."""
    provider, region, sku, category, term, currency, unit, effective, said = orjson.loads(line)
    amount, free, expire, source, *steps = said
    tiers: tuple[Tier, ...] = ()
    if steps:
        pairs = zip(steps[::2], steps[1::2], strict=True)
        tiers = tuple(Tier(Decimal(quantity), Decimal(cost)) for quantity, cost in pairs)
    return Price(
        provider,
        region,
        sku,
        unit,
        currency,
        None if amount is None else Decimal(amount),
        category,
        term,
        free == 1,
        tiers,
        effective,
        expire,
        source,
    )


class Catalogue:
    """One catalogue's prices, open. Any thread may read; none may after `close`."""

    def __init__(self, data: bytes | mmap.mmap, digest: str) -> None:
        self.digest = digest
        self._data = data
        self._ends = _ends(data)
        # Some lines in memory, so that a search touches few pages of the file.
        self._marks = [self.line(row) for row in range(0, len(self), _STRIDE)]
        self._providers: tuple[str, ...] | None = None
        self._asked: dict[tuple[str, str, str], tuple[Price, ...]] = {}

    @classmethod
    def open(cls, path: Path, *, check: bool = True) -> Catalogue:
        """Open the file of a catalogue, whose name tells its digest; `check` compares the two.

        Raises Damaged where they differ, and OSError.
        """
        with path.open("rb") as file:
            empty = path.stat().st_size == 0
            data = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        digest = path.name.removesuffix(SUFFIX)
        if check and (actual := _sha256(data)) != digest:
            raise Damaged(
                f"{path} is damaged: its SHA-256 is {actual}; remove the file and import the prices again, "
                "or restore it from a backup"
            )
        return cls(data, digest)

    @classmethod
    def of(cls, prices: list[Price]) -> Catalogue:
        """Return a catalogue of a few prices that is in memory alone. Raises ValueError where two have one key."""
        lines = sorted(map(line_of, prices))
        keys = [key_of(line) for line in lines]
        if len(set(keys)) < len(keys):
            raise ValueError("two of the prices have the same key")
        data = b"".join(lines)
        return cls(data, hashlib.sha256(data).hexdigest())

    def close(self) -> None:
        """Give the file back."""
        if isinstance(self._data, mmap.mmap):
            self._data.close()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def line(self, row: int) -> bytes:
        """Return a row's line, without the newline."""
        return self._data[self._ends[row] : self._ends[row + 1] - 1]

    def lines(self, first: int = 0) -> Iterator[bytes]:
        """Yield the lines from the row `first` on."""
        data, start = self._data, self._ends[first]
        for end in self._ends[first + 1 :]:
            yield data[start : end - 1]
            start = end

    def __iter__(self) -> Iterator[Price]:
        return map(price_of, self.lines())

    def first(self, sought: bytes) -> int:
        """Return the first row whose line begins with `sought` or comes after all that do."""
        data, ends, width = self._data, self._ends, len(sought)

        def begin(row: int) -> bytes:
            """Return as much of a row's line as is compared."""
            start = ends[row]
            return data[start : start + width]

        after = bisect_left(self._marks, sought) * _STRIDE
        rows = range(max(0, after - _STRIDE), min(after, len(self)))
        return rows.start + bisect_left(rows, sought, key=begin)

    def starting(self, sought: bytes) -> Iterator[bytes]:
        """Yield the lines that begin with `sought`."""
        for row in range(self.first(sought), len(self)):
            line = self.line(row)
            if not line.startswith(sought):
                return
            yield line

    def prices(self, provider: str, region: str, sku: str) -> tuple[Price, ...]:
        """Return all prices of a thing in a region; what is asked again and again is kept at hand."""
        asked = (provider, region, sku)
        found = self._asked.get(asked)
        if found is None:
            found = tuple(map(price_of, self.starting(prefix(*asked))))
            if len(self._asked) >= _AT_HAND:
                self._asked.clear()
            self._asked[asked] = found
        return found

    def names(self, *above: str) -> Iterator[str]:
        """Yield the different names one level below `above`: all providers, a provider's regions, a region's skus."""
        if not above and self._providers is not None:
            yield from self._providers
            return
        begin = prefix(*above)
        row, depth = self.first(begin), len(above)
        while row < len(self):
            line = self.line(row)
            if not line.startswith(begin):
                return
            name = orjson.loads(line)[depth]
            yield name
            row = self.first(prefix(*above, name)[:-1] + _AFTER_COMMA)

    @property
    def providers(self) -> tuple[str, ...]:
        """All providers, in order."""
        if self._providers is None:
            self._providers = tuple(self.names())
        return self._providers


def _ends(data: bytes | mmap.mmap) -> array[int]:
    """Return where each line begins, and where the last one ends."""
    ends = array("Q", [0])
    found, find, add = 0, data.find, ends.append
    while (found := find(b"\n", found) + 1) > 0:
        add(found)
    return ends


def _sha256(data: bytes | mmap.mmap) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(data), _HASH_PIECE):
        digest.update(data[start : start + _HASH_PIECE])
    return digest.hexdigest()
