"""Prices, catalogues and estimates as frozen values. Unknown is None, never zero.

Amounts are exact decimals, times aware datetimes in UTC. Each keeps the message it was made from as `raw`, and
is JSON by `to_dict`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from wharfinger._model import Model, told

__all__ = [
    "Activation",
    "Budget",
    "Catalog",
    "CatalogDiff",
    "CatalogState",
    "CostItem",
    "Estimate",
    "Money",
    "Price",
    "PriceChange",
    "PricePoint",
    "PriceTier",
]


@dataclass(frozen=True, slots=True, repr=False)
class Money(Model):
    """An exact amount; `currency` is an ISO 4217 code such as "USD"."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


@dataclass(frozen=True, slots=True, repr=False)
class PriceTier(Model):
    """One step of a price that falls with quantity: from `from_quantity` units a month upwards one costs `amount`."""

    from_quantity: Decimal
    amount: Money


@dataclass(frozen=True, slots=True, repr=False)
class Price(Model):
    """One price of one thing at one provider. `amount` buys one `unit` and is None where it is unknown.

    `region` is "" for prices that hold everywhere. `unit` is in the terms of FOCUS: "Hours", "GB-Months", "Requests".
    `category` is "on-demand", "spot" or "committed"; `term` tells apart the offers of one category. An amount is zero
    only where the thing is `free`. `source` is that of the catalogue, or what the file itself names, `layer` which of
    the places that prices come from decided: "project", "operator", "libcloud", "downloaded" or "bundled". `stale` says
    that it is older than the operator trusts prices to be.
    Where a `rule` of a price book makes `amount` what was agreed on, `list_amount` is what the provider lists.
    """

    provider: str
    region: str
    sku: str
    unit: str
    amount: Money | None
    category: str = "on-demand"
    term: str = ""
    free: bool = False
    tiers: tuple[PriceTier, ...] = ()
    effective_time: datetime | None = None
    expire_time: datetime | None = None
    source: str = ""
    layer: str = ""
    stale: bool = False
    catalog_digest: str = ""
    id: str = ""
    list_amount: Money | None = None
    rule: str = ""
    raw: Any = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        if self.free:
            return "free"
        return f"{self.amount} per {self.unit.removesuffix('s')}" if self.amount is not None else "unknown"


@dataclass(frozen=True, slots=True, repr=False)
class CatalogDiff(Model):
    """How one catalogue differs from an earlier one, in numbers of prices."""

    added: int = 0
    removed: int = 0
    raised: int = 0
    lowered: int = 0
    became_zero: int = 0
    raw: Any = field(default=None, repr=False, compare=False)


class CatalogState(StrEnum):
    """What a catalogue is used for. UNKNOWN stands for a state that this client is too old to know."""

    IMPORTED = "IMPORTED"
    ACTIVE = "ACTIVE"
    QUARANTINED = "QUARANTINED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, repr=False)
class Catalog(Model):
    """One immutable set of prices. `name` is `catalogs/` and the digits of its `digest`.

    `source` is what it is a version of, such as "libcloud" or "azure:eastus": each has one that is active, and
    `precedence` is its place among these, 1 for the one that is asked first. `origin` is the format and the URL or file
    that it came from, `data_time` when the provider made the data. `unknown_count` of its `price_count` prices have no
    figure. `quarantine_reason` is why it may not become active without overriding the checks, "" where they found
    nothing. `diff` is against what was active of its source when it was imported. `signed_by` is the trusted key that
    signed it, "" for none. `sections` are parts of the data with their numbers of prices, the largest first. `skipped`
    counts rows that are no prices of this kind, by why; `fault_count` rows can't be taken, and `faults` says where and
    why of the first ones.
    """

    name: str
    digest: str
    origin: str = ""
    source: str = ""
    data_time: datetime | None = None
    import_time: datetime | None = None
    price_count: int = 0
    unknown_count: int = 0
    state: CatalogState = CatalogState.IMPORTED
    quarantine_reason: str = ""
    diff: CatalogDiff | None = None
    signed_by: str = ""
    stale: bool = False
    sections: tuple[tuple[str, int], ...] = field(
        default=(),
        metadata=told(lambda catalog: tuple((part.section, part.price_count) for part in catalog.sections)),
    )
    precedence: int = 0
    skipped: tuple[tuple[str, int], ...] = field(
        default=(), metadata=told(lambda catalog: tuple((one.reason, one.row_count) for one in catalog.skipped))
    )
    fault_count: int = 0
    faults: tuple[str, ...] = field(default=(), metadata=told(lambda catalog: tuple(catalog.faults)))
    raw: Any = field(default=None, repr=False, compare=False)

    @property
    def active(self) -> bool:
        """Whether it is the one of its source that prices are looked up in."""
        return self.state is CatalogState.ACTIVE

    @property
    def id(self) -> str:
        """The 64 hexadecimal digits of its digest."""
        return self.name.removeprefix("catalogs/")


@dataclass(frozen=True, slots=True, repr=False)
class Activation(Model):
    """That a catalogue, by its name, became the active one of its source: when, by whom and why.

    `overridden` says that it was in quarantine, and that `actor` accepted what the checks objected to.
    """

    catalog: str
    time: datetime | None = field(default=None, metadata=told("activate_time"))
    actor: str = ""
    reason: str = ""
    overridden: bool = False
    source: str = ""
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class CostItem(Model):
    """One line of an estimate: `quantity` units of `price` an hour for `what`. None: no price is known.

    `asked` is then what was looked up, a price without an amount, and None where nobody could tell by what name;
    `similar` are up to three names that come near, as `provider region sku`.
    """

    what: str
    quantity: Decimal = field(metadata=told(lambda item: Decimal(item.quantity or "1")))
    price: Price | None = None
    hourly: Money | None = None
    asked: Price | None = None
    similar: tuple[str, ...] = ()
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Estimate(Model):
    """What something is expected to cost for an hour.

    `hourly` has one sum for each currency, of the items that have a price; while `unpriced`, the names of those that
    have none, is not empty it is a lower bound. `price_basis` names all that was looked up in, and makes the same
    estimate again.
    """

    hourly: tuple[Money, ...] = ()
    items: tuple[CostItem, ...] = ()
    unpriced: tuple[str, ...] = ()
    price_basis: str = ""
    time: datetime | None = field(default=None, metadata=told("estimate_time"))
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class PriceChange(Model):
    """One price that is not the same in two catalogues; None where one of them has none of that name."""

    before: Price | None = None
    after: Price | None = None
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class PricePoint(Model):
    """From `time` on a thing had that price; None: none was known."""

    time: datetime | None = field(default=None, metadata=told("start_time"))
    price: Price | None = None
    raw: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Budget(Model):
    """What a project may spend an hour, and what is alive or on its way costs; one sum for each currency.

    A currency that has no `hourly_limit` may not be spent at all.
    """

    project: str
    hourly_limit: tuple[Money, ...] = ()
    hourly_use: tuple[Money, ...] = ()
    raw: Any = field(default=None, repr=False, compare=False)
