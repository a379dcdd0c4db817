"""What the leftovers of a task cost for an hour, and amounts of money as sums by currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from wharfinger.ledger.costs import Costs, Sums, add
from wharfinger.ledger.entry import Counts
from wharfinger_prices.price import Money


@dataclass(frozen=True, slots=True)
class Leftover:
    """What the leftovers of a task cost for an hour.

    `known` are the sums by currency of what exists and has a price; `unpriced` counts what exists and has none,
    `uncertain` what may not exist: neither is in `known`, which is a lower bound while they are not 0.
    """

    known: tuple[Money, ...]
    unpriced: int
    uncertain: int

    @classmethod
    def of(cls, counts: Counts) -> Leftover:
        """Return what the open entries cost; what could not be undone counts as alive."""
        costs = counts.costs or Costs()
        return cls(listed(costs.alive), counts.open - counts.doubtful - costs.priced, counts.doubtful)


def listed(sums: Mapping[str, Decimal]) -> tuple[Money, ...]:
    """Return the sums as amounts of money, in the order of the currencies' codes."""
    return tuple(Money(currency, sums[currency]) for currency in sorted(sums))


def summed(parts: Iterable[Money]) -> Sums:
    """Return the sums of amounts of money, by currency."""
    sums: Sums = {}
    for money in parts:
        add(sums, money)
    return sums
