"""Azure retail prices: the pages that the public price API answers with, all of them.

Pages are a folder, a zip, or one file with a page after the other (see `pages`). A set with a page missing is refused:
`Count` must match the items, each `NextPageLink` must skip as many items as the pages up to it have, and only the last
page has none. The last page does not tell where it begins: that the one before it is there, only the numbers in the
names of files show, which must rise by 1 or by a page's items.

| product                      | provider                                | sku                                  |
| ---------------------------- | --------------------------------------- | ------------------------------------ |
| virtual machines             | `azure_linux`, `azure_windows`          | `armSkuName`, such as `Standard_D2s` |
| all else, dedicated hosts too | `azure_` and the service's name in small | product, SKU and meter, by `/`      |

Spot and low-priority machines are of the category spot (these with the term `low-priority`); reservations, which Azure
prices for their whole time, are committed, and divided by its hours; savings plans are committed with terms such as
`1yr-savings-plan`. Prices for development and testing only are skipped and counted. Zeros are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from wharfinger_prices.price import Price
from wharfinger_prices.reading.amounts import figure, number, quantity, tiered
from wharfinger_prices.reading.json_stream import JsonStream
from wharfinger_prices.reading.pages import check_numbers, looks_in, pages
from wharfinger_prices.reading.spill import Spill
from wharfinger_prices.reading.texts import currency, moment, slug, text
from wharfinger_prices.reading.units import azure_unit, of_one
from wharfinger_prices.sdk.price_source import MalformedPrices, Notes, PriceSource

_SEPARATOR = "\x1f"
_HOURS_IN_YEAR = 8760
_PRIMARY, _SECONDARY = "primary", "secondary"
_NO_UNITS = frozenset({"Unassigned", "Text"})
_NAMES = 7
"""Parts of a key that name a price: the others are its times and its section."""
_SKIP = re.compile(r"[?&](?:\$|%24)skip=([0-9]{1,12})(?:&|$)", re.IGNORECASE)
_YEARS = re.compile("([1-9]) Years?")


class AzurePrices(PriceSource):
    """All pages of one question to the retail price API, in one currency."""

    summary = "Azure retail prices: all pages of the API's answer, as a folder, a zip or JSON Lines"

    @classmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether it begins as a page, or as a zip of pages; of a folder, ask with the head of its first page."""
        seen = looks_in(head)
        return seen.lstrip().startswith(b"{") and b'"BillingCurrency"' in seen and b'"Items"' in seen

    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield the prices in the order of their names, because the tiers of one may stand on several pages."""
        whole = _Whole()
        with Spill() as steps:
            for name, stream in pages(path):
                _page(stream, name, whole, steps, notes)
            whole.check()
            yield from _of_steps(steps, notes)


class _Whole:
    """What tells whether all pages are there."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._first = 0
        self._counts: dict[int, tuple[str, int]] = {}
        self._last: tuple[str, int] | None = None
        self._currency = ""

    def add(self, stream: JsonStream, name: str, said: dict[str, Any], count: int) -> None:
        """Take note of a page. Raises MalformedPrices for one that can't belong to the others."""
        if said.get("Count") != str(count):
            stream.refuse(f"the page has {count} items, and its Count is {said.get('Count')}")
        money = said.get("BillingCurrency")
        if self._currency and money != self._currency:
            stream.refuse(f"the page is in {money}, the others are in {self._currency}")
        self._currency = str(money)
        self._first = self._first if self._names else count
        self._names.append(name)
        link = said["NextPageLink"]
        if link is None or link == "":
            if self._last is not None:
                stream.refuse(f"{name} and {self._last[0]} are both the last page: the pages are not of one answer")
            self._last = (name, count)
            return
        skip = _SKIP.search(link) if isinstance(link, str) else None
        if skip is None:
            stream.refuse(f"the NextPageLink {str(link)[:200]!r} does not tell how many items it skips")
        after = int(skip[1])
        if after in self._counts:
            stream.refuse(f"{name} and {self._counts[after][0]} are the same page twice")
        self._counts[after] = (name, count)

    def check(self) -> None:
        """Raise MalformedPrices if a page is missing."""
        reached = 0
        for after, (name, count) in sorted(self._counts.items()):
            if after - count != reached:
                raise MalformedPrices(
                    f"a page is missing: {name} has the items {after - count} to {after}, and the pages before it end "
                    f"at {reached}; fetch all pages again"
                )
            reached = after
        if self._last is None:
            raise MalformedPrices(f"the pages after item {reached} are missing; fetch all pages again")
        check_numbers(self._names, self._first)


def _page(stream: JsonStream, name: str, whole: _Whole, steps: Spill, notes: Notes) -> None:
    said: dict[str, Any] = {}
    count = 0
    currencies: set[str] = set()
    for part in stream.members():
        if part in said:
            stream.refuse(f"{part!r} stands twice")
        said[part] = None
        if part != "Items":
            said[part] = stream.value()
            continue
        for _ in stream.elements():
            count += 1
            item = stream.value()
            if not isinstance(item, dict):
                stream.refuse("an item must be an object")
            currencies.add(str(item.get("currencyCode", said.get("BillingCurrency"))))
            try:
                _put_aside(item, steps, notes)
            except ValueError as error:
                notes.leave_out(stream.place(str(error)))
    if missing := {"BillingCurrency", "Items", "NextPageLink", "Count"} - set(said):
        stream.refuse(f"this is no page of Azure's: {', '.join(sorted(missing))} is missing")
    whole.add(stream, name, said, count)
    if other := currencies - {str(said["BillingCurrency"])}:
        stream.refuse(f"the page is in {said['BillingCurrency']}, and has items in {', '.join(sorted(other))}")


