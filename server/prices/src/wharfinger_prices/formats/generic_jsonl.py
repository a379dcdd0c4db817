"""Prices of one's own as JSON Lines, and the lines of a catalogue's file itself.

    {"provider": "onprem", "region": "fra1", "sku": "m.large", "unit": "Hours", "currency": "EUR", "amount": "0.12"}

The fields are those of `own_csv`; `amount` is text, a number, or null where it is unknown; `free` is true or false, and
`tiers` is an array of `{"from_quantity": "0", "amount": "0.02"}`.

A catalogue's line is an array: provider, region, sku, category, term, currency, unit, effective time (microseconds),
and an array of amount, 1 if free, expire time, source, and the tiers' quantities and amounts in turn. So a catalogue's
file is carried to another server by importing it there; it keeps its digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wharfinger_prices.price import Price, Tier
from wharfinger_prices.reading.amounts import figure, number, quantity
from wharfinger_prices.reading.generic import check_names, price_of
from wharfinger_prices.reading.json_stream import Number, decode
from wharfinger_prices.reading.lines import Lines
from wharfinger_prices.sdk.price_source import Notes, PriceSource

_KEY = ("provider", "region", "sku", "category", "term", "currency", "unit")
_MOMENT = re.compile("0|[1-9][0-9]{0,17}")


class GenericJsonLinesPrices(PriceSource):
    """A file that a program of one's own writes, or a catalogue of another server."""

    summary = "prices of one's own, JSON Lines; or a catalogue's file"

    @classmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether its first line is a price."""
        try:
            first = decode(head.partition(b"\n")[0].decode("utf-8-sig"))
        except ValueError:
            return False
        if isinstance(first, list):
            return len(first) == len(_KEY) + 2 and isinstance(first[-1], list)
        return isinstance(first, dict) and {"provider", "sku", "amount"} <= set(first)

    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield a price for each line; empty lines are passed over."""
        lines, empty = Lines(path), True
        for line in lines:
            if line.isspace():
                continue
            try:
                told = decode(line)
            except ValueError as error:
                lines.refuse(str(error))
            empty = False
            try:
                price = _of_array(told) if isinstance(told, list) else _of_object(told)
            except ValueError as error:
                notes.leave_out(lines.place(str(error)))
                continue
            notes.sections[price.provider] += 1
            yield price
        if empty:
            lines.refuse("there is no price in the file")


def _of_object(told: Any) -> Price:
    if not isinstance(told, dict):
        raise ValueError("a line must be an object or an array")  # noqa: TRY004 - of the file
    check_names(told)
    free = told.get("free", False)
    if not isinstance(free, bool):
        raise ValueError(f"free is {free!r}; it must be true or false")  # noqa: TRY004 - of the file
    tiers = told.get("tiers") or []
    if not isinstance(tiers, list) or not all(isinstance(tier, dict) for tier in tiers):
        raise ValueError("tiers must be an array of objects")
    steps = [
        (quantity(figure(tier.get("from_quantity")), "from_quantity"), number(figure(tier.get("amount"))))
        for tier in tiers
    ]
    return price_of(told, told["amount"], free=free, steps=steps)


def _of_array(told: list[Any]) -> Price:
    """Return the price of a catalogue's line."""
    if len(told) != len(_KEY) + 2 or not isinstance(told[-1], list) or len(told[-1]) < 4 or len(told[-1]) % 2:
        raise ValueError("the array is no line of a catalogue")
    *key, effective, (amount, free, expire, source, *pairs) = told
    if free not in {"0", "1"} or not isinstance(free, Number):
        raise ValueError(f"free is {free!r}; it must be 0 or 1")
    steps = [
        (quantity(figure(begin), "quantity"), number(figure(cost)))
        for begin, cost in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    times = {"effective": _micros(effective), "expire": _micros(expire)}
    fields = {**dict(zip(_KEY, key, strict=True)), "source": source, **times}
    if amount is None and steps:
        # A name of which that catalogue's data contradicts itself.
        return price_of(fields, None, free=False)._replace(tiers=tuple(Tier(begin, cost) for begin, cost in steps))
    return price_of(fields, amount, free=free == "1", steps=steps)


def _micros(value: Any) -> int:
    if not isinstance(value, Number) or not _MOMENT.fullmatch(value):
        raise ValueError(f"a time is {value!r}; it must be microseconds since 1970")
    return int(value)
