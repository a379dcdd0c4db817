"""The order in which sources are asked: those that the operator named first, then as each had its first catalogue.

So a source that comes later changes no answer of those before it, until the operator says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wharfinger_prices.catalog import Catalog


def in_order(active: Sequence[Catalog], order: Sequence[str]) -> list[Catalog]:
    """Return the active catalogues in the order they are asked, each with its `precedence`, 1 for the first.

    `active` are one for each source, as the sources had their first catalogue; `order` are names of sources, of which
    one without a scope (`azure`) stands for all of its scopes too (`azure:eastus`).
    """
    ranked = sorted(active, key=lambda one: _rank(one.source, order))
    return [replace(one, precedence=place) for place, one in enumerate(ranked, 1)]


def _rank(source: str, order: Sequence[str]) -> int:
    for name in (source, source.partition(":")[0]):
        if name in order:
            return order.index(name)
    return len(order)
