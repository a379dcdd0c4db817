"""The differences of two catalogues, in numbers and one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from wharfinger_prices.catalog import CatalogDiff
from wharfinger_prices.catalogues.catalogue import Catalogue, key_of, price_of
from wharfinger_prices.price import Price

_HALF = Decimal("0.5")
_Pair = tuple[bytes | None, bytes | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """One price that is not the same in both: None where one of them has none of that kind."""

    before: Price | None
    after: Price | None


def differences(before: Catalogue, after: Catalogue, at: int) -> Iterator[Difference]:
    """Yield what differs in amount, in the order of provider, region and sku.

    Compared is what holds at the moment `at`, in microseconds: the same offer may hold from another moment on.
    """
    for old, new in _pairs(before, after, at):
        if old is None or new is None or _said(old) != _said(new):
            one, other = old and price_of(old), new and price_of(new)
            if not (one and other and one.amount == other.amount and one.tiers == other.tiers):
                yield Difference(one or None, other or None)


def compare(before: Catalogue, after: Catalogue, at: int) -> CatalogDiff:
    """Return how many differ, and in which way; see `differences`."""
    added = removed = raised = lowered = became_zero = moved = compared = known = 0
    for old, new in _pairs(before, after, at):
        if old is None:
            added += 1
            continue
        was = not _is_unknown(old)
        known += was
        if new is None:
            removed += 1
        elif was and _said(old) == _said(new):
            compared += 1
        elif was:
            one, other = price_of(old).amount, price_of(new).amount
            assert one is not None
            if not other and one:
                became_zero += 1
                continue
            compared += 1
            raised += other is not None and other > one
            lowered += other is not None and other < one
            moved += other is not None and abs(other - one) > one * _HALF
    return CatalogDiff(added, removed, raised, lowered, became_zero, moved, compared, known)


def contradictions(one: Catalogue, other: Catalogue) -> Iterator[Price]:
    """Yield the prices of `other` that say something else than `one` says of the same."""
    for line in other.lines():
        row = one.first(key_of(line) + b",[")
        if row < len(one):
            same = one.line(row)
            if key_of(same) == key_of(line) and _figures(same) != _figures(line):
                yield price_of(line)


def _figures(line: bytes) -> tuple[object, ...]:
    price = price_of(line)
    return price.amount, price.tiers, price.free


def _pairs(before: Catalogue, after: Catalogue, at: int) -> Iterator[_Pair]:
    """Yield each offer's lines in both, None where one has none."""
    olds, news = _offers(before, at), _offers(after, at)
    old, new = next(olds, None), next(news, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old[0] < new[0]):
            assert old is not None
            yield old[1], None
            old = next(olds, None)
        elif old is None or new[0] < old[0]:
            yield None, new[1]
            new = next(news, None)
        else:
            yield old[1], new[1]
            old, new = next(olds, None), next(news, None)


def _offers(catalogue: Catalogue, at: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield each offer, a price's key without its time, with the line that holds at `at`, or else the last one."""
    for offer, group in groupby(catalogue.lines(), _offer_of):
        lines = list(group)
        line = lines[0]
        if len(lines) > 1:
            prices = [(price_of(line), line) for line in lines]
            holding = [pair for pair in prices if pair[0].holds(at)] or prices
            line = max(holding, key=lambda pair: pair[0].effective)[1]
        yield offer, line


def _offer_of(line: bytes) -> bytes:
    key = key_of(line)
    return key[: key.rindex(b",")]


def _said(line: bytes) -> bytes:
    """Return what stands in a line behind its key."""
    return line[len(key_of(line)) :]


def _is_unknown(line: bytes) -> bool:
    return _said(line).startswith(b",[null,")
