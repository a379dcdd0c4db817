"""A price that a server told, as the server's own code has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharfinger_prices.price import Price, Tier

if TYPE_CHECKING:
    import wharfinger

_UNKNOWN = "USD"
"""An unknown price tells no currency; this is the one that Libcloud's file has."""


def price_of(told: wharfinger.Price) -> Price:
    """Return the price."""
    return Price(
        provider=told.provider,
        region=told.region,
        sku=told.sku,
        unit=told.unit,
        currency=told.amount.currency if told.amount else _UNKNOWN,
        amount=told.amount.amount if told.amount else None,
        category=told.category,
        term=told.term,
        free=told.free,
        tiers=tuple(Tier(tier.from_quantity, tier.amount.amount) for tier in told.tiers),
        effective=round(told.effective_time.timestamp() * 1_000_000) if told.effective_time else 0,
        expire=round(told.expire_time.timestamp() * 1_000_000) if told.expire_time else 0,
        source=told.source,
    )
