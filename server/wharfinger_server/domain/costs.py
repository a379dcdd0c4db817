"""The cost of a task's entries for an hour: exact sums by currency that move with each entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from wharfinger_prices.price import Money, added

Sums = dict[str, Decimal]
"""Amounts by currency; a currency that comes to nothing is left out."""


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

    def move(self, hourly: Money, sign: int, *, alive: bool, evidence: bool) -> None:
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


@dataclass(frozen=True, slots=True)
class Leftover:
    """What the leftovers of a task cost for an hour.

    `known` are the sums by currency of what exists and has a price; `unpriced` counts what exists and has none,
    `uncertain` what may not exist: neither is in `known`, which is a lower bound while they are not 0.
    """

    known: tuple[Money, ...]
    unpriced: int
    uncertain: int


def add(sums: Sums, money: Money, sign: int = 1) -> None:
    """Add `money` to the sums in place, or with `sign` -1 take it away."""
    amount = added(sums.get(money.currency, Decimal(0)), money.amount if sign > 0 else money.amount.copy_negate())
    if amount:
        sums[money.currency] = amount
    else:
        sums.pop(money.currency, None)


def together(*parts: Mapping[str, Decimal]) -> Sums:
    """Return the sum of sums."""
    sums: Sums = {}
    for part in parts:
        for money in listed(part):
            add(sums, money)
    return sums


def listed(sums: Mapping[str, Decimal]) -> tuple[Money, ...]:
    """Return the sums as amounts of money, in the order of the currencies' codes."""
    return tuple(Money(currency, sums[currency]) for currency in sorted(sums))


def summed(parts: Iterable[Money]) -> Sums:
    """Return the sums of amounts of money, by currency."""
    sums: Sums = {}
    for money in parts:
        add(sums, money)
    return sums
