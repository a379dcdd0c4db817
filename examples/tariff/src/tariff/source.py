"""The format `tariff`: a first line `tariff 1`, a line for each price, and at the end how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wharfinger_prices.price import Price
from wharfinger_prices.reading.amounts import amount
from wharfinger_prices.reading.lines import Lines
from wharfinger_prices.reading.texts import currency, text
from wharfinger_prices.sdk.price_source import Notes, PriceSource

FIRST = "tariff 1\n"


class TariffPrices(PriceSource):
    """A line is `PROVIDER REGION SKU AMOUNT CURRENCY UNIT`; an amount of 0 is one that nobody has entered yet."""

    summary = "A price list as a plain text"

    @classmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether it begins with `tariff 1`, whatever it is called."""
        return head.startswith(FIRST.encode())

    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield a price for each line. Raises MalformedPrices, with the line, for what is damaged or cut off."""
        lines = Lines(path)
        given = iter(lines)
        if next(given, "") != FIRST:
            lines.refuse(f"this is no tariff; it must be {FIRST.strip()!r}")
        count = 0
        for line in given:
            if line == f"end {count}\n":
                for beyond in given:
                    lines.refuse(f"{beyond.strip()!r} stands after the end")
                return
            try:
                price = _price(line)
            except ValueError as error:
                lines.refuse(str(error))
            count += 1
            notes.sections[price.provider] += 1
            yield price
        lines.refuse(f"the file is cut off: it must end with 'end {count}'")


def _price(line: str) -> Price:
    fields = line.split(" ")
    if len(fields) != 6:
        raise ValueError(f"there are {len(fields)} fields; it must be PROVIDER REGION SKU AMOUNT CURRENCY UNIT")
    provider, region, sku, cost, money, unit = (field.removesuffix("\n") for field in fields)
    return Price(
        text(provider, "the provider"),
        text(region, "the region"),
        text(sku, "the sku"),
        text(unit, "the unit"),
        currency(money),
        amount(cost),
    )
