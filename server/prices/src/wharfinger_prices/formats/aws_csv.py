"""AWS price list offer files as CSV: five lines about the file, a header, and a row for each price.

It has the same prices as the JSON file, under the same names: see `aws_json` and `aws_products`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from operator import itemgetter
from pathlib import Path

from wharfinger_prices.price import Price
from wharfinger_prices.reading.amounts import amount, check_ranges, number, quantity, tiered
from wharfinger_prices.reading.aws_products import ATTRIBUTES, WITH_UPFRONT, Product, product_of_row, term_of
from wharfinger_prices.reading.spill import Spill
from wharfinger_prices.reading.table import Rows
from wharfinger_prices.reading.texts import currency, moment
from wharfinger_prices.reading.units import aws_unit
from wharfinger_prices.sdk.price_source import Notes, PriceSource

_ABOUT = 5
_KINDS = frozenset({"OnDemand", "Reserved"})
_AT_HAND = 20_000
"""So many products are kept: a few megabytes."""
_SEPARATOR = "\x1f"
_PRICING = (
    "sku", "termtype", "effectivedate", "startingrange", "endingrange", "unit", "priceperunit", "currency",
)  # fmt: skip
_MAYBE = ("leasecontractlength", "purchaseoption", "offeringclass", "productfamily")


class AwsCsvPrices(PriceSource):
    """An offer file of any service, of one region or of all."""

    summary = "AWS price list offer file, CSV"
    maker = "aws"

    @classmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether it begins with the version of the format."""
        return re.match(rb'(\xef\xbb\xbf)?"?FormatVersion"?,', head) is not None

    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield the prices; those that fall with quantity come last, because their rows may stand anywhere."""
        rows = Rows(path)
        given = iter(rows)
        _about(rows, given, notes)
        header = next(given, None)
        if header is None:
            rows.refuse("the file ends before its header")
        columns = _Columns(rows, header)
        with Spill() as steps:
            for row in rows.under(header, given):
                try:
                    price = columns.price(row, notes, steps)
                except ValueError as error:
                    notes.leave_out(rows.place(str(error)))
                    continue
                if price is not None:
                    yield price
            yield from _of_steps(steps, notes)


def _about(rows: Rows, given: Iterator[list[str]], notes: Notes) -> None:
    """Read the five lines about the file."""
    told = {row[0]: row[1] for row in islice(given, _ABOUT) if len(row) == 2}
    version = told.get("FormatVersion", "")
    if len(told) != _ABOUT or not version.startswith("v1."):
        rows.refuse(f"the file must begin with five lines about itself, of format v1, not {version!r}")
    notes.service = told.get("OfferCode", "")
    try:
        notes.data_time = moment(told.get("Publication Date"), "Publication Date")
    except ValueError as error:
        rows.refuse(str(error))


class _Columns:
    """Which column is what. Headers differ in case and spaces from the names in the JSON files."""

    def __init__(self, rows: Rows, header: list[str]) -> None:
        plain = [re.sub("[^a-z0-9]", "", name.lower().replace("s/w", "sw")) for name in header]
        found = {name: at for at, name in enumerate(plain)}
        decisive = {*_PRICING, *_MAYBE, *map(str.lower, ATTRIBUTES)}
        if twice := next((name for name in plain if name in decisive and plain.count(name) > 1), ""):
            rows.refuse(f"the column {twice} is there twice")
        if missing := [name for name in _PRICING if name not in found]:
            rows.refuse(f"this is not the header of an offer file: it has no {', '.join(missing)}")
        # What is not there is read from an empty field that is put behind each row.
        self._decisive = itemgetter(*(found.get(name, len(header)) for name in (*_PRICING, *_MAYBE)))
        self._attributes = itemgetter(*(found.get(name.lower(), len(header)) for name in ATTRIBUTES))
        self._products: dict[str, Product] = {}

    def price(self, row: list[str], notes: Notes, steps: Spill) -> Price | None:
        """Return a row's price; None where it is skipped, or a step that is put aside. Raises ValueError."""
        row.append("")
        code, kind, effective, start, end, unit, cost, money, length, option, offering, family = self._decisive(row)
        # Of most rows the terms alone decide; a product's names cost more than all else, and it has many rows.
        if kind not in _KINDS:
            notes.skipped[f"terms {kind[:100]}"] += 1
            return None
        if kind == "Reserved" and option != "No Upfront":
            notes.skipped[WITH_UPFRONT] += 1
            return None
        product = self._products.get(code) or self._product(row, family, code)
        if product.skip:
            notes.skipped[product.skip] += 1
            return None
        if product.region not in notes.regions:
            notes.regions.add(product.region)
        category = "committed" if kind == "Reserved" else "on-demand"
        price = Price(
            product.provider, product.region, product.sku, aws_unit(unit), currency(money), amount(cost), category,
            term_of(length, option, offering) if kind == "Reserved" else "",
            effective=moment(effective, "EffectiveDate"),
        )  # fmt: skip
        if start in {"", "0"} and end in {"", "Inf"}:
            notes.sections[price.provider] += 1
            return price
        begin = quantity(start or "0", "StartingRange")
        # AWS's own SKU keeps apart what only has the same names here: their steps are not one price's.
        steps.add(_SEPARATOR.join((*map(str, price.key), code)), f"{begin} {number(cost)} {end}")
        return None

    def _product(self, row: list[str], family: str, code: str) -> Product:
        product = product_of_row(self._attributes(row), family, code)
        if len(self._products) >= _AT_HAND:
            self._products.clear()
        self._products[code] = product
        return product


def _of_steps(steps: Spill, notes: Notes) -> Iterator[Price]:
    for key, values in steps.by_key():
        provider, region, sku, category, term, money, unit, effective, code = key.split(_SEPARATOR)
        pairs = [value.split(" ") for value in values]
        try:
            first, tiers = tiered((Decimal(begin), Decimal(cost)) for begin, cost, _ in pairs)
            if first is not None:
                check_ranges((Decimal(begin), end) for begin, _, end in pairs)
        except ValueError as error:
            notes.leave_out(f"the rows of SKU {code}: {error}")
            continue
        notes.sections[provider] += 1
        yield Price(provider, region, sku, unit, money, first, category, term, tiers=tiers, effective=int(effective))
