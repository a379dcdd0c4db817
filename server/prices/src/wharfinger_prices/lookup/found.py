"""A price as a look-up found it."""

from __future__ import annotations

from typing import NamedTuple

from wharfinger_prices.price import Price


class Found(NamedTuple):
    """A price, and where it comes from: the layer, and the digest of its catalogue (64 hexadecimal digits)."""

    price: Price
    layer: str
    catalog: str
    stale: bool = False