def _put_aside(item: dict[str, Any], steps: Spill, notes: Notes) -> None:
    """Keep what an item says until all steps of its price are there. Raises ValueError."""
    kind = text(item.get("type"), "type")
    if kind not in {"Consumption", "Reservation"}:
        notes.skipped[f"prices of the type {kind[:100]}"] += 1
        return
    if any(str(item.get(name)).endswith("Expired") for name in ("productName", "skuName", "meterName")):
        notes.skipped["prices that expired"] += 1
        return
    provider, sku, category, term = _names(item)
    count, unit = azure_unit(item.get("unitOfMeasure", ""))
    if unit in _NO_UNITS:
        notes.skipped["prices of no unit"] += 1
        return
    region = text(item.get("armRegionName", ""), "armRegionName", needed=False)
    money = currency(item.get("currencyCode"))
    effective = moment(item.get("effectiveStartDate"), "effectiveStartDate")
    ends = item.get("effectiveEndDate")
    expire = moment(ends, "effectiveEndDate") if ends is not None else 0
    cost = number(figure(item.get("retailPrice")))
    begin = quantity(figure(item.get("tierMinimumUnits", "0")), "tierMinimumUnits") * count
    section = text(item.get("serviceName"), "serviceName")
    meter = _SECONDARY if item.get("isPrimaryMeterRegion") is False else _PRIMARY

    def keep(category: str, term: str, cost: Decimal) -> None:
        """Put a step aside under all that its price has in common with the others."""
        key = (provider, region, sku, category, term, money, unit, str(effective), str(expire), section)
        steps.add(_SEPARATOR.join(key), f"{begin} {cost} {meter}")

    if kind == "Reservation":
        term, hours = _reserved(item)
        if unit != "Hours":
            notes.skipped["reservations of what is not paid by the hour"] += 1
            return
        keep("committed", term, of_one(cost, Decimal(hours) * count))
        return
    keep(category, term, of_one(cost, count))
    for plan in item.get("savingsPlan") or ():
        if not isinstance(plan, dict):
            raise ValueError("a savingsPlan must be an object")  # noqa: TRY004 - of the file
        length, _ = _time(plan.get("term"))
        keep("committed", f"{length}-savings-plan", of_one(number(figure(plan.get("retailPrice"))), count))


def _names(item: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return provider, sku, category and term of an item."""
    service, product, name, meter = (
        text(item.get(key), key) for key in ("serviceName", "productName", "skuName", "meterName")
    )
    spot, low = name.endswith(" Spot"), name.endswith(" Low Priority")
    category, term = "spot" if spot or low else "on-demand", "low-priority" if low else ""
    size = text(item.get("armSkuName") or "", "armSkuName", needed=False)
    if service == "Virtual Machines" and size and _is_machine(product):
        return "azure_windows" if product.endswith("Windows") else "azure_linux", size, category, term
    return f"azure_{slug(service)}", text(f"{product}/{name}/{meter}", "the names"), category, term


def _is_machine(product: str) -> bool:
    """Whether a product is virtual machines; Cloud Services and hosts have machines' sizes at other prices."""
    told = product.replace(" ", "")
    return told.startswith("VirtualMachines") and "CloudServices" not in told and "DedicatedHost" not in told


def _time(told: object) -> tuple[str, int]:
    """Return the term and the hours of `1 Year`, `3 Years`."""
    match = _YEARS.fullmatch(told) if isinstance(told, str) else None
    if match is None:
        raise ValueError(f"the term is {told!r}; it must be years, such as '1 Year'")
    return f"{match[1]}yr", int(match[1]) * _HOURS_IN_YEAR


def _reserved(item: dict[str, Any]) -> tuple[str, int]:
    return _time(item.get("reservationTerm"))


def _of_primary_meters(steps: Spill, notes: Notes) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Yield each key with its steps, without those of secondary meters where a primary one has the same names."""
    told = ((key.split(_SEPARATOR), [value.split(" ") for value in values]) for key, values in steps.by_key())
    for _, group in groupby(told, key=lambda one: one[0][:_NAMES]):
        alike = list(group)
        primary = any(meter == _PRIMARY for _, pairs in alike for *_, meter in pairs)
        for key, pairs in alike:
            kept = [pair for pair in pairs if not primary or pair[2] == _PRIMARY]
            if len(kept) < len(pairs):
                notes.skipped["secondary meters of what has a primary one"] += len(pairs) - len(kept)
            if kept:
                yield key, kept


def _of_steps(steps: Spill, notes: Notes) -> Iterator[Price]:
    for key, pairs in _of_primary_meters(steps, notes):
        provider, region, sku, category, term, money, unit, effective, expire, section = key
        amount, tiers = tiered((Decimal(begin), Decimal(cost)) for begin, cost, _ in pairs)
        notes.sections[section] += 1
        notes.regions.add(region)
        yield Price(
            provider, region, sku, unit, money, amount, category, term,
            tiers=tiers, effective=int(effective), expire=int(expire),
        )  # fmt: skip
