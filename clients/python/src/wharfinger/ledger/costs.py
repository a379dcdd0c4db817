"""The cost of a task's entries for an hour: exact sums by currency that move with each entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Protocol

Sums = dict[str, Decimal]
"""Amounts by currency; a currency that comes to nothing is left out."""

_EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)


class Amount(Protocol):
    """An exact amount of money, with the three-letter code of its currency."""

    @property
    def currency(self) -> str:
        """Return the currency's code."""
        ...

    @property
    def amount(self) -> Decimal:
        """Return how much of it."""
        ...


class Cost(Protocol):
    """What a thing is expected to cost, as the ledger needs it."""

    @property
    def hourly(self) -> Amount | None:
        """Return what it costs for an hour, None where that is unknown."""
        ...


@dataclass(slots=True)
class Costs:
    """The hourly sums of a task's open entries that have a price.

    `alive` is of what exists, `doubtful` of what may not exist, `beside` the part of both that is evidence (`KEY~n`).
    `priced` counts the entries that exist and have a price, the free ones too.
    """

    alive: Sums = field(default_factory=dict)
    doubtful: Sums = field(default_factory=dict)
    beside: Sums = field(default_factory=dict)
    priced: int = 0

    def move(self, hourly: Amount, sign: int, *, alive: bool, evidence: bool) -> None:
        """Count one open entry in (`sign` 1) or out (`sign` -1)."""
        add(self.alive if alive else self.doubtful, hourly, sign)
        if alive:
            self.priced += sign
        if evidence:
            add(self.beside, hourly, sign)

    @property
    def open(self) -> Sums:
        """Return the sums of all that is open: what may not exist counts as if it did."""
        return together(self.alive, self.doubtful)


def added(amount: Decimal, more: Decimal) -> Decimal:
    """Return the exact sum of two amounts."""
    return _EXACT.add(amount, more)


def add(sums: Sums, money: Amount, sign: int = 1) -> None:
    """Add `money` to the sums in place, or with `sign` -1 take it away."""
    _add(sums, money.currency, money.amount if sign > 0 else money.amount.copy_negate())


def together(*parts: Mapping[str, Decimal]) -> Sums:
    """Return the sum of sums."""
    sums: Sums = {}
    for part in parts:
        for currency, amount in part.items():
            _add(sums, currency, amount)
    return sums


def _add(sums: Sums, currency: str, more: Decimal) -> None:
    amount = added(sums.get(currency, Decimal(0)), more)
    if amount:
        sums[currency] = amount
    else:
        sums.pop(currency, None)
