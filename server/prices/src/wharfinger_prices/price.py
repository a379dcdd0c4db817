"""Prices: what one is, how amounts are written, and what a quantity costs for an hour. Unknown is never zero."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

LONGEST_AMOUNT = 40
HOURS_IN_MONTH = 730
"""By which monthly prices become hourly ones, as the clouds' own calculators do: 365 days in 12 months."""
CATEGORIES = ("on-demand", "spot", "committed")

_AMOUNT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)
_FINE = Decimal(1).scaleb(-18)
_HOURS = {"Hours": 1, "Days": 24, "Months": HOURS_IN_MONTH, "Years": 12 * HOURS_IN_MONTH}
_IN_AN_HOUR = {"Minutes": 60, "Seconds": 3600}


def parse_amount(text: str) -> Decimal:
    """Return a plain decimal number such as `0.0416`; raise ValueError for exponents, grouping, over 40 characters."""
    if len(text) > LONGEST_AMOUNT or not _AMOUNT.fullmatch(text):
        raise ValueError(
            f"{text[:LONGEST_AMOUNT]!r} is not a plain decimal number of at most {LONGEST_AMOUNT} characters"
        )
    return Decimal(text)


def plain(number: Decimal) -> str:
    """Return a number as the API writes it: digits and at most one point, without zeros at the end of a fraction."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in a currency, by its three-letter ISO 4217 code."""

    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a price that falls with quantity: from `from_quantity` units a month upwards, one costs `amount`."""

    from_quantity: Decimal
    amount: Decimal


class Contract(NamedTuple):
    """What the provider lists for one unit, where the `rule` of a price book says what was agreed on instead."""

    list_amount: Decimal
    rule: str


class Price(NamedTuple):
    """One price of one thing at one provider. `amount` is None where it is unknown; zero only where it is `free`.

    `region` is "" for prices that hold everywhere. `unit` is what one amount buys, as FOCUS names it: `Hours`,
    `GB-Months`, `Requests`. `category` is one of CATEGORIES; `term` tells apart offers of one category, such as
    `1yr-no-upfront`. `effective` and `expire` (not included) are microseconds, 0: not known. `source` is the name of
    the price source that read it. Without an amount, tiers are what contradicts itself: see `disputed`. `contract` is
    there where the amount is what a rule made of what is listed;
    catalogues have no such prices, look-ups do.

    It is a tuple because files have millions of them, and no other immutable object is made as quickly.
    """

    provider: str
    region: str
    sku: str
    unit: str
    currency: str
    amount: Decimal | None
    category: str = "on-demand"
    term: str = ""
    free: bool = False
    tiers: tuple[Tier, ...] = ()
    effective: int = 0
    expire: int = 0
    source: str = ""
    contract: Contract | None = None

    @property
    def key(self) -> tuple[str, str, str, str, str, str, str, int]:
        """What a catalogue has only one of, in the order it is sorted by."""
        return (
            self.provider,
            self.region,
            self.sku,
            self.category,
            self.term,
            self.currency,
            self.unit,
            self.effective,
        )

    @property
    def id(self) -> str:
        """The price's name: stable within its catalogue, made from its key."""
        *names, effective = self.key
        told = "\0".join([*names, str(effective)]).encode()
        return hashlib.sha256(told).hexdigest()[:24]

    @property
    def disputed(self) -> bool:
        """Whether its data says two things of it: it has no amount, and the amounts that were said are its tiers'."""
        return self.amount is None and bool(self.tiers)

    def holds(self, at: int) -> bool:
        """Whether it holds at `at` (microseconds)."""
        return self.effective <= at and (not self.expire or at < self.expire)


def an_hour(unit: str, quantity: Decimal) -> Decimal:
    """Return how many units of a price an hour takes of `quantity`, to 18 decimals.

    Of what is priced by time (`Hours`, `GB-Months`) `quantity` is how much is held; of the rest how much an hour uses.
    """
    time = unit.rpartition("-")[2]
    units = _EXACT.multiply(quantity, Decimal(_IN_AN_HOUR.get(time, 1)))
    return _EXACT.quantize(_EXACT.divide(units, Decimal(_HOURS.get(time, 1))), _FINE)


def hourly(price: Price, quantity: Decimal) -> Money | None:
    """Return what `quantity` (see `an_hour`) costs for an hour; None where the price is unknown.

    Tiers are taken in turn, over what a month of it comes to; the result is then exact to 18 decimals.
    """
    if price.amount is None:
        return None
    units = an_hour(price.unit, quantity)
    if not price.tiers:
        return Money(price.currency, _EXACT.multiply(price.amount, units))
    month, cost = _EXACT.multiply(units, Decimal(HOURS_IN_MONTH)), Decimal(0)
    ends = [tier.from_quantity for tier in price.tiers[1:]] + [month]
    for tier, end in zip(price.tiers, ends, strict=True):
        part = min(end, month) - tier.from_quantity
        if part > 0:
            cost = _EXACT.add(cost, _EXACT.multiply(part, tier.amount))
    return Money(price.currency, _EXACT.quantize(_EXACT.divide(cost, Decimal(HOURS_IN_MONTH)), _FINE))


def part_of(amount: Decimal, percent: Decimal) -> Decimal:
    """Return so many percent of an amount, exact to 18 decimals."""
    return _EXACT.quantize(_EXACT.divide(_EXACT.multiply(amount, percent), Decimal(100)), _FINE).normalize(_EXACT)


def added(amount: Decimal, more: Decimal) -> Decimal:
    """Return the exact sum of two amounts."""
    return _EXACT.add(amount, more)


def total(parts: Iterable[Money]) -> tuple[Money, ...]:
    """Return the sums, one for each currency in the order of their codes; nothing is converted."""
    sums: dict[str, Decimal] = {}
    for part in parts:
        sums[part.currency] = _EXACT.add(sums.get(part.currency, Decimal(0)), part.amount)
    return tuple(Money(currency, sums[currency]) for currency in sorted(sums))
