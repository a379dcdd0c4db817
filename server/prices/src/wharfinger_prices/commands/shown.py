"""What the commands show of prices and catalogues, wherever these are: named as the client's values are.

Amounts are exact decimals, times aware datetimes in UTC; what is not known is None, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from wharfinger_prices.commands.terminal import echo, escaped

if TYPE_CHECKING:
    from wharfinger_prices.catalog import Activation, Catalog
    from wharfinger_prices.lookup.found import Found

DIGEST = "sha256:"
"""What stands before the hexadecimal digits of a catalogue's digest."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Amount(NamedTuple):
    """An exact amount; `currency` is an ISO 4217 code such as "USD"."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


class ShownTier(NamedTuple):
    """One step of a price that falls with quantity: from `from_quantity` units a month upwards one costs `amount`."""

    from_quantity: Decimal
    amount: Amount


class ShownPrice(NamedTuple):
    """One price, with where it comes from. `amount` buys one `unit` and is None where it is unknown.

    Where a `rule` of a price book makes it what was agreed on, `list_amount` is what the provider lists.
    """

    provider: str
    region: str
    sku: str
    unit: str
    amount: Amount | None
    category: str = "on-demand"
    term: str = ""
    free: bool = False
    tiers: tuple[ShownTier, ...] = ()
    effective_time: datetime | None = None
    expire_time: datetime | None = None
    source: str = ""
    layer: str = ""
    stale: bool = False
    catalog_digest: str = ""
    id: str = ""
    list_amount: Amount | None = None
    rule: str = ""

    def __str__(self) -> str:
        if self.free:
            return "free"
        return f"{self.amount} per {self.unit.removesuffix('s')}" if self.amount is not None else "unknown"


class ShownDiff(NamedTuple):
    """How one catalogue differs from an earlier one, in numbers of prices."""

    added: int = 0
    removed: int = 0
    raised: int = 0
    lowered: int = 0
    became_zero: int = 0


class ShownCatalog(NamedTuple):
    """A catalogue. `name` is `catalogs/` and the digits of its `digest`; `diff` is against what was active before.

    `precedence` is its place among the active ones, 1 for the one that is asked first; 0: it is not active. `skipped`
    counts what is no price of this kind, by why; `fault_count` rows can't be taken, of which `faults` tells some.
    """

    name: str
    digest: str
    origin: str = ""
    source: str = ""
    data_time: datetime | None = None
    import_time: datetime | None = None
    price_count: int = 0
    unknown_count: int = 0
    state: str = "IMPORTED"
    quarantine_reason: str = ""
    diff: ShownDiff | None = None
    signed_by: str = ""
    stale: bool = False
    sections: tuple[tuple[str, int], ...] = ()
    precedence: int = 0
    skipped: tuple[tuple[str, int], ...] = ()
    fault_count: int = 0
    faults: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The 64 hexadecimal digits of its digest."""
        return self.name.removeprefix("catalogs/")

    @property
    def active(self) -> bool:
        """Whether it is the one of its source that prices are looked up in."""
        return self.state == "ACTIVE"


class ShownActivation(NamedTuple):
    """That a catalogue, by its name, became its source's active one: when, by whom, why, and over the checks or not."""

    catalog: str
    time: datetime | None = None
    actor: str = ""
    reason: str = ""
    overridden: bool = False
    source: str = ""


def active(told: Iterable[ShownCatalog]) -> list[ShownCatalog]:
    """Return the active catalogues, one for each source, in the order they are asked."""
    return sorted((one for one in told if one.active), key=lambda one: one.precedence)


# ---------------------------------------------------------------------- from the folder's own values


def price(found: Found) -> ShownPrice:
    """Return a price that was found."""
    one = found.price
    return ShownPrice(
        provider=one.provider,
        region=one.region,
        sku=one.sku,
        unit=one.unit,
        amount=None if one.amount is None else Amount(one.amount, one.currency),
        category=one.category,
        term=one.term,
        free=one.free,
        tiers=tuple(
            ShownTier(tier.from_quantity, Amount(tier.amount, one.currency)) for tier in one.tiers if not one.disputed
        ),
        effective_time=_moment(one.effective),
        expire_time=_moment(one.expire),
        source=one.source,
        layer=found.layer,
        stale=found.stale,
        catalog_digest=DIGEST + found.catalog,
        id=one.id,
        list_amount=Amount(one.contract.list_amount, one.currency) if one.contract else None,
        rule=one.contract.rule if one.contract else "",
    )


def catalog(one: Catalog) -> ShownCatalog:
    """Return a catalogue of the record."""
    diff = one.diff
    return ShownCatalog(
        name=f"catalogs/{one.digest}",
        digest=DIGEST + one.digest,
        origin=one.whence,
        source=one.source,
        data_time=_moment(one.data_time),
        import_time=_moment(one.import_time),
        price_count=one.price_count,
        unknown_count=one.unknown_count,
        state="ACTIVE" if one.active else "QUARANTINED" if one.quarantine_reason else "IMPORTED",
        quarantine_reason=one.quarantine_reason,
        diff=None if diff is None else ShownDiff(*(getattr(diff, name) for name in ShownDiff._fields)),
        signed_by=one.signed_by,
        stale=one.stale,
        sections=one.sections,
        precedence=one.precedence,
        skipped=one.skipped,
        fault_count=one.fault_count,
        faults=one.faults,
    )


def activation(one: Activation) -> ShownActivation:
    """Return an activation of the record."""
    name = f"catalogs/{one.digest}"
    return ShownActivation(name, _moment(one.time), one.actor, one.reason, one.overridden, one.source)


def micros(moment: datetime | None) -> int:
    """Return a time in microseconds, 0 for None."""
    return 0 if moment is None else round(moment.timestamp() * 1_000_000)


def _moment(time: int) -> datetime | None:
    """Return a time in microseconds, None for 0: not known."""
    return _EPOCH + timedelta(microseconds=time) if time else None


# ---------------------------------------------------------------------- as JSON


def document(value: Any) -> None:
    """Print one JSON document, indented: names as here, times in RFC 3339, amounts as exact texts."""
    import json

    echo(escaped(json.dumps(plain(value), indent=2, ensure_ascii=False)))


def plain(value: Any) -> Any:
    """Return `value` as what JSON has."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(item) for name, item in zip(value._fields, value, strict=True)}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return format(value, "f") if isinstance(value, Decimal) else value
