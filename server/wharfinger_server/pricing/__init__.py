"""Prices: catalogues, their import and its checks, look-ups through the layers, estimates, exports."""

from wharfinger_server.domain.catalog import LAYERS, Activation, Catalog, CatalogDiff
from wharfinger_server.pricing.diff import Difference, differences
from wharfinger_server.pricing.estimating import Prices, Wanted, estimate
from wharfinger_server.pricing.export import Exported, export_libcloud
from wharfinger_server.pricing.lookup import Found, Layer, Page, PriceAmbiguous, PriceFilter, PriceUnknown, Stack
from wharfinger_server.pricing.pricing import Pricing
from wharfinger_server.pricing.values import ImportProgress, ImportRequest, OnProgress

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
