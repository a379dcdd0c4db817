"""Amounts in price files: plain decimal numbers, taken from their text and never through a float."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from wharfinger_prices.price import LONGEST_AMOUNT, Tier, plain

MOST = Decimal(10) ** 13
"""No unit of anything costs more, in any currency. Of most currencies less is too much: see `vetting`."""
MOST_UNITS = Decimal(10) ** 18
"""No tier begins at more units; those of what is counted by the second or the byte begin at billions."""

_PLAIN = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,30})?")
_NUMBER = re.compile(r"(-?)[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_ZERO = Decimal(0)


def number(text: str, what: str = "price") -> Decimal:
    """Return the number that `text` writes, 0 or more, exactly; `5e-05` is allowed where a program wrote it.

    Raises ValueError for anything else: no number, NaN and Infinity, negative, above MOST, or of more digits than an
    amount may have. `what` names it in the error's message.
    """
    # Nearly all are plain, and a file has hundreds of thousands of them.
    return Decimal(text) or _ZERO if _PLAIN.fullmatch(text) else _odd_number(text, what)


def quantity(text: str, what: str) -> Decimal:
    """Return what `number` does, of units and not of money: up to MOST_UNITS. Raises ValueError as it does."""
    return Decimal(text) or _ZERO if _PLAIN.fullmatch(text) else _odd_number(text, what, MOST_UNITS)


def _odd_number(text: str, what: str, most: Decimal = MOST) -> Decimal:
    """Do what `number` does for what is not written plainly."""
    shown = repr(text if len(text) <= LONGEST_AMOUNT else text[:LONGEST_AMOUNT] + "…")
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > 2 * LONGEST_AMOUNT:
        raise ValueError(f"{shown} is no {what}; it must be a decimal number")
    value = Decimal(text)
    if not value:
        return _ZERO
    if match[1]:
        raise ValueError(f"the {what} {shown} is negative")
    if value > most:
        raise ValueError(f"the {what} {shown} is absurd: it is more than {most}")
    if value.adjusted() < -LONGEST_AMOUNT or len(plain(value)) > LONGEST_AMOUNT:
        raise ValueError(f"the {what} {shown} is absurd: written out it has more than {LONGEST_AMOUNT} digits")
    return value


@lru_cache(maxsize=1 << 10)
def amount(text: str) -> Decimal | None:
    """Return the amount that `text` writes; None for zero, which is unknown. Raises ValueError as `number` does."""
    return number(text) or None


def figure(value: object) -> str:
    """Return what a file gives as a price if it is text, or a number kept as its text. Raises ValueError otherwise."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no price; it must be a decimal number")  # noqa: TRY004 - of the file, not of our code
    return value


def tiered(steps: Iterable[tuple[Decimal, Decimal]]) -> tuple[Decimal | None, tuple[Tier, ...]]:
    """Return a price's amount and its tiers from what a unit costs from which quantity upwards.

    The amount is that of the first step, which may be zero if a later one is not: so providers write a free allowance.
    It is None where all are zero, and where no step begins at 0, so that nobody knows what the first units cost. Where
    one quantity has two costs it is None too, and the tiers are these two: see `Price.disputed`.
    """
    costs: dict[Decimal, Decimal] = {}
    for quantity, cost in sorted(steps):
        if costs.setdefault(quantity, cost) != cost:
            return None, (Tier(quantity, costs[quantity]), Tier(quantity, cost))
    if _ZERO not in costs or not any(costs.values()):
        return None, ()
    tiers = tuple(Tier(quantity, costs[quantity]) for quantity in sorted(costs))
    return costs[_ZERO], tiers if len(tiers) > 1 else ()


def check_ranges(ranges: Iterable[tuple[Decimal, str]]) -> None:
    """Raise ValueError unless each range of units ends where the next one begins; "" ends where nobody says."""
    told = sorted(set(ranges))
    for (_, end), (begin, _) in pairwise(told):
        if end and (end == "Inf" or quantity(end, "end of a range") != begin):
            raise ValueError(f"a range ends at {end}, and the next one begins at {plain(begin)}")
