"""What two catalogues answer to the same questions: now, and at each moment from which one of them answers otherwise.

A question is for a thing in a region and a category; for one of its offers (term, currency, unit), or for the only one
there is. So what is added beside a price counts as well, where it changes what is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, product
from typing import NamedTuple

from wharfinger_prices.catalogues.catalogue import Catalogue, key_of, price_of
from wharfinger_prices.catalogues.choosing import Ambiguous, may_answer, only
from wharfinger_prices.price import Price, Tier

_NAMES = 4
"""Provider, region, sku and category: what a line begins with."""
_BETWEEN = b'","'
_UNKNOWN = b",[null,"
_MOST, _LEAST = Decimal("1.5"), Decimal("0.5")
_Lines = list[bytes]
_Offer = tuple[str, str, str]
_ANY: _Offer = ("", "", "")


@dataclass(slots=True)
class Answers:
    """How many questions had an answer `before`, and of how many it `moved` by more than half in a tier or at a time.

    `missing` have none, and `unclear` an ambiguous one, or one in another currency or unit.
    """

    before: int = 0
    moved: int = 0
    missing: int = 0
    unclear: int = 0

    @property
    def compared(self) -> int:
        """Those that have a figure in both."""
        return self.before - self.missing - self.unclear


class _Group(NamedTuple):
    """The lines of one thing in a region and a category, in both catalogues."""

    old: _Lines
    new: _Lines


def compare_answers(before: Catalogue, after: Catalogue, at: int) -> Answers:
    """Return how the answers of `after` differ from those of `before`, from the moment `at` (microseconds) on."""
    told = Answers()
    for group in _groups(before, after):
        if group.old == group.new:
            told.before += sum(_is_known(line) for line in group.old)
        else:
            _compare(group, before, after, at, told)
    return told


def _groups(before: Catalogue, after: Catalogue) -> Iterator[_Group]:
    olds, news = (groupby(one.lines(), _names_of) for one in (before, after))
    old, new = _next(olds), _next(news)
    while old or new:
        if new is None or (old is not None and old[0] < new[0]):
            assert old is not None
            yield _Group(old[1], [])
            old = _next(olds)
        elif old is None or new[0] < old[0]:
            yield _Group([], new[1])
            new = _next(news)
        else:
            yield _Group(old[1], new[1])
            old, new = _next(olds), _next(news)


def _next(groups: Iterator[tuple[bytes, Iterator[bytes]]]) -> tuple[bytes, _Lines] | None:
    found = next(groups, None)
    return None if found is None else (found[0], list(found[1]))


def _names_of(line: bytes) -> bytes:
    return _BETWEEN.join(line.split(_BETWEEN, _NAMES)[:_NAMES])


def _is_known(line: bytes) -> bool:
    return not line.startswith(_UNKNOWN, len(key_of(line)))


def _compare(group: _Group, before: Catalogue, after: Catalogue, at: int, told: Answers) -> None:
    old, new = [price_of(line) for line in group.old], [price_of(line) for line in group.new]
    first = (old or new)[0]
    old_everywhere, new_everywhere = _everywhere(before, first), _everywhere(after, first)
    candidates = old or old_everywhere
    offers = {(price.term, price.currency, price.unit) for price in candidates if price.amount is not None}
    everything = (*old, *new, *old_everywhere, *new_everywhere)
    moments = sorted({at, *(t for price in everything for t in (price.effective, price.expire) if t > at)})
    # One offer alone is also the only one there is: that is one question, asked in two ways.
    for question in ((*offers, _ANY),) if len(offers) == 1 else ((offer,) for offer in (*offers, _ANY)):
        worst = -1
        for offer, moment in product(question, moments):
            was = _answer(old, old_everywhere, offer, moment)
            if isinstance(was, Price):
                worst = max(worst, _differs(was, _answer(new, new_everywhere, offer, moment)))
        _count(worst, told)


def _everywhere(catalogue: Catalogue, thing: Price) -> Sequence[Price]:
    """Return the prices that hold where a region has none of its own."""
    if not thing.region:
        return ()
    return [p for p in catalogue.prices(thing.provider, "", thing.sku) if p.category == thing.category]


def _answer(own: Sequence[Price], everywhere: Sequence[Price], offer: _Offer, at: int) -> Price | Ambiguous | None:
    """Return the answer to a question at a moment; None where there is no figure."""
    term, currency, unit = offer
    for prices in (own, everywhere):
        fitting = [
            price
            for price in prices
            if may_answer(price)
            and price.holds(at)
            and (not term or price.term == term)
            and (not currency or price.currency == currency)
            and (not unit or price.unit == unit)
        ]
        if fitting:
            return only(fitting)
    return None


_SAME, _MOVED, _UNCLEAR, _MISSING = range(4)


def _differs(was: Price, now: Price | Ambiguous | None) -> int:
    if now is None:
        return _MISSING
    if not isinstance(now, Price) or (now.currency, now.unit) != (was.currency, was.unit):
        return _UNCLEAR
    if (was.amount, was.tiers) == (now.amount, now.tiers):
        return _SAME
    old, new = _steps(was), _steps(now)
    begins = {step.from_quantity for step in (*old, *new)}
    return _MOVED if any(_moved(_at(old, begin), _at(new, begin)) for begin in begins) else _SAME


def _steps(price: Price) -> tuple[Tier, ...]:
    return price.tiers or (Tier(Decimal(0), price.amount or Decimal(0)),)


def _at(steps: Sequence[Tier], quantity: Decimal) -> Decimal:
    """Return what one unit costs from a quantity upwards."""
    return next(step.amount for step in reversed(steps) if step.from_quantity <= quantity)


def _moved(one: Decimal, other: Decimal) -> bool:
    return not one * _LEAST <= other <= one * _MOST


def _count(worst: int, told: Answers) -> None:
    if worst < 0:
        return
    told.before += 1
    told.moved += worst == _MOVED
    told.unclear += worst == _UNCLEAR
    told.missing += worst == _MISSING
