"""AWS price list offer files as JSON: products, then the terms that they are sold on.

Names are those of `aws_products`. On-demand terms are prices of the category on-demand; reserved ones of committed,
with a term such as `1yr-no-upfront`. Commitments with an upfront fee have no hourly price that says what they cost:
they are skipped and counted. Ranges become tiers, each currency a price of its own, and zeros are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from wharfinger_prices.price import Price
from wharfinger_prices.reading.amounts import check_ranges, figure, number, quantity, tiered
from wharfinger_prices.reading.aws_products import WITH_UPFRONT, Product, product_of, term_of
from wharfinger_prices.reading.json_stream import JsonStream
from wharfinger_prices.reading.spill import Spill
from wharfinger_prices.reading.texts import currency, moment, text
from wharfinger_prices.reading.units import aws_unit
from wharfinger_prices.sdk.price_source import Notes, PriceSource

_BEGINNING = re.compile(
    rb'\s*\{\s*"(formatVersion|disclaimer|offerCode|version|publicationDate|products|terms|attributesList)"\s*:'
)
_SEPARATOR = "\x1f"
_AT_FAULT = "terms of products that can't be taken"
_CATEGORIES = {"OnDemand": "on-demand", "Reserved": "committed"}


class AwsJsonPrices(PriceSource):
    """An offer file of any service, of one region or of all."""

    summary = "AWS price list offer file, JSON"
    maker = "aws"

    @classmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether it begins as an offer file and names an offer."""
        return _BEGINNING.match(head) is not None and (b'"offerCode"' in head or b'"formatVersion"' in head)

    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield the prices; where the terms stand before the products, unlike AWS writes them, it is read twice."""
        with path.open("rb") as file, Spill() as products:
            if not (yield from _parts(JsonStream(file), products, notes)):
                file.seek(0)
                stream = JsonStream(file)
                for part in stream.members():
                    if part == "terms":
                        yield from _terms(stream, products, notes)
                    else:
                        stream.skip()


def _parts(stream: JsonStream, products: Spill, notes: Notes) -> Generator[Price, None, bool]:
    """Yield the prices of a file, and return whether its terms came after its products: otherwise there are none."""
    seen: set[str] = set()
    done = True
    for part in stream.members():
        if part in seen:
            stream.refuse(f"{part!r} stands twice")
        seen.add(part)
        if part == "products":
            _keep(stream, products, notes)
        elif part == "terms":
            if done := "products" in seen:
                yield from _terms(stream, products, notes)
            else:
                stream.skip()
        elif part == "formatVersion":
            _check_version(stream)
        elif part == "publicationDate":
            notes.data_time = _published(stream)
        elif part == "offerCode":
            notes.service = str(stream.value())
        else:
            stream.skip()
    stream.end()
    if missing := {"formatVersion", "products", "terms"} - seen:
        stream.refuse(f"{' and '.join(sorted(missing))} is missing")
    return done


def _check_version(stream: JsonStream) -> None:
    version = stream.value()
    if not isinstance(version, str) or not version.startswith("v1."):
        stream.refuse(f"the version of the format is {version!r}; only v1 is known")


def _published(stream: JsonStream) -> int:
    value = stream.value()
    try:
        return moment(value, "publicationDate")
    except ValueError as error:
        stream.refuse(str(error))


def _keep(stream: JsonStream, products: Spill, notes: Notes) -> None:
    """Put aside what the terms will need of each product."""
    for code in stream.members():
        entry = stream.value()
        try:
            if not isinstance(entry, dict) or not isinstance(entry.get("attributes"), dict):
                raise ValueError("a product must be an object with attributes")  # noqa: TRY004 - of the file
            product = product_of(entry["attributes"], entry.get("productFamily", ""), code)
        except ValueError as error:
            # Its terms, which are prices, are left out with it.
            notes.leave_out(stream.place(str(error)))
            product = Product("", "", "", _AT_FAULT)
        products.add(code, _SEPARATOR.join(product))
    products.index()
    if twice := products.twice():
        stream.refuse(f"the product {twice} stands twice")


def _terms(stream: JsonStream, products: Spill, notes: Notes) -> Iterator[Price]:
    for kind in stream.members():
        category = _CATEGORIES.get(kind)
        for code in stream.members():
            if category is None:
                notes.skipped[f"terms {kind[:100]}"] += 1
                stream.skip()
                continue
            offers = stream.value()
            try:
                kept = products.find(code)
                if kept is None:
                    raise ValueError("there is no such product")
                prices = list(_offers(offers, Product(*kept.split(_SEPARATOR)), category, notes))
            except ValueError as error:
                notes.leave_out(stream.place(str(error)))
                continue
            yield from prices


def _offers(offers: Any, product: Product, category: str, notes: Notes) -> Iterator[Price]:
    """Yield the prices of one product."""
    for offer in _object(offers, "the product's terms").values():
        dimensions = _object(_object(offer, "a term").get("priceDimensions"), "priceDimensions").values()
        if product.skip:
            notes.skipped[product.skip] += len(dimensions)
            continue
        said = offer.get("termAttributes") or {}
        length, option, offering = (
            text(said.get(name, ""), name, needed=False)
            for name in ("LeaseContractLength", "PurchaseOption", "OfferingClass")
        )
        if category == "committed" and option != "No Upfront":
            notes.skipped[WITH_UPFRONT] += len(dimensions)
            continue
        term = term_of(length, option, offering) if category == "committed" else ""
        effective = moment(offer.get("effectiveDate"), "effectiveDate")
        for (unit, money), steps in _steps(dimensions).items():
            amount, tiers = tiered((begin, cost) for begin, cost, _ in steps)
            if amount is not None:
                check_ranges((begin, end) for begin, _, end in steps)
            notes.sections[product.provider] += 1
            notes.regions.add(product.region)
            yield Price(
                product.provider, product.region, product.sku, unit, money, amount, category, term,
                tiers=tiers, effective=effective,
            )  # fmt: skip


def _steps(dimensions: Any) -> Mapping[tuple[str, str], list[tuple[Decimal, Decimal, str]]]:
    """Return, by unit and currency, from which quantity upwards one unit costs how much, and where that ends."""
    found: dict[tuple[str, str], list[tuple[Decimal, Decimal, str]]] = {}
    for dimension in dimensions:
        begin = quantity(figure(_object(dimension, "a price dimension").get("beginRange", "0")), "beginRange")
        end = figure(dimension.get("endRange", ""))
        unit = aws_unit(dimension.get("unit"))
        costs = _object(dimension.get("pricePerUnit"), "pricePerUnit")
        if not costs:
            raise ValueError("pricePerUnit is empty")
        for money, cost in costs.items():
            found.setdefault((unit, currency(money)), []).append((begin, number(figure(cost)), end))
    return found


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object, not {str(value)[:100]!r}")  # noqa: TRY004 - of the file
    return value
