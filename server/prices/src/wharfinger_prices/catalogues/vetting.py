"""The check of a single price: one that can't be is refused with the reason, never mended by a guess."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from wharfinger_prices.catalogues.catalogue import KEY_END
from wharfinger_prices.currency import CURRENCIES
from wharfinger_prices.price import CATEGORIES, LONGEST_AMOUNT, Price, plain
from wharfinger_prices.sdk.price_source import MalformedPrices

T = TypeVar("T")

HIGHEST = Decimal(10) ** 9
"""An amount above this is a mistake, but in a currency of which a dollar is hundreds or more."""
_HIGHEST_OF_SMALL = Decimal(10) ** 13
_FEW = """
    AMD ARS BIF CDF CLP COP CRC DJF GNF HUF IDR IQD IRR ISK JPY KHR KMF KRW KZT LAK LBP LKR MGA MMK MNT MWK NGN PKR PYG
    RSD RWF SLE SOS SSP STN SYP TZS UGX UYU UZS VES VND VUV XAF XOF XPF YER
"""
_SMALL = frozenset(_FEW.split())
_ZERO = Decimal(0)
_LONGEST_NAME = 300
_MOST_SEEN = 10_000
_NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_END_OF_TIME = 253_402_300_800_000_000
"""The year 10000, in microseconds."""


class Vetting:
    """Looks at prices, one after the other; what many have in common is looked at once."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, ...]] = set()
        self._amounts: set[str] = set()

    def vet(self, price: Price) -> Price:
        """Return the price as it is kept, or raise MalformedPrices with what is wrong with it.

        A zero that is not told to be free is unknown, and so kept without an amount.
        """
        provider, region, sku, unit, currency, amount, category, term, free, tiers, effective, expire, source, _ = price
        common = (provider, region, unit, currency, category, term, source)
        if common not in self._seen:
            _check_common(price)
            _note(self._seen, common)
        if not sku or len(sku) > _LONGEST_NAME or not sku.isascii() or not sku.isprintable():
            _check_name(price, "sku", sku)
        if effective or expire:
            _check_times(price)
        if amount is not None and ((text := str(amount)) not in self._amounts or currency in _SMALL):
            _check_amount(price, amount)
            _note(self._amounts, text)
        if tiers:
            _check_tiers(price)
        elif free:
            _check_free(price)
        elif amount is not None and not amount:
            return price._replace(amount=None)
        return price


def _note(seen: set[T], one: T) -> None:
    """Remember what is in order, so much at a time that memory does not grow with the file."""
    if len(seen) >= _MOST_SEEN:
        seen.clear()
    seen.add(one)


def described(price: Price) -> str:
    """Return what a price is of, for messages."""
    named = " ".join(filter(None, (price.provider, price.region, price.sku, price.term)))
    return _NO_NAME.sub("?", named)[:200]


def _check_common(price: Price) -> None:
    if price.currency not in CURRENCIES:
        raise _refused(price, f"its currency {price.currency[:20]!r} is none of ISO 4217")
    if price.category not in CATEGORIES:
        raise _refused(price, f"its category {price.category[:40]!r} is none of {', '.join(CATEGORIES)}")
    if not price.provider or not price.unit:
        raise _refused(price, "it lacks a provider or a unit")
    for what in ("provider", "region", "unit", "term", "source"):
        _check_name(price, what, getattr(price, what))
    if KEY_END.decode() in price.source:
        raise _refused(price, "its source has a comma before a bracket, which ends a key in a catalogue's file")


def _check_times(price: Price) -> None:
    if not 0 <= price.effective < _END_OF_TIME or not 0 <= price.expire < _END_OF_TIME:
        raise _refused(price, "its times are outside of 1970 to 9999")


def _check_free(price: Price) -> None:
    if price.amount != _ZERO:
        raise _refused(price, f"it is told to be free and to cost {price.amount}")


def _check_name(price: Price, what: str, name: str) -> None:
    if what == "sku" and not name:
        raise _refused(price, "it lacks a sku")
    if len(name) > _LONGEST_NAME:
        raise _refused(price, f"its {what} is longer than {_LONGEST_NAME} characters")
    if _NO_NAME.search(name):
        raise _refused(price, f"its {what} has characters that no name has")


def _check_amount(price: Price, amount: Decimal) -> None:
    if not amount.is_finite():
        raise _refused(price, f"its amount is {amount}")
    if amount < _ZERO:
        raise _refused(price, f"its amount is negative: {amount}")
    highest = _HIGHEST_OF_SMALL if price.currency in _SMALL else HIGHEST
    if amount > highest:
        raise _refused(price, f"its amount is above {highest:f}, which is absurd: {amount}")
    text = str(amount)
    if (len(text) > LONGEST_AMOUNT or "E" in text) and len(plain(amount)) > LONGEST_AMOUNT:
        raise _refused(price, f"its amount has more than {LONGEST_AMOUNT} characters")


def _check_tiers(price: Price) -> None:
    steps = price.tiers
    if price.amount is None:
        for step in steps:
            _check_amount(price, step.amount)
        return
    if steps[0].from_quantity != _ZERO or steps[0].amount != price.amount:
        raise _refused(price, "its first tier does not begin at 0 with the price's own amount")
    if any(later.from_quantity <= earlier.from_quantity for earlier, later in pairwise(steps)):
        raise _refused(price, "its tiers are not in the order of their quantities")
    for step in steps:
        _check_amount(price, step.amount)
        _check_amount(price, min(step.from_quantity, HIGHEST))  # a quantity may be more than an amount
    if price.free or all(step.amount == _ZERO for step in steps):
        raise _refused(price, "all of its tiers cost nothing, so it has none")


def _refused(price: Price, why: str) -> MalformedPrices:
    return MalformedPrices(f"the price of {described(price)} can't be taken: {why}")
