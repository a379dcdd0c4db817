"""Things that are asked for by the name of their size, where Libcloud's data has another name or the parts' prices.

| asked for                          | in Libcloud's data                                                |
| ---------------------------------- | ----------------------------------------------------------------- |
| `azure_linux`, `Standard_D2s_v3`   | `standardd2sv3`                                                   |
| `gce_instances`, `n1-standard-4`   | 4 of `n1/cpu` and 15 of `n1/ram`, a GB each, as Libcloud adds them |
| `gce_instances`, `n2-custom-4-8192` | 4 of `n2_custom/cpu` and 8 of `n2_custom/ram`                     |
| `gce_instances`, `f1-micro`        | `f1/cpu`, which is the whole machine                              |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Context, Decimal
from typing import NamedTuple

from wharfinger_prices.lookup.found import Found

GOOGLE = "gce_instances"
Ask = Callable[[str], Found | None]
"""Returns what a sku of the same provider, region and offer costs."""

_EXACT = Context(prec=60)
_AZURE = re.compile(r"azure_(linux|windows)")
_AZURE_SIZE = re.compile(r"(Standard|Basic)_[A-Za-z0-9_-]+")
_PREDEFINED = re.compile(r"([a-z][a-z0-9]{1,3})-(standard|highmem|highcpu)-([1-9][0-9]{0,2})")
_CUSTOM = re.compile(r"(?:([a-z][a-z0-9]{1,3})-)?custom-([1-9][0-9]{0,2})-([1-9][0-9]{2,6})")
_MEGABYTES = 1024

_MEMORY = {
    ("n1", "standard"): "3.75", ("n1", "highmem"): "6.5", ("n1", "highcpu"): "0.9",
    ("n2", "standard"): "4", ("n2", "highmem"): "8", ("n2", "highcpu"): "1",
    ("n2d", "standard"): "4", ("n2d", "highmem"): "8", ("n2d", "highcpu"): "1",
    ("e2", "standard"): "4", ("e2", "highmem"): "8", ("e2", "highcpu"): "1",
    ("c2", "standard"): "4",
}  # fmt: skip
"""GB for each vCPU, by Google's own documentation of its machine families."""
_CPUS = frozenset({1, 2, 4, 8, 16, 30, 32, 48, 60, 64, 80, 96, 128, 224})


class _Parts(NamedTuple):
    """What a machine is made of: the family of its parts' prices, vCPUs (of shared ones the part) and GB."""

    family: str
    cpus: Decimal
    memory: Decimal


_NAMED = {
    "f1-micro": _Parts("f1", Decimal(1), Decimal(0)),
    "g1-small": _Parts("g1", Decimal(1), Decimal(0)),
    "e2-micro": _Parts("e2", Decimal("0.25"), Decimal(1)),
    "e2-small": _Parts("e2", Decimal("0.5"), Decimal(2)),
    "e2-medium": _Parts("e2", Decimal(1), Decimal(4)),
    "m1-ultramem-40": _Parts("m1", Decimal(40), Decimal(961)),
    "m1-ultramem-80": _Parts("m1", Decimal(80), Decimal(1922)),
    "m1-ultramem-160": _Parts("m1", Decimal(160), Decimal(3844)),
    "m1-megamem-96": _Parts("m1", Decimal(96), Decimal("1433.6")),
}


def otherwise(provider: str, sku: str, ask: Ask) -> Found | None:
    """Return the price of a size that no catalogue has by its own name; None where it is not known otherwise either.

    `ask` is for the names that Libcloud's data has. What was found keeps the name that was asked for.
    """
    if _AZURE.fullmatch(provider) and _AZURE_SIZE.fullmatch(sku):
        found = ask(sku.replace("_", "").lower())
        return None if found is None else found._replace(price=found.price._replace(sku=sku))
    parts = _parts(sku) if provider == GOOGLE else None
    return None if parts is None else _sum(parts, sku, ask)


def _parts(size: str) -> _Parts | None:
    if size in _NAMED:
        return _NAMED[size]
    if (told := _PREDEFINED.fullmatch(size)) and (told[1], told[2]) in _MEMORY and int(told[3]) in _CPUS:
        cpus = Decimal(told[3])
        return _Parts(told[1], cpus, cpus * Decimal(_MEMORY[told[1], told[2]]))
    if told := _CUSTOM.fullmatch(size):
        return _Parts(f"{told[1] or 'n1'}_custom", Decimal(told[2]), Decimal(told[3]) / _MEGABYTES)
    return None


def _sum(parts: _Parts, sku: str, ask: Ask) -> Found | None:
    """Return the sum of a machine's parts, which must be priced alike and by one catalogue."""
    cpu = ask(f"{parts.family}/cpu")
    ram = ask(f"{parts.family}/ram") if parts.memory else cpu
    if cpu is None or ram is None or cpu.catalog != ram.catalog:
        return None
    one, other = cpu.price, ram.price
    alike = (one.currency, one.unit, one.region, one.term) == (other.currency, other.unit, other.region, other.term)
    if one.amount is None or other.amount is None or one.tiers or other.tiers or not alike:
        return None
    amount = _EXACT.multiply(one.amount, parts.cpus)
    amount = _EXACT.add(amount, _EXACT.multiply(other.amount, parts.memory))
    return cpu._replace(price=one._replace(sku=sku, amount=amount.normalize(_EXACT)))
