"""Trying a script's `estimate`: what it asks for, without any prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from types import ModuleType
from typing import Any

from wharfinger.runtime.stores import price_of
from wharfinger.script import Failed, inspect
from wharfinger.script.schema import made_of


@dataclass(frozen=True, slots=True)
class PricedItem:
    """One item that an `estimate` asked for: the arguments of `Prices.item`; `free` or `unknown` with only `what`."""

    what: str
    provider: str
    region: str
    sku: str
    quantity: Decimal
    category: str
    term: str
    free: bool = False
    unknown: bool = False
    unit: str = ""


class TrialPrices:
    """Stands in for what the server gives to `estimate`. What it gets are tables as in the server's configuration."""

    def __init__(
        self, profiles: Mapping[str, Mapping[str, Any]], stores: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self._profiles = profiles
        self._stores = stores or {}

    def item(
        self,
        what: str,
        *,
        provider: str,
        region: str = "",
        sku: str,
        quantity: str | int | Decimal = "1",
        category: str = "on-demand",
        term: str = "",
        unit: str = "",
    ) -> PricedItem:
        """Return the item. Raises ValueError for a quantity that is no decimal number of 0 or more."""
        if isinstance(quantity, float | bool) or not (number := Decimal(quantity)).is_finite() or number < 0:
            raise ValueError(
                f"the quantity of {what!r} must be a decimal number as text, '1.5' or '0', not {quantity!r}"
            )
        return PricedItem(what, provider, region, sku, number, category, term, unit=unit)

    def free(self, what: str) -> PricedItem:
        """Return the item of what costs nothing by its nature."""
        return PricedItem(what, "", "", "", Decimal(1), "on-demand", "", free=True)

    def unknown(self, what: str) -> PricedItem:
        """Return the item of what costs something, and nobody can tell what it is priced by."""
        return PricedItem(what, "", "", "", Decimal(1), "on-demand", "", unknown=True)

    def profile(self, name: str) -> dict[str, str]:
        """Return `provider` and `region` of a profile. Raises Failed UNKNOWN_PROFILE."""
        if name not in self._profiles:
            names = ", ".join(sorted(self._profiles)) or "none"
            raise Failed(
                f"there is no cloud profile {name!r}; configured for this project: {names}", reason="UNKNOWN_PROFILE"
            )
        return {key: str(self._profiles[name].get(key, "")) for key in ("provider", "region")}

    def store(self, name: str) -> dict[str, str]:
        """Return how a store is billed. Raises Failed: UNKNOWN_STORE, STORE_MISCONFIGURED."""
        return asdict(price_of(name, self._stores))


def estimate(
    module: ModuleType,
    params: Mapping[str, Any] | None = None,
    *,
    profiles: Mapping[str, Mapping[str, Any]] | None = None,
    stores: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[PricedItem]:
    """Return the items that the `estimate` of `module` asks to be priced, in its order.

    `profiles` and `stores` are tables as in the server's configuration; no store is opened.
    Raises what it raises, BrokenScript where the module is no script, and ValueError where it has no `estimate`, or
    one that names a thing twice: each item becomes one entry of the ledger.
    """
    if not inspect(module).can_estimate:
        raise ValueError(f"{module.__name__} has no `estimate(params, prices)`")
    model = getattr(module, "Params", None)
    given = dict(params or {}) if model is None else made_of(model, params or {})
    items: list[PricedItem] = list(module.estimate(given, TrialPrices(profiles or {}, stores)))
    names = [item.what for item in items]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"`estimate` names {', '.join(twice)} more than once")
    return items
