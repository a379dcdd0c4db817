"""Prices in, a catalogue's file out: sorted, each key once, in a bounded amount of memory."""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from wharfinger_server.domain.price import Price
from wharfinger_server.pricing.catalogue import key_of, line_of, price_of
from wharfinger_server.pricing.vetting import Vetting, described
from wharfinger_server.sdk.price_source import MalformedPrices

_RUN = 100_000
"""So many lines are sorted in memory at once."""
_AT_ONCE = 64
"""So many sorted runs are merged at once."""
_BUFFER = 1 << 20
_TELL_EVERY = 10_000
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
    runs = [_write_run(folder / f"run-{number}", lines) for number, lines in enumerate(_runs(prices, source, on_rows))]
    if len(runs) == 1:
        lines: Iterable[bytes] = _read(runs[0])
    else:
        while len(runs) > _AT_ONCE:
            name = folder / f"{runs[0].name}-{len(runs)}"
            runs = [*runs[_AT_ONCE:], _write_run(name, heapq.merge(*map(_read, runs[:_AT_ONCE])))]
        lines = heapq.merge(*map(_read, runs))
    built = _write(folder / "catalog", lines)
    for run in folder.glob("run-*"):
        run.unlink()
    if not built.price_count:
        raise MalformedPrices("there is no price in it")
    return built


def _runs(prices: Iterable[Price], source: str, on_rows: OnRows | None) -> Iterator[list[bytes]]:
    """Yield sorted lists of lines."""
    lines = _lines(prices, source, on_rows)
    while run := list(islice(lines, _RUN)):
        run.sort()
        yield run


def _lines(prices: Iterable[Price], source: str, on_rows: OnRows | None) -> Iterator[bytes]:
    vet = Vetting().vet
    for count, price in enumerate(prices, 1):
        yield line_of(vet(price), source) + b"\n"
        if on_rows is not None and count % _TELL_EVERY == 0:
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
    last_key, last = b"", b""
    with path.open("wb", _BUFFER) as file:
        for line in lines:
            if line == last:
                continue
            key = key_of(line)
            if key == last_key:
                raise _disagreement(last, line)
            last_key, last = key, line
            digest.update(line)
            file.write(line)
            count += 1
            unknown += line.startswith(_UNKNOWN, len(key))
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
