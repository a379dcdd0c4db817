"""Money, prices and estimates: exact amounts as decimal strings, and what is unknown left unset."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from wharfinger.v1 import price_pb2
from wharfinger_prices.price import Money, Price, parse_amount, plain
from wharfinger_server.domain.errors import invalid
from wharfinger_server.domain.estimate import CostItem, Estimate
from wharfinger_server.domain.leftover import Leftover
from wharfinger_server.pricing import Found
from wharfinger_server.pricing.estimating import Wanted
from wharfinger_server.rpc.messages.text import clean
from wharfinger_server.rpc.messages.times import fill_time

DIGEST = "sha256:"
"""What the API writes before the hexadecimal digits of a catalogue's digest."""


def fill_money(message: price_pb2.DecimalMoney, money: Money) -> None:
    """Set an empty `message` to an amount."""
    message.currency_code = money.currency
    message.amount = plain(money.amount)


def fill_price(
    message: price_pb2.Price, price: Price, layer: str = "", catalog: str = "", *, stale: bool = False
) -> None:
    """Set an empty `message` to a price, from the `catalog` (a digest) of a `layer`."""
    message.id = price.id
    message.provider = clean(price.provider)
    message.region = clean(price.region)
    message.sku = clean(price.sku)
    message.unit = clean(price.unit)
    message.category = price.category
    message.term = clean(price.term)
    message.source = price.source
    message.free = price.free
    message.layer = layer
    message.stale = stale
    if price.amount is not None:
        message.amount.currency_code = price.currency
        message.amount.amount = plain(price.amount)
    if price.contract is not None:
        fill_money(message.list_amount, Money(price.currency, price.contract.list_amount))
        message.rule = clean(price.contract.rule)
    if catalog:
        message.catalog_digest = DIGEST + catalog
    for tier in () if price.disputed else price.tiers:
        step = message.tiers.add(from_quantity=plain(tier.from_quantity))
        fill_money(step.amount, Money(price.currency, tier.amount))
    if price.effective:
        fill_time(message.effective_time, price.effective)
    if price.expire:
        fill_time(message.expire_time, price.expire)


def price_message(found: Found) -> price_pb2.Price:
    """Return a price that was found, with where it comes from."""
    message = price_pb2.Price()
    fill_price(message, found.price, found.layer, found.catalog, stale=found.stale)
    return message


def fill_estimate(message: price_pb2.CostEstimate, estimate: Estimate) -> None:
    """Set an empty `message` to an estimate; one without items is set too."""
    message.price_basis = DIGEST + estimate.digest
    fill_time(message.estimate_time, estimate.time)
    message.unpriced.extend(map(clean, estimate.unpriced))
    for money in estimate.hourly:
        fill_money(message.hourly.add(), money)
    for item in estimate.items:
        _fill_item(message.items.add(), item)


def _fill_item(message: price_pb2.CostItem, item: CostItem) -> None:
    message.what = clean(item.what)
    message.quantity = plain(item.quantity)
    if item.price is not None:
        fill_price(message.price, item.price, item.layer, item.catalog, stale=item.stale)
    if item.asked is not None:
        asked = item.asked
        message.asked.provider = clean(asked.provider)
        message.asked.region = clean(asked.region)
        message.asked.sku = clean(asked.sku)
        message.asked.category = clean(asked.category)
        message.asked.term = clean(asked.term)
    message.similar.extend(map(clean, item.similar))
    if item.hourly is not None:
        fill_money(message.hourly, item.hourly)


def fill_leftover(message: price_pb2.LeftoverCost, leftover: Leftover) -> None:
    """Set an empty `message` to what leftovers cost; one where nothing is known is set too."""
    message.SetInParent()
    message.unpriced = leftover.unpriced
    message.uncertain = leftover.uncertain
    for money in leftover.known:
        fill_money(message.known_hourly.add(), money)


def wanted(items: Sequence[price_pb2.CostItem]) -> list[Wanted]:
    """Return what a caller wants priced. Raises InvalidArgument, naming the item's field that is missing or wrong."""
    return [_wanted(item, f"items[{index}]") for index, item in enumerate(items)]


def _wanted(item: price_pb2.CostItem, path: str) -> Wanted:
    price = item.price
    for name in ("provider", "sku"):
        if not getattr(price, name):
            raise invalid(f"{path}.price.{name}", "is required", "MISSING_FIELD")
    return Wanted(
        what=item.what or price.sku,
        provider=price.provider,
        sku=price.sku,
        region=price.region,
        quantity=_quantity(item.quantity, f"{path}.quantity"),
        category=price.category,
        term=price.term,
        currency=price.amount.currency_code,
        unit=price.unit,
    )


def _quantity(text: str, path: str) -> Decimal:
    """Return a quantity; one that is not given is 1."""
    if not text:
        return Decimal(1)
    try:
        quantity = parse_amount(text)
    except ValueError as error:
        raise invalid(path, str(error)) from None
    if quantity < 0:
        raise invalid(path, f"{text} is negative")
    return quantity
