"""Apache Libcloud's pricing.json: sections such as `ec2_linux`, prices in dollars for an hour.

Four shapes stand in it, and become:

| in the file                                                     | provider, region, sku, category, term             |
| --------------------------------------------------------------- | ------------------------------------------------- |
| `"ec2_linux": {"m5.large": {"us-east-1": 0.096}}`               | `ec2_linux`, `us-east-1`, `m5.large`, on-demand   |
| `"gandi": {"small": 0.02}`                                      | `gandi`, "", `small`, on-demand                   |
| `"osc_inc_us_east_1": {"c1.medium": "0.230"}`                   | the same; a figure in quotes is a figure          |
| `"gce_disks": {"SSD": {"preemptible": {"asia-east2": {"price":` | `gce_disks`, `asia-east2`, `SSD`, spot            |
| `"gce_instances": {"n1": {"cpu": {"1yr_commitment": {"us-…":`   | `gce_instances`, `us-…`, `n1/cpu`, committed, 1yr |
| `"gce_images": {"RHEL": {"4vcpu or less": {"price":`            | `gce_images`, "", `RHEL/4vcpu or less`            |

So a section's file can be written again from its prices: in sections `gce_…` a `sku` is the path of keys, joined by `/`
(a `/` or `%` within a key is written `%2F`, `%25`), a price with a region stands below its way of buying (WAYS) and its
region as `{"price": …}`, one without a region as `{"price": …}` directly; in the others region and sku are the keys
themselves. Google's own ids and descriptions are left out.

A zero means that Libcloud's authors don't know the price: it is unknown. `updated` is the time of the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from wharfinger_prices.price import Price
from wharfinger_prices.reading.amounts import amount, figure
from wharfinger_prices.reading.json_stream import JsonStream, Number
from wharfinger_prices.reading.texts import text
from wharfinger_prices.sdk.price_source import Notes, PriceSource

WAYS = {
    "on_demand": ("on-demand", ""),
    "preemptible": ("spot", ""),
    "1yr_commitment": ("committed", "1yr"),
    "3yr_commitment": ("committed", "3yr"),
}
"""How Libcloud calls the ways of buying at Google, with our category and term."""

_BEGINNING = re.compile(rb'\s*\{\s*"(compute|storage|updated)"\s*:')
_UNITS = {"gce_disks": "GB-Hours"}
_SECONDS = re.compile("[1-9][0-9]{0,10}")


class LibcloudPrices(PriceSource):
    """The file that Libcloud reads itself, of any size."""

    summary = "Apache Libcloud's pricing.json"

    @classmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether it begins as an object with one of the file's three keys."""
        return _BEGINNING.match(head.removeprefix(b"\xef\xbb\xbf")) is not None

    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield the prices of all compute sections; the file must have these and `updated`."""
        seen = set()
        with path.open("rb") as file:
            stream = JsonStream(file)
            for part in stream.members():
                if part in seen:
                    stream.refuse(f"{part!r} stands twice")
                seen.add(part)
                if part == "compute":
                    yield from _compute(stream, notes)
                elif part == "updated":
                    notes.data_time = _updated(stream)
                elif part == "storage":
                    for _ in stream.members():
                        notes.skipped["sections of storage, of which nothing tells the unit"] += 1
                        stream.skip()
                else:
                    stream.skip()
            stream.end()
            if missing := {"compute", "updated"} - seen:
                stream.refuse(f"{' and '.join(sorted(missing))} is missing")


def _compute(stream: JsonStream, notes: Notes) -> Iterator[Price]:
    for section in stream.members():
        for size in stream.members():
            entry = stream.value()
            faults: list[str] = []
            try:
                text(section, "the section's name")
                text(size, "the size's name")
                nested = section.startswith("gce_") and isinstance(entry, dict)
                prices = _nested(section, [size], entry, faults) if nested else _flat(section, size, entry, faults)
            except ValueError as error:
                faults, prices = [str(error)], []
            for fault in faults:
                notes.leave_out(stream.place(fault))
            yield from prices
            notes.sections[section] += len(prices)


def _flat(section: str, size: str, entry: Any, faults: list[str]) -> list[Price]:
    """Return the price of a size, or those of its regions; what can't be taken of them goes to `faults`."""
    if not isinstance(entry, dict) or isinstance(entry.get("price"), str):
        if section.startswith("gce_"):
            raise ValueError(f"in {section} there must be an object, not {entry!r}")
        return [Price(section, "", size, "Hours", "USD", _cost(entry))]
    prices = []
    for region, cost in entry.items():
        try:
            known = amount(cost) if isinstance(cost, str) else _cost(cost)
            prices.append(Price(section, _region(region), size, "Hours", "USD", known))
        except ValueError as error:
            faults.append(f"{region}: {error}")
    return prices


def _cost(entry: Any) -> Decimal | None:
    """Return the amount that an entry tells, `0.02` or `{"price": 0.02}`: the entry decides, not its section."""
    return amount(figure(entry["price"] if isinstance(entry, dict) and "price" in entry else entry))


def _nested(section: str, keys: list[str], entry: dict[str, Any], faults: list[str]) -> list[Price]:
    """Return the prices of a part of Google's sections, to which `keys` lead; see `_flat`."""
    unit, found = _UNITS.get(section, "Hours"), []
    for key, below in entry.items():
        path = [*keys, key]
        try:
            if key == "description":
                continue
            if key in WAYS and isinstance(below, dict):
                found += _regions(section, keys, key, below, faults)
            elif isinstance(below, dict) and "price" in below:
                found.append(Price(section, "", _sku(path), unit, "USD", _priced(path, below)))
            elif isinstance(below, dict):
                found += _nested(section, path, below, faults)
            else:
                told = "/".join(path)
                raise ValueError(f"{told}: in {section} there must be an object, not {below!r}")
        except ValueError as error:
            faults.append(str(error))
    return found


def _regions(section: str, keys: list[str], way: str, regions: dict[str, Any], faults: list[str]) -> list[Price]:
    """Return the prices of one way of buying; see `_flat`."""
    (category, term), unit, found = WAYS[way], _UNITS.get(section, "Hours"), []
    for region, leaf in regions.items():
        try:
            cost = _priced([*keys, way, region], leaf)
            found.append(Price(section, _region(region), _sku(keys), unit, "USD", cost, category, term))
        except ValueError as error:
            faults.append(str(error))
    return found


@lru_cache(maxsize=1 << 12)
def _region(name: str) -> str:
    return text(name, "the region")


def _sku(keys: list[str]) -> str:
    return text("/".join(key.replace("%", "%25").replace("/", "%2F") for key in keys), "the path of keys")


def _priced(keys: list[str], leaf: Any) -> Decimal | None:
    """Return the amount of `{"price": …}`."""
    try:
        if not isinstance(leaf, dict) or "price" not in leaf:
            raise ValueError(f'there must be an object with "price", not {leaf!r}')
        return amount(figure(leaf["price"]))
    except ValueError as error:
        raise ValueError(f"{'/'.join(keys)}: {error}") from None


def _updated(stream: JsonStream) -> int:
    """Return the microseconds of the file's time, which it gives in seconds."""
    value = stream.value()
    if not isinstance(value, Number) or not _SECONDS.fullmatch(value):
        stream.refuse(f"{value!r} is no time; it must be the whole seconds since 1970")
    return int(value) * 1_000_000
