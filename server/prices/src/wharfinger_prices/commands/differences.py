"""`wharfinger prices diff`: of files where these are here, otherwise asked for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from wharfinger_prices.commands.drawing import change as change_words
from wharfinger_prices.commands.shown import ShownDiff

if TYPE_CHECKING:
    from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder
    from wharfinger_prices.commands.places import Place
    from wharfinger_prices.commands.shown import ShownCatalog, ShownPrice

_FOREVER = Decimal("Infinity")
_Offer = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One price that differs. An amount is None where it is unknown; `was` and `stays` tell whether it is there."""

    provider: str
    region: str
    sku: str
    category: str
    term: str
    unit: str
    currency: str
    before: Decimal | None
    after: Decimal | None
    was: bool
    stays: bool

    @property
    def moved(self) -> Decimal:
        """By which part the figure moved; more than anything where there is none on one side."""
        if not self.before or self.after is None:
            return _FOREVER
        return abs(self.after - self.before) / self.before

    def told(self) -> tuple[str, str, str]:
        """Return before, after and the change, in words."""
        before = _words(self.before, self.currency) if self.was else "-"
        after = _words(self.after, self.currency) if self.stays else "-"
        if not self.was or not self.stays:
            return before, after, "new" if self.stays else "gone"
        if self.before is None or self.after is None:
            return before, after, "became known" if self.before is None else "became unknown"
        return before, after, change_words(self.before, self.after) or "tiers"


def _words(amount: Decimal | None, currency: str) -> str:
    return "unknown" if amount is None else f"{amount.normalize():f} {currency}"


def differences(place: Place, before: ShownCatalog, after: ShownCatalog) -> Iterator[Change]:
    """Yield what differs between two catalogues."""
    if place.folder is not None:
        from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder

        folder = CatalogueFolder(place.folder.data_dir / "prices")
        if folder.has(before.id) and folder.has(after.id):
            yield from _of_files(folder, before.id, after.id)
            return
    yield from _asked_for(place, before, after)


def _of_files(folder: CatalogueFolder, before: str, after: str) -> Iterator[Change]:
    from wharfinger_prices.catalogues.diff import differences as differ

    old, new = folder.open(before), folder.open(after)
    try:
        for found in differ(old, new, time.time_ns() // 1000):
            one, other = found.before, found.after
            either = other or one
            assert either is not None
            yield Change(
                either.provider,
                either.region,
                either.sku,
                either.category,
                either.term,
                either.unit,
                either.currency,
                one.amount if one else None,
                other.amount if other else None,
                one is not None,
                other is not None,
            )
    finally:
        old.close()
        new.close()


def _asked_for(place: Place, before: ShownCatalog, after: ShownCatalog) -> Iterator[Change]:
    old: dict[_Offer, dict[str, Decimal | None]] = {}
    for price in place.prices(before.digest):
        old.setdefault(_offer(price), {})[_currency(price)] = _amount(price)
    for price in place.prices(after.digest):
        offer, currency, amount = _offer(price), _currency(price), _amount(price)
        same = _same(old.get(offer, {}), currency)
        one = old[offer].pop(same) if same is not None else None
        if same is None or one != amount:
            yield Change(*offer, currency or same or "", one, amount, same is not None, stays=True)
    for offer, amounts in old.items():
        for currency, one in amounts.items():
            yield Change(*offer, currency, one, None, was=True, stays=False)


def _same(amounts: Mapping[str, Decimal | None], currency: str) -> str | None:
    """Return under which currency the same offer stood before, None: it did not. What is unknown tells no currency."""
    if currency in amounts:
        return currency
    if "" in amounts:
        return ""
    return next(iter(amounts)) if not currency and len(amounts) == 1 else None


def _offer(price: ShownPrice) -> _Offer:
    return (price.provider, price.region, price.sku, price.category, price.term, price.unit)


def _currency(price: ShownPrice) -> str:
    return price.amount.currency if price.amount else ""


def _amount(price: ShownPrice) -> Decimal | None:
    return price.amount.amount if price.amount else None


def counted(changes: Iterable[Change]) -> ShownDiff:
    """Return the changes in numbers."""
    added = removed = raised = lowered = became_zero = 0
    for change in changes:
        if not change.was:
            added += 1
        elif not change.stays:
            removed += 1
        elif change.before and not change.after:
            became_zero += 1
        elif change.before is not None and change.after is not None:
            raised += change.after > change.before
            lowered += change.after < change.before
    return ShownDiff(added, removed, raised, lowered, became_zero)
