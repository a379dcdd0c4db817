"""Google Cloud's price catalogue: the pages of SKUs that the Cloud Billing API answers with, all of them.

Pages are a folder, a zip, or one file with a page after the other (see `pages`), in the order they were fetched. A set
is refused if a page but the last has no `nextPageToken`, if the last has one, if a token is there twice, and if the
numbers in the names of a folder's files leave one out; more can't be told, since no page says where it stands.

| SKU                | provider                                             | sku                          |
| ------------------ | ---------------------------------------------------- | ---------------------------- |
| of Compute Engine  | `gce_` and its family: `gce_compute`, `gce_storage` … | description, `/`, Google's id |
| of other services  | `gcp_` and the service's name in small               | description, `/`, Google's id |

A SKU has a price in each of its regions ("" for `global`). Preemptible and spot capacity is of the category spot,
`Commit1Yr` is committed with the term `1yr`. Each entry of its timeline holds until the next. Zeros are unknown; a free
allowance is a tier of zero.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from wharfinger_prices.price import Price
from wharfinger_prices.reading.amounts import figure, number, quantity, tiered
from wharfinger_prices.reading.json_stream import JsonStream
from wharfinger_prices.reading.pages import check_numbers, looks_in, pages
from wharfinger_prices.reading.texts import currency, moment, slug, text
from wharfinger_prices.reading.units import google_unit
from wharfinger_prices.sdk.price_source import MalformedPrices, Notes, PriceSource

_BEGINNING = re.compile(rb'\s*\{\s*"(skus|nextPageToken)"\s*:')
_COMMITTED = re.compile("Commit([1-9])(?:Yr|Mo)")
_CATEGORIES = {"OnDemand": ("on-demand", ""), "Preemptible": ("spot", ""), "Spot": ("spot", "")}
_NANO = Decimal("1e-9")


class GcpPrices(PriceSource):
    """All pages of the SKUs of one service or of several."""

    summary = "Google Cloud Billing SKUs: all pages of the API's answer, as a folder, a zip or JSON Lines"

    @classmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether it begins as a page, or as a zip of pages; of a folder, ask with the head of its first page."""
        return _BEGINNING.match(looks_in(head)) is not None

    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield the prices; the data's time is that of the newest price that has begun."""
        tokens: dict[str, str] = {}
        ended = ""
        names: list[str] = []
        for name, stream in pages(path):
            if ended:
                stream.refuse(f"there is a page after {ended}, which has no nextPageToken and so must be the last")
            names.append(name)
            token = yield from _page(stream, notes)
            if not token:
                ended = name
            elif token in tokens:
                stream.refuse(f"{name} and {tokens[token]} are the same page twice")
            tokens[token] = name
        if not ended:
            raise MalformedPrices("the last page has a nextPageToken: pages after it are missing; fetch all of them")
        check_numbers(names, 1)
        if len(notes.sections) == 1:
            (notes.service,) = notes.sections


def _page(stream: JsonStream, notes: Notes) -> Generator[Price, None, str]:
    """Yield the prices of a page and return its token."""
    seen = set()
    token: Any = ""
    for part in stream.members():
        if part in seen:
            stream.refuse(f"{part!r} stands twice")
        seen.add(part)
        if part == "skus":
            for _ in stream.elements():
                sku = stream.value()
                try:
                    prices = list(_prices(sku, notes))
                except ValueError as error:
                    notes.leave_out(stream.place(str(error)))
                    continue
                yield from prices
        elif part == "nextPageToken":
            token = stream.value()
            if type(token) is not str:
                stream.refuse(f"nextPageToken is {token!r}; it must be text")
        else:
            stream.skip()
    if "skus" not in seen:
        stream.refuse("this is no page of Google's: skus is missing")
    return str(token)


def _prices(sku: Any, notes: Notes) -> Iterator[Price]:
    """Yield the prices of one SKU in its regions. Raises ValueError."""
    about = _object(_object(sku, "a SKU").get("category"), "category")
    service = text(about.get("serviceDisplayName"), "serviceDisplayName")
    family = text(about.get("resourceFamily", ""), "resourceFamily", needed=False)
    provider = f"gce_{slug(family)}" if service == "Compute Engine" else f"gcp_{slug(service)}"
    name = text(f"{text(sku.get('description'), 'description')}/{text(sku.get('skuId'), 'skuId')}", "the names")
    usage = text(about.get("usageType", ""), "usageType", needed=False)
    category, term = _bought(usage)
    if not category:
        notes.skipped[f"SKUs of the usage type {usage[:100]}"] += 1
        return
    regions = [text(region, "a service region") for region in _array(sku.get("serviceRegions"), "serviceRegions")]
    now = time.time_ns() // 1000
    timeline = sorted(
        ((moment(_object(one, "pricingInfo").get("effectiveTime"), "effectiveTime"), one)
        for one in _array(sku.get("pricingInfo"), "pricingInfo")), key=lambda one: one[0],
    )  # fmt: skip
    if not timeline:
        notes.skipped["SKUs without a rate"] += 1
        return
    ends = [effective for effective, _ in timeline[1:]] + [0]
    for (effective, one), expire in zip(timeline, ends, strict=True):
        said = _object(one.get("pricingExpression"), "pricingExpression")
        unit = google_unit(said.get("usageUnit", ""))
        money, steps = _steps(said)
        if not steps:
            notes.skipped["SKUs without a rate"] += 1
            continue
        amount, tiers = tiered(steps)
        if effective <= now:  # what is announced for later makes nothing newer
            notes.data_time = max(notes.data_time, effective)
        notes.sections[service] += len(regions)
        for region in regions:
            where = "" if region == "global" else region
            yield Price(
                provider, where, name, unit, money, amount, category, term,
                tiers=tiers, effective=effective, expire=expire,
            )  # fmt: skip


def _bought(usage: str) -> tuple[str, str]:
    """Return category and term of a usage type, "" for one that is not known."""
    if match := _COMMITTED.fullmatch(usage):
        return "committed", f"{match[1]}{'yr' if usage.endswith('Yr') else 'mo'}"
    return _CATEGORIES.get(usage, ("", ""))


def _steps(said: dict[str, Any]) -> tuple[str, list[tuple[Decimal, Decimal]]]:
    """Return the currency, and from which quantity upwards one unit costs how much."""
    found: list[tuple[Decimal, Decimal]] = []
    money = ""
    for rate in _array(said.get("tieredRates"), "tieredRates"):
        price = _object(_object(rate, "a rate").get("unitPrice"), "unitPrice")
        told = currency(price.get("currencyCode"))
        if money not in {"", told}:
            raise ValueError(f"the rates of one price are in {money} and {told}")
        money = told
        units, nanos = (number(figure(price.get(key, "0")), key) for key in ("units", "nanos"))
        if nanos >= 1_000_000_000 or units % 1 or nanos % 1:
            raise ValueError(f"units are {units} and nanos {nanos}; they must be whole, nanos below 1000000000")
        begin = quantity(figure(rate.get("startUsageAmount", "0")), "startUsageAmount")
        found.append((begin, units + nanos * _NANO))
    return money, found


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object, not {str(value)[:100]!r}")  # noqa: TRY004 - of the file
    return value


def _array(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{what} must be an array, not {str(value)[:100]!r}")  # noqa: TRY004 - of the file
    return value
