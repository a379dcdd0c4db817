"""Prices: catalogues, their import and its checks, look-ups through the layers, estimates, exports.

Each name is loaded when it is first used: a command that asks a server needs one of the modules here, and neither the
database nor the plug-ins that the others load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wharfinger_prices.catalog import LAYERS, Activation, Catalog, CatalogDiff
    from wharfinger_prices.catalogues.diff import Difference, differences
    from wharfinger_prices.importing.request import ImportProgress, ImportRequest, OnProgress
    from wharfinger_prices.lookup.export import Exported, export_libcloud
    from wharfinger_prices.lookup.found import Found
    from wharfinger_prices.lookup.stack import Layer, Page, PriceAmbiguous, PriceFilter, PriceUnknown, Stack
    from wharfinger_server.pricing.estimating import Prices, Wanted, estimate
    from wharfinger_server.pricing.pricing import Pricing

_HOMES = {
    "wharfinger_prices.catalog": ("LAYERS", "Activation", "Catalog", "CatalogDiff"),
    "wharfinger_prices.catalogues.diff": ("Difference", "differences"),
    "wharfinger_prices.importing.request": ("ImportProgress", "ImportRequest", "OnProgress"),
    "wharfinger_prices.lookup.export": ("Exported", "export_libcloud"),
    "wharfinger_prices.lookup.stack": (
        "Found",
        "Layer",
        "Page",
        "PriceAmbiguous",
        "PriceFilter",
        "PriceUnknown",
        "Stack",
    ),
    "wharfinger_server.pricing.estimating": ("Prices", "Wanted", "estimate"),
    "wharfinger_server.pricing.pricing": ("Pricing",),
}

__all__ = [
    "LAYERS",
    "Activation",
    "Catalog",
    "CatalogDiff",
    "Difference",
    "Exported",
    "Found",
    "ImportProgress",
    "ImportRequest",
    "Layer",
    "OnProgress",
    "Page",
    "PriceAmbiguous",
    "PriceFilter",
    "PriceUnknown",
    "Prices",
    "Pricing",
    "Stack",
    "Wanted",
    "differences",
    "estimate",
    "export_libcloud",
]


def __getattr__(name: str) -> object:
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
