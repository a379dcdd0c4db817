"""Prices of one's own as CSV: a header, and a row for each price.

    provider,region,sku,unit,currency,amount,category,term,free,tiers,effective,expire
    onprem,fra1,m.large,Hours,EUR,0.12,,,,,,
    onprem,fra1,archive,GB-Months,EUR,,,,,0:0.02 1024:0.015,,

The columns provider, sku, unit, currency and amount must be there, in any order. An empty amount is unknown; a zero is
allowed only where `free` is `true`. `tiers` are quantity and amount, upwards from 0; `effective` and `expire` are times
such as `2026-11-01T00:00:00Z`; `source` says whence a figure is. Lines that begin with `#` are remarks.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from wharfinger_prices.price import Price
from wharfinger_prices.reading.amounts import number, quantity
from wharfinger_prices.reading.generic import NEEDED, check_names, price_of
from wharfinger_prices.reading.table import COMMENT, Rows, header_of
from wharfinger_prices.sdk.price_source import Notes, PriceSource

_FREE = {"": False, "false": False, "true": True}


class GenericCsvPrices(PriceSource):
    """A table that a person or a program of one's own writes."""

    summary = "prices of one's own, CSV"

    @classmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether its first line names the columns that must be there."""
        return set(NEEDED) <= set(header_of(head).split(","))

    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield a price for each row."""
        rows = Rows(path, COMMENT)
        given = iter(rows)
        header = next(given, [])
        try:
            check_names(header)
        except ValueError as error:
            rows.refuse(str(error))
        for row in rows.under(header, given):
            try:
                price = _price(dict(zip(header, row, strict=True)))
            except ValueError as error:
                notes.leave_out(rows.place(str(error)))
                continue
            notes.sections[price.provider] += 1
            yield price


def _price(fields: dict[str, str]) -> Price:
    free = fields.get("free", "").lower()
    if free not in _FREE:
        raise ValueError(f"free is {free!r}; it must be true, false or nothing")
    steps = [_step(step) for step in fields.get("tiers", "").split()]
    return price_of(fields, fields["amount"], free=_FREE[free], steps=steps)


def _step(step: str) -> tuple[Decimal, Decimal]:
    begin, colon, cost = step.partition(":")
    if not colon:
        raise ValueError(f"the tier {step!r} must be quantity:amount")
    return quantity(begin, "quantity"), number(cost)
