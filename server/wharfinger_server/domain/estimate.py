"""The expected cost of a task for an hour: its items, each with the price that was found, and their sums."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from wharfinger_prices.price import Contract, Money, Price, Tier, plain, total


@dataclass(frozen=True, slots=True)
class Asked:
    """What was looked up for an item, as it was asked for."""

    provider: str
    region: str
    sku: str
    category: str = ""
    term: str = ""


@dataclass(frozen=True, slots=True)
class CostItem:
    """One line of an estimate. `what` is the key of the ledger entry that it becomes, such as `node/web-3`.

    `quantity` is how many units of the price an hour takes, as `price.an_hour` tells; where no price is known, the
    quantity that was asked about. `layer` decided, `catalog` is the digest of the catalogue that holds the price, and
    `stale` says that it is older than the operator trusts prices to be. `price` and `hourly` are None where unknown;
    `asked` is then what was looked up, None where nobody could tell by what name, and `similar` the names that come
    near, for who asks about it: they are not kept.
    """

    what: str
    quantity: Decimal
    price: Price | None = None
    layer: str = ""
    catalog: str = ""
    hourly: Money | None = None
    stale: bool = False
    asked: Asked | None = None
    similar: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was expected. `hourly` are the sums by currency of the priced items; `unpriced` names the others.

    `digest` names all that was looked up in; `time` is the moment whose prices were asked for, in microseconds.
    """

    hourly: tuple[Money, ...]
    items: tuple[CostItem, ...]
    unpriced: tuple[str, ...]
    digest: str
    time: int

    @classmethod
    def of(cls, items: Iterable[CostItem], digest: str, time: int) -> Estimate:
        """Return the estimate of `items`: their sums, and the names of those without a price in their order."""
        lines = tuple(items)
        return cls(
            hourly=total(line.hourly for line in lines if line.hourly is not None),
            items=lines,
            unpriced=tuple(line.what for line in lines if line.hourly is None),
            digest=digest,
            time=time,
        )

    def to_json(self) -> bytes:
        """Return it as canonical JSON: keys sorted, no spaces, amounts as decimal strings; the same bytes each time.

        The sums and the names of what is unpriced follow from the items, so they are not written.
        """
        told = {"digest": self.digest, "items": [told_item(item) for item in self.items], "time": self.time}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_json(cls, document: bytes | str) -> Estimate:
        """Return the estimate that `to_json` wrote."""
        told = json.loads(document)
        return cls.of(map(item_of, told["items"]), told["digest"], told["time"])


def told_item(item: CostItem) -> dict[str, Any]:
    """Return one line in plain JSON values: amounts as decimal strings, and nothing that is empty."""
    told: dict[str, Any] = {"what": item.what, "quantity": plain(item.quantity)}
    for name in ("layer", "catalog", "stale"):
        if value := getattr(item, name):
            told[name] = value
    if item.price is not None:
        told["price"] = _told_price(item.price)
    if item.asked is not None:
        told["asked"] = {name: value for name, value in asdict(item.asked).items() if value}
    if item.hourly is not None:
        told["hourly"] = [item.hourly.currency, plain(item.hourly.amount)]
    return told


def item_of(told: dict[str, Any]) -> CostItem:
    """Return the line that `told_item` told."""
    price, cost = told.get("price"), told.get("hourly")
    return CostItem(
        told["what"],
        Decimal(told["quantity"]),
        None if price is None else _price(price),
        told.get("layer", ""),
        told.get("catalog", ""),
        None if cost is None else Money(cost[0], Decimal(cost[1])),
        told.get("stale", False),
        Asked(**{"provider": "", "region": "", "sku": "", **told["asked"]}) if "asked" in told else None,
    )


_TEXTS = ("provider", "region", "sku", "unit", "currency", "category", "term", "source")
_OTHERS = ("free", "effective", "expire")


def _told_price(price: Price) -> dict[str, Any]:
    told: dict[str, Any] = {name: value for name in (*_TEXTS, *_OTHERS) if (value := getattr(price, name))}
    if price.amount is not None:
        told["amount"] = plain(price.amount)
    if price.tiers:
        told["tiers"] = [[plain(tier.from_quantity), plain(tier.amount)] for tier in price.tiers]
    if price.contract is not None:
        told["contract"] = [plain(price.contract.list_amount), price.contract.rule]
    return told


def _price(told: dict[str, Any]) -> Price:
    return Price(
        **{name: told.get(name, "") for name in _TEXTS},
        amount=Decimal(told["amount"]) if "amount" in told else None,
        free=told.get("free", False),
        tiers=tuple(Tier(Decimal(start), Decimal(amount)) for start, amount in told.get("tiers", ())),
        effective=told.get("effective", 0),
        expire=told.get("expire", 0),
        contract=Contract(Decimal(told["contract"][0]), told["contract"][1]) if "contract" in told else None,
    )
