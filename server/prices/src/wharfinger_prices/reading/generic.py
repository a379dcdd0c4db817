"""Our own formats: what each field of a price is called in a file that somebody writes, and what it may say."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from decimal import Decimal

from wharfinger_prices.price import CATEGORIES, Price, plain
from wharfinger_prices.reading.amounts import figure, number, tiered
from wharfinger_prices.reading.texts import currency, moment, text
from wharfinger_prices.reading.units import own_unit

NEEDED = ("provider", "sku", "unit", "currency", "amount")
OPTIONAL = ("region", "category", "term", "free", "tiers", "effective", "expire", "source")
FIELDS = (*NEEDED, *OPTIONAL)


def check_names(given: Iterable[str]) -> None:
    """Check the names of fields. Raises ValueError for one that is unknown, missing, or there twice."""
    names = list(given)
    for name in names:
        if name not in FIELDS:
            near = difflib.get_close_matches(name[:40], FIELDS, n=1)
            advice = f"did you mean {near[0]}?" if near else f"the fields are {', '.join(FIELDS)}"
            raise ValueError(f"the field {name[:40]!r} is unknown; {advice}")
        if names.count(name) > 1:
            raise ValueError(f"the field {name} is there twice")
    if missing := [name for name in NEEDED if name not in names]:
        raise ValueError(f"the field {missing[0]} is missing; {', '.join(NEEDED)} must be there")


def price_of(
    fields: Mapping[str, object], amount: object, *, free: bool, steps: Iterable[tuple[Decimal, Decimal]] = ()
) -> Price:
    """Return the price that `fields` tell; `amount` is None or "" where it is unknown. Raises ValueError.

    A zero must be said to be free: of one that is not, nobody knows whether it was meant.
    """
    said = {name: text(fields.get(name, ""), name, needed=False) for name in ("region", "category", "term", "source")}
    category = said["category"] or "on-demand"
    if category not in CATEGORIES:
        raise ValueError(f"category is {category!r}; it must be {', '.join(CATEGORIES)}")
    price = Price(
        text(fields["provider"], "provider"),
        said["region"],
        text(fields["sku"], "sku"),
        own_unit(text(fields["unit"], "unit")),
        currency(fields["currency"]),
        None if amount is None or amount == "" else number(figure(amount), "amount"),
        category,
        said["term"],
        free,
        (),
        _moment(fields, "effective"),
        _moment(fields, "expire"),
        said["source"],
    )
    if price.expire and price.expire <= price.effective:
        raise ValueError("expire is not after effective")
    return _with_tiers(price, tuple(steps))


def _moment(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name) or 0
    return value if isinstance(value, int) else moment(value, name)


def _with_tiers(price: Price, steps: tuple[tuple[Decimal, Decimal], ...]) -> Price:
    """Return the price with its tiers, checked against its amount and against whether it is free."""
    if steps:
        first, tiers = tiered(steps)
        if first is None and tiers:
            raise ValueError(f"from {plain(tiers[0].from_quantity)} units upwards it has two amounts at once")
        if first is None:
            raise ValueError(
                "tiers must begin at 0 and have a price; where it costs nothing, leave them out and say free"
            )
        if price.amount not in {None, first}:
            raise ValueError(f"amount is {price.amount}, and the first tier is {first}")
        price = price._replace(amount=first, tiers=tiers)
    if price.free and (price.amount is None or price.amount):
        raise ValueError("it is said to be free, and then the amount must be 0")
    if price.amount == 0 and not price.free and not price.tiers:
        raise ValueError("amount is 0: say free (true) if it costs nothing, or leave the amount out if it is unknown")
    return price
