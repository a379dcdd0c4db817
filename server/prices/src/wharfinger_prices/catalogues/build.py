"""Prices in, a catalogue's file out: sorted, each key once, in a bounded amount of memory."""

from __future__ import annotations

import hashlib
import heapq
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path

from wharfinger_prices.catalogues.catalogue import KEY_END, line_of, price_of
from wharfinger_prices.catalogues.vetting import Vetting, described
from wharfinger_prices.price import Price, Tier
from wharfinger_prices.sdk.price_source import MalformedPrices, Notes

_RUN = 32 << 20
"""So many bytes of lines are sorted in memory at once."""
_LINES = 10_000
"""So many lines are taken at a time: as often it is told how many there were, and whether a run is full."""
_AT_ONCE = 64
"""So many sorted runs are merged at once."""
_BUFFER = 1 << 20
_UNKNOWN = b",[null,"
_ZERO = Decimal(0)

OnRows = Callable[[int], None]
"""Hears how many prices were read so far."""


@dataclass(frozen=True, slots=True)
class Built:
    """A catalogue's file that was built: where it lies, its digest and how many prices it has."""

    path: Path
    digest: str
    price_count: int
    unknown_count: int


def build(
    prices: Iterable[Price], source: str, folder: Path, on_rows: OnRows | None = None, notes: Notes | None = None
) -> Built:
    """Write the prices into a new file in `folder`, which must be the caller's own, and return what came of it.

    `source` becomes the name of the source of each. Prices that are there twice collapse; of two of one key that
    disagree one is kept that is disputed (see `Price.disputed`). What can't be taken (see `vetting`) is left out. Both
    are faults that `notes` is told. The file is on the disk when this returns.

    Raises MalformedPrices where no price is left; OSError where the folder can't be written.
    """
    notes = Notes() if notes is None else notes
    runs: list[Path] = []
    run: list[bytes] = []
    size = 0
    for lines in _lines(prices, source, on_rows, notes):
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
    built = _write(folder / "catalog", heapq.merge(run, *map(_read, runs)) if runs else run, notes)
    for path in folder.glob("run-*"):
        path.unlink()
    if not built.price_count:
        faults = f" that can be taken: {notes.faults[0]}" if notes.faults else ""
        raise MalformedPrices("there is no price in it" + faults)
    return built


def _lines(prices: Iterable[Price], source: str, on_rows: OnRows | None, notes: Notes) -> Iterator[list[bytes]]:
    """Yield the prices' lines, many at a time."""
    vet, now, given = Vetting().vet, time.time_ns() // 1000, iter(prices)
    newest, dated, count, more = 0, True, 0, True
    while more:
        lines, more = [], False
        for price in islice(given, _LINES):
            more = True
            try:
                told = vet(price)
            except MalformedPrices as error:
                notes.leave_out(str(error))
                continue
            if not told.effective:
                dated = False
            elif newest < told.effective and told.holds(now):
                newest = told.effective
            if told.amount is None and told.disputed:
                notes.leave_out(f"the price of {described(told)} contradicts itself: {_told(told)} at once")
            lines.append(line_of(told, source))
        yield lines
        count += len(lines)
        if on_rows is not None and more:
            on_rows(count)
    notes.newest = newest if dated else 0


def _write_run(path: Path, lines: Iterable[bytes]) -> Path:
    with path.open("wb", _BUFFER) as file:
        file.writelines(lines)
    return path


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb", _BUFFER) as file:
        yield from file


def _write(path: Path, lines: Iterable[bytes], notes: Notes) -> Built:
    digest, count, unknown = hashlib.sha256(), 0, 0
    lines = _one_of_each_key(lines, notes)
    with path.open("wb") as file:
        while taken := list(islice(lines, _LINES)):
            data = b"".join(taken)
            unknown += _count_unknown(data, taken)
            digest.update(data)
            file.write(data)
            count += len(taken)
        file.flush()
        os.fsync(file.fileno())
    return Built(path, digest.hexdigest(), count, unknown)


def _count_unknown(data: bytes, lines: list[bytes]) -> int:
    """Return how many of the lines, of which `data` is made, have no amount."""
    if data.count(KEY_END) == len(lines):  # as nearly always: no name has what ends a key
        return data.count(_UNKNOWN)
    return sum(line.startswith(_UNKNOWN, line.rindex(KEY_END)) for line in lines)


def _one_of_each_key(lines: Iterable[bytes], notes: Notes) -> Iterator[bytes]:
    """Yield a line for each key; lines of one key come one after the other."""
    last_key = last = b""
    others: list[bytes] = []
    for line in lines:
        key = line[: line.rindex(KEY_END)]
        if key == last_key:
            if line != last and line not in others:
                others.append(line)
            continue
        if last:
            yield _dispute([last, *others], notes) if others else last
        last_key, last, others = key, line, []
    if last:
        yield _dispute([last, *others], notes) if others else last


def _dispute(lines: list[bytes], notes: Notes) -> bytes:
    """Return the line of the price of which these say different things."""
    prices = [price_of(line) for line in lines]
    told = " and ".join(_told(price) for price in prices)
    notes.leave_out(
        f"the price of {described(prices[0])} is there twice and differs: {told}; the data contradicts itself, so none "
        "of them is taken, and who asks is told so"
    )
    ends = [price.expire for price in prices]
    return line_of(disputed(prices)._replace(expire=0 if 0 in ends else max(ends)))


def disputed(prices: Iterable[Price]) -> Price:
    """Return the price that stands for several of one key that contradict each other: no amount, and what they say."""
    prices = list(prices)
    said = {tier.amount: None for price in prices for tier in price.tiers if price.disputed}
    said |= {price.amount or _ZERO: None for price in prices if not price.disputed}
    tiers = tuple(Tier(_ZERO, amount) for amount in sorted(said))
    return prices[0]._replace(amount=None, free=False, tiers=tiers)


def _told(price: Price) -> str:
    if price.disputed:
        return " and ".join(f"{step.amount} {price.currency}" for step in price.tiers)
    said = "unknown" if price.amount is None else f"{price.amount} {price.currency}"
    more = [f"from {step.from_quantity}: {step.amount}" for step in price.tiers[1:]]
    if price.expire:
        more.append(f"until {price.expire}")
    return said + (f" ({', '.join(more)})" if more else "") + (" free" if price.free else "")
