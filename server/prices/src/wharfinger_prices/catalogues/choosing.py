"""Which of several prices that fit a question is meant: never a guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import NamedTuple

from wharfinger_prices.price import Price, plain

DISPUTED = "amount"


class Ambiguous(NamedTuple):
    """Several are meant: `field` is what to say as well, and `choices` its values.

    DISPUTED is a field that nobody can say: the data says several amounts of one price, which are the choices.
    """

    field: str
    choices: tuple[str, ...]


_TOLD_APART: tuple[tuple[str, Callable[[Price], str]], ...] = (
    ("term", attrgetter("term")),
    ("currency_code", attrgetter("currency")),
    ("unit", attrgetter("unit")),
)


def only(prices: Sequence[Price]) -> Price | Ambiguous:
    """Return the one price that is meant, or what tells several apart.

    One without a term goes before those with one; of those that differ only in the moment from which they hold it is
    the latest.
    """
    if len(prices) == 1:
        return _said(prices[0])
    regions = sorted({price.region for price in prices})
    if len(regions) > 1:
        return Ambiguous("region", tuple(regions))
    if any(not price.term for price in prices):
        prices = [price for price in prices if not price.term]
    for name, value in _TOLD_APART:
        choices = sorted({value(price) for price in prices})
        if len(choices) > 1:
            return Ambiguous(name, tuple(choices))
    return _said(max(prices, key=attrgetter("effective")))


def _said(price: Price) -> Price | Ambiguous:
    """Return the price, unless its data contradicts itself."""
    if not price.disputed:
        return price
    return Ambiguous(DISPUTED, tuple(plain(tier.amount) for tier in price.tiers))


def may_answer(price: Price) -> bool:
    """Whether a price is an answer, be it an ambiguous one: what is merely unknown is none."""
    return price.amount is not None or bool(price.tiers)
