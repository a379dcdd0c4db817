"""Prices in, a catalogue's file out: sorted, each key once, in a bounded amount of memory."""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from wharfinger_prices.catalogues.catalogue import key_of, line_of, price_of
from wharfinger_prices.catalogues.vetting import Vetting, described
from wharfinger_prices.price import Price
from wharfinger_prices.sdk.price_source import MalformedPrices

_RUN = 32 << 20
"""So many bytes of lines are sorted in memory at once."""
_LINES = 10_000
"""So many lines are taken at a time: as often it is told how many there were, and whether a run is full."""
_AT_ONCE = 64
"""So many sorted runs are merged at once."""
_BUFFER = 1 << 20
_UNKNOWN = b",[null,"

OnRows = Callable[[int], None]
"""Hears how many prices were read so far."""


@dataclass(frozen=True, slots=True)
class Built:
    """A catalogue's file that was built: where it lies, its digest and how many prices it has."""

    path: Path
    digest: str
    price_count: int
    unknown_count: int


def build(prices: Iterable[Price], source: str, folder: Path, on_rows: OnRows | None = None) -> Built:
    """Write the prices into a new file in `folder`, which must be the caller's own, and return what came of it.

    `source` becomes the name of the source of each. Prices that are there twice collapse. The file is on the disk when
    this returns.

    Raises MalformedPrices for a price that can't be taken (see `vetting`), for two of one key that disagree, and for
    none at all; OSError where the folder can't be written.
    """
    runs: list[Path] = []
    run: list[bytes] = []
    size = 0
    for lines in _lines(prices, source, on_rows):
        run += lines
        size += sum(map(len, lines))
        if size >= _RUN:
            run.sort()
            runs.append(_write_run(folder / f"run-{len(runs)}", run))
            run, size = [], 0
    run.sort()
    while len(runs) >= _AT_ONCE:
        name = folder / f"{runs[0].name}-{len(runs)}"
        runs = [*runs[_AT_ONCE:], _write_run(name, heapq.merge(*map(_read, runs[:_AT_ONCE])))]
    built = _write(folder / "catalog", heapq.merge(run, *map(_read, runs)) if runs else run)
    for path in folder.glob("run-*"):
        path.unlink()
    if not built.price_count:
        raise MalformedPrices("there is no price in it")
    return built


def _lines(prices: Iterable[Price], source: str, on_rows: OnRows | None) -> Iterator[list[bytes]]:
    """Yield the prices' lines, many at a time."""
    vet, count = Vetting().vet, 0
    vetted = map(vet, prices)
    while lines := [line_of(price, source) for price in islice(vetted, _LINES)]:
        yield lines
        count += len(lines)
        if on_rows is not None and len(lines) == _LINES:
            on_rows(count)


def _write_run(path: Path, lines: Iterable[bytes]) -> Path:
    with path.open("wb", _BUFFER) as file:
        file.writelines(lines)
    return path


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb", _BUFFER) as file:
        yield from file


def _write(path: Path, lines: Iterable[bytes]) -> Built:
    digest, count, unknown = hashlib.sha256(), 0, 0
    last_key = last = b""
    lines = iter(lines)
    with path.open("wb") as file:
        while taken := list(islice(lines, _LINES)):
            kept = []
            for line in taken:
                key = key_of(line)
                if key == last_key:
                    if line != last:
                        raise _disagreement(last, line)
                    continue
                last_key, last = key, line
                kept.append(line)
                unknown += line.startswith(_UNKNOWN, len(key))
            data = b"".join(kept)
            digest.update(data)
            file.write(data)
            count += len(kept)
        file.flush()
        os.fsync(file.fileno())
    return Built(path, digest.hexdigest(), count, unknown)


def _disagreement(one: bytes, other: bytes) -> MalformedPrices:
    first, second = price_of(one), price_of(other)
    told = " and ".join(_told(price) for price in (first, second))
    return MalformedPrices(
        f"the price of {described(first)} is there twice and differs: {told}; the data contradicts itself, so none of "
        "it is taken"
    )


def _told(price: Price) -> str:
    said = "unknown" if price.amount is None else f"{price.amount} {price.currency}"
    more = [f"from {step.from_quantity}: {step.amount}" for step in price.tiers[1:]]
    if price.expire:
        more.append(f"until {price.expire}")
    return said + (f" ({', '.join(more)})" if more else "") + (" free" if price.free else "")
