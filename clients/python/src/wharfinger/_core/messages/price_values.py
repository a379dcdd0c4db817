"""Messages about prices as the client's values."""

from __future__ import annotations

from decimal import Decimal

from wharfinger import prices
from wharfinger._core.messages.convert import money
from wharfinger._core.messages.times import moment
from wharfinger.models import Money
from wharfinger.v1 import catalog_pb2, price_pb2


def price(value: price_pb2.Price) -> prices.Price:
    """Return a price."""
    return prices.Price(
        provider=value.provider,
        region=value.region,
        sku=value.sku,
        unit=value.unit,
        amount=money(value.amount) if value.HasField("amount") else None,
        category=value.category,
        term=value.term,
        free=value.free,
        tiers=tuple(_tier(tier) for tier in value.tiers),
        effective_time=moment(value.effective_time),
        expire_time=moment(value.expire_time),
        source=value.source,
        layer=value.layer,
        stale=value.stale,
        catalog_digest=value.catalog_digest,
        id=value.id,
        raw=value,
    )


def _tier(value: price_pb2.Tier) -> prices.PriceTier:
    amount = Money(Decimal(value.amount.amount), value.amount.currency_code)
    return prices.PriceTier(Decimal(value.from_quantity), amount)


def catalog(value: catalog_pb2.Catalog) -> prices.Catalog:
    """Return a catalogue."""
    return prices.Catalog(
        name=value.name,
        digest=value.digest,
        source=value.source,
        data_time=moment(value.data_time),
        import_time=moment(value.import_time),
        price_count=value.price_count,
        unknown_count=value.unknown_count,
        active=value.active,
        quarantine_reason=value.quarantine_reason,
        diff=_diff(value.diff) if value.HasField("diff") else None,
        signed_by=value.signed_by,
        stale=value.stale,
        sections=tuple((section.section, section.price_count) for section in value.sections),
        raw=value,
    )


def activation(value: catalog_pb2.Activation) -> prices.Activation:
    """Return that a catalogue became active."""
    return prices.Activation(
        catalog=value.catalog,
        time=moment(value.activate_time),
        actor=value.actor,
        reason=value.reason,
        overridden=value.overridden,
        raw=value,
    )


def _diff(value: catalog_pb2.CatalogDiff) -> prices.CatalogDiff:
    return prices.CatalogDiff(value.added, value.removed, value.raised, value.lowered, value.became_zero, raw=value)


def estimate(value: price_pb2.CostEstimate) -> prices.Estimate:
    """Return an estimate."""
    sums = map(money, value.hourly)
    return prices.Estimate(
        hourly=tuple(amount for amount in sums if amount is not None),
        items=tuple(map(_item, value.items)),
        unpriced=tuple(value.unpriced),
        catalog_digest=value.catalog_digest,
        time=moment(value.estimate_time),
        raw=value,
    )


def _item(value: price_pb2.CostItem) -> prices.CostItem:
    return prices.CostItem(
        what=value.what,
        quantity=Decimal(value.quantity or "1"),
        price=price(value.price) if value.HasField("price") else None,
        hourly=money(value.hourly) if value.HasField("hourly") else None,
        asked=price(value.asked) if value.HasField("asked") else None,
        similar=tuple(value.similar),
        raw=value,
    )
