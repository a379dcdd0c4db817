"""The prices that a script's `estimate(params, prices)` gets, and the estimate made of what it returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from wharfinger.runtime.stores import price_of
from wharfinger.script import Failed
from wharfinger_prices.lookup.stack import PriceAmbiguous, Stack
from wharfinger_prices.price import LONGEST_AMOUNT, Price, an_hour, hourly
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.estimate import Asked, CostItem, Estimate
from wharfinger_server.domain.timing import now

_LARGEST = Decimal(10) ** 18
_MOST_SIMILAR = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that is to be priced. `what` is the key of the ledger entry that it becomes, such as `node/web-3`.

    `quantity` is how much is held of what is priced by time, and how much an hour uses of the rest. What is "" is
    taken as a look-up takes it (`Stack.price`). `free`: by its nature it costs nothing; `unknown`: it costs something,
    and nobody can tell by what name. Both are looked up nowhere.
    """

    what: str
    provider: str
    sku: str
    region: str = ""
    quantity: Decimal = Decimal(1)
    category: str = ""
    term: str = ""
    currency: str = ""
    unit: str = ""
    free: bool = False
    unknown: bool = False


class Prices:
    """What a script asks while it says what it will make. Immutable; nothing here reaches a cloud."""

    def __init__(
        self,
        profiles: Mapping[str, Mapping[str, Any]] | None = None,
        stores: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._profiles = {name: dict(table) for name, table in (profiles or {}).items()}
        self._stores = {name: dict(table) for name, table in (stores or {}).items()}

    def profile(self, name: str) -> dict[str, str]:
        """Return `provider` and `region` of a cloud account, "" where it names none; never its credentials.

        Raises FailedPrecondition CANNOT_ESTIMATE where the project has no profile of that name.
        """
        table = self._profiles.get(name)
        if table is None:
            there = ", ".join(sorted(self._profiles)) or "none"
            why = f"there is no cloud profile {name!r}; configured for this project: {there}"
            raise FailedPrecondition("CANNOT_ESTIMATE", why, {"cause": why})
        return {key: str(table.get(key, "")) for key in ("provider", "region")}

    def store(self, name: str) -> dict[str, str]:
        """Return how an object store is billed: `price` (free, listed or unknown), `provider`, `region`, `sku`.

        Never its credentials. Raises FailedPrecondition CANNOT_ESTIMATE where there is no store of that name, or its
        table is wrong.
        """
        try:
            return asdict(price_of(name, self._stores))
        except Failed as error:
            raise FailedPrecondition("CANNOT_ESTIMATE", error.message, {"cause": error.message}) from None

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
    ) -> Wanted:
        """Return one item for the list that `estimate` returns.

        `quantity` is a decimal number as text, not a float. Raises FailedPrecondition CANNOT_ESTIMATE for one that is
        none, or is negative.
        """
        return Wanted(what, provider, sku, region, _quantity(what, quantity), category, term, unit=unit)

    def free(self, what: str) -> Wanted:
        """Return the item of a thing that costs nothing by its nature, such as an attachment."""
        return Wanted(what, "", "", free=True)

    def unknown(self, what: str) -> Wanted:
        """Return the item of a thing that costs something, and nobody can tell what it is priced by."""
        return Wanted(what, "", "", unknown=True)


def _quantity(what: str, told: str | int | Decimal) -> Decimal:
    try:
        if isinstance(told, float | bool) or len(str(told)) > LONGEST_AMOUNT:
            raise ValueError
        number = Decimal(told)
        if not number.is_finite() or not 0 <= number < _LARGEST:
            raise ValueError
    except (InvalidOperation, ValueError, TypeError):
        why = f"the quantity of {what!r} must be a decimal number of 0 or more as text, such as '1.5', not {told!r}"
        raise FailedPrecondition("CANNOT_ESTIMATE", why, {"cause": why}) from None
    return number


def estimate(items: Iterable[Wanted], stack: Stack, at: int | None = None, *, similar: bool = False) -> Estimate:
    """Return what the items cost for an hour by the stack's prices of the moment `at` (microseconds; None: now).

    The same items, stack and moment give the same bytes. What has no known price is listed as unpriced, with what was
    looked up; a question that fits several prices raises PriceAmbiguous, naming the item. With `similar` names that
    come near what has no price are told too, which takes far longer than all else.
    """
    moment = now() if at is None else at
    wanted = list(items)
    found = [None if item.free else _line(item, stack, moment) for item in wanted]
    currency = next((line.hourly.currency for line in found if line is not None and line.hourly is not None), "USD")
    lines = [line or _free(item, currency) for item, line in zip(wanted, found, strict=True)]
    return Estimate.of(_with_similar(lines, stack) if similar else lines, stack.digest, moment)


def _with_similar(lines: Iterable[CostItem], stack: Stack) -> Iterator[CostItem]:
    """Yield the lines, those without a price with the names that come near; only so many are looked for."""
    known: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for line in lines:
        name = (line.asked.provider, line.asked.region, line.asked.sku) if line.asked else None
        if name is not None and name not in known and len(known) < _MOST_SIMILAR:
            known[name] = tuple(stack.similar(*name))
        yield replace(line, similar=known.get(name, ())) if name is not None else line


def _free(item: Wanted, currency: str) -> CostItem:
    """Return the line of what costs nothing by its nature: no catalogue has it, and its zero is a known one."""
    nothing = Price("", "", "", "Hours", currency, Decimal(0), free=True)
    return CostItem(item.what, item.quantity, nothing, hourly=hourly(nothing, item.quantity))


def _line(item: Wanted, stack: Stack, at: int) -> CostItem:
    if item.unknown:
        return CostItem(item.what, item.quantity)
    try:
        found = stack.find(item.provider, item.region, item.sku, item.category, item.term, item.currency, item.unit, at)
    except PriceAmbiguous as error:
        raise PriceAmbiguous(f"{item.what}: {error.message}", error.field, error.all_choices) from None
    if found is None:
        asked = Asked(item.provider, item.region, item.sku, item.category, item.term)
        return CostItem(item.what, item.quantity, asked=asked)
    units = an_hour(found.price.unit, item.quantity)
    cost = hourly(found.price, item.quantity)
    return CostItem(item.what, units, found.price, found.layer, found.catalog, cost, found.stale)
