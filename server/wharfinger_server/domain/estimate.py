"""What a task is expected to cost for an hour: its items, each with the price that was found, and their sums."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from wharfinger_server.domain.price import Money, Price, Tier, plain, total


@dataclass(frozen=True, slots=True)
class CostItem:
    """One line of an estimate. `what` is the key of the ledger entry that it becomes, such as `node/web-3`.

    `quantity` is how many units of the price an hour takes, as `price.an_hour` tells; where no price is known, the
    quantity that was asked about. `layer` decided, `catalog` is the digest of the catalogue that holds the price, and
    `stale` says that it is older than the operator trusts prices to be. `price` and `hourly` are None where unknown.
    """

    what: str
    quantity: Decimal
    price: Price | None = None
    layer: str = ""
    catalog: str = ""
    hourly: Money | None = None
    stale: bool = False


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
        told = {"digest": self.digest, "items": [asdict(item) for item in self.items], "time": self.time}
        return json.dumps(told, default=_written, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_json(cls, document: bytes | str) -> Estimate:
        """Return the estimate that `to_json` wrote."""
        told = json.loads(document)
        return cls.of(map(_item, told["items"]), told["digest"], told["time"])


def _written(number: object) -> str:
    """Return a decimal number as text; raise TypeError for all else that JSON can't hold."""
    if isinstance(number, Decimal):
        return plain(number)
    raise TypeError(f"an estimate can't hold {number!r}")


def _item(told: dict[str, Any]) -> CostItem:
    """Return one line as it was before it was written."""
    price, cost = told["price"], told["hourly"]
    return CostItem(
        **told
        | {
            "quantity": Decimal(told["quantity"]),
            "price": price and _price(price),
            "hourly": cost and Money(cost["currency"], Decimal(cost["amount"])),
        }
    )


def _price(told: dict[str, Any]) -> Price:
    """Return a price as it was before it was written."""
    tiers = tuple(Tier(Decimal(tier["from_quantity"]), Decimal(tier["amount"])) for tier in told["tiers"])
    amount = told["amount"]
    return Price(**told | {"amount": None if amount is None else Decimal(amount), "tiers": tiers})
