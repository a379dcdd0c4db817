"""The filter of ListPrices: `provider = "ec2_linux" AND sku : "m5."`."""

from __future__ import annotations

from collections.abc import Mapping

from wharfinger_server.domain.errors import InvalidArgument, Violation
from wharfinger_server.engine.interface.filters import Field, parse
from wharfinger_server.pricing import PriceFilter

_EQUAL = frozenset({"="})
_FIELDS: Mapping[str, tuple[str, Field]] = {
    "provider": ("provider", Field(_EQUAL, str)),
    "region": ("region", Field(_EQUAL, str)),
    "sku": ("sku", Field(_EQUAL | {":"}, str)),
    "category": ("category", Field(_EQUAL, str)),
    "term": ("term", Field(_EQUAL, str)),
    "currency_code": ("currency", Field(_EQUAL, str)),
    "unit": ("unit", Field(_EQUAL, str)),
    "source": ("source", Field(_EQUAL, str)),
}
"""Each field's name in a PriceFilter, and how it is compared."""


def price_filter(text: str) -> PriceFilter:
    """Return which prices a filter lists. Raises InvalidArgument INVALID_FILTER that names the place and the choices.

    A region or a term that is compared with "" is that of prices that have none.
    """
    chosen: dict[str, str] = {}
    for comparison in parse(text, {name: field for name, (_, field) in _FIELDS.items()}, labels=False):
        name = "sku_prefix" if comparison.op == ":" else _FIELDS[comparison.field][0]
        if name in chosen:
            why = f"{comparison.field} is compared twice by {comparison.op}, which fits no price"
            raise InvalidArgument("INVALID_FILTER", f"filter: {why}", {}, (Violation("filter", why),))
        chosen[name] = comparison.value
    return PriceFilter(**chosen)
