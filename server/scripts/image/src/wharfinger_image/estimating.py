"""The cost of keeping an image, by what the operator says of each store."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Context, Decimal

from wharfinger.script import Item, Prices
from wharfinger_image.keys import object_key

_GB = 2**30
"""What the clouds that price storage by the GB count as one."""

_FINE = Decimal("0.000001")
_UP = Context(prec=60, rounding=ROUND_CEILING)


def objects(prices: Prices, places: Iterable[tuple[str, str]], size: int | None) -> list[Item]:
    """Return an item for each of `places`, a store or a whole path with a name in it, for an image of `size` bytes.

    Raises what `prices` raises for a store that there is none of.
    """
    return [_object(prices, store, name, size) for store, name in places]


def _object(prices: Prices, store: str, name: str, size: int | None) -> Item:
    key = object_key(store, name)
    if store.startswith("/"):
        return prices.free(key)  # a folder of the server
    billed = prices.store(store)
    if billed["price"] == "free":
        return prices.free(key)
    if billed["price"] != "listed" or size is None:
        return prices.unknown(key)
    named = {what: billed[what] for what in ("provider", "region", "sku")}
    return prices.item(key, **named, quantity=gigabytes(size))


def gigabytes(size: int) -> str:
    """Return `size` bytes in GB as a decimal number, rounded up at the sixth place: nothing is kept for nothing."""
    return format(_UP.quantize(_UP.divide(Decimal(size), Decimal(_GB)), _FINE), "f")
