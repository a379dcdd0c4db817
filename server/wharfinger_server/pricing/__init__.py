"""Prices: catalogues, their import and its checks, look-ups through the layers, estimates, exports."""

from wharfinger_server.domain.catalog import LAYERS, Activation, Catalog, CatalogDiff
from wharfinger_server.pricing.estimating import Prices, estimate
from wharfinger_server.pricing.lookup import Found, Layer, Page, PriceAmbiguous, PriceFilter, PriceUnknown, Stack
from wharfinger_server.pricing.pricing import Pricing
from wharfinger_server.pricing.values import ImportProgress, ImportRequest, OnProgress

__all__ = [
    "LAYERS",
    "Activation",
    "Catalog",
    "CatalogDiff",
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
    "estimate",
]
