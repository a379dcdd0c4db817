"""The server's prices: the price book of its data folder, with the record in the database, and projects' budgets."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from wharfinger_prices.price_book import PriceBook
from wharfinger_prices.registry import usable
from wharfinger_server.config import Settings
from wharfinger_server.registry import Registry
from wharfinger_server.store.store import Store


class Pricing(PriceBook):
    """The one way into prices for all that stands above: layers, catalogues, imports, budgets.

    Servers with one database must share the folder DATA/prices, or import into each.
    """

    def __init__(self, store: Store, registry: Registry, settings: Settings) -> None:
        super().__init__(store, usable(registry.sources), settings)
        self._budgets = settings.prices.budgets

    def budget(self, project: str) -> Mapping[str, Decimal]:
        """Return what all that a project has alive may cost in an hour, by currency; empty: no limit."""
        return self._budgets.get(project, {})
