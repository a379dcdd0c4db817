"""Prices as Libcloud's own pricing.json, for programs that use Libcloud without this server.

A section of Libcloud's is a provider of ours; what it can't say is left out and counted: other currencies than dollars,
other units than hours outside of its `gce_` sections, spot and committed prices there too. Libcloud writes 0 for a
price that it does not know, and so does the export.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from wharfinger_prices.catalogues.refusals import not_kept
from wharfinger_prices.lookup.libcloud_file import MARK, default_path
from wharfinger_prices.lookup.stack import Stack
from wharfinger_prices.price import Price, plain

_GOOGLE = "gce_"
_WAYS = {
    ("on-demand", ""): "on_demand",
    ("spot", ""): "preemptible",
    ("committed", "1yr"): "1yr_commitment",
    ("committed", "3yr"): "3yr_commitment",
}
_Section = dict[str, Any]


@dataclass(slots=True)
class Exported:
    """What was written: where, how many prices, and what Libcloud's file can't say, by why."""

    path: Path
    count: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def export_libcloud(stack: Stack, path: Path | None = None) -> Exported:
    """Write the stack's prices for Libcloud, at `path` or else where Libcloud looks; the folder is made.

    The user's own Libcloud file is no part of it: it would never become newer. What was there before stays until the
    new file is whole. Raises FailedPrecondition PRICES_NOT_KEPT. Blocks.
    """
    done = Exported(path or default_path())
    source = replace(stack, layers=tuple(layer for layer in stack.layers if layer.name != "libcloud"), digest="")
    partial = done.path.with_name(f".{done.path.name}.{os.urandom(4).hex()}.part")
    try:
        done.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("w", encoding="utf-8") as file:
                file.writelines(_document(source, done))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(done.path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise not_kept(done.path, error) from error
    return done


def _document(stack: Stack, done: Exported) -> Iterator[str]:
    """Yield the file piece by piece: one section at a time is in memory."""
    yield f'{{"updated": {int(time.time())}, {MARK}, "storage": {{}}, "compute": {{'
    between = "\n"
    prices = (found.price for _, found in stack.merged())
    for provider, group in groupby(prices, lambda price: price.provider):
        section = _section(provider, group, done)
        if section:
            yield f"{between}{json.dumps(provider)}: {_json(section)}"
            between = ",\n"
    yield "\n}}\n"


def _section(provider: str, prices: Iterable[Price], done: Exported) -> _Section:
    section: _Section = {}
    google = provider.startswith(_GOOGLE)
    for price in prices:
        if price.currency != "USD":
            done.left_out[f"prices in {price.currency}"] += 1
        elif google:
            _put(section, _google_path(price), {"price": _number(price)}, done)
        elif price.unit != "Hours":
            done.left_out[f"prices for {price.unit}"] += 1
        elif price.category != "on-demand" or price.term:
            done.left_out[f"{price.category} prices"] += 1
        else:
            path = [price.sku, price.region] if price.region else [price.sku]
            _put(section, path, _number(price), done)
    return section


def _google_path(price: Price) -> list[str]:
    """Return the keys under which Libcloud has a price of Google's."""
    path = [unquote(key) for key in price.sku.split("/")]
    if not price.region:
        return path
    way = _WAYS.get((price.category, price.term), f"{price.category}_{price.term}")
    return [*path, way, price.region]


def _put(section: _Section, path: list[str], value: dict[str, Any] | str, done: Exported) -> None:
    """Put a value at the end of a path of keys, unless another one stands in the way."""
    node = section
    for key in path[:-1]:
        inner = node.setdefault(key, {})
        if not isinstance(inner, dict) or "price" in inner:
            done.left_out["prices of a region beside one for everywhere"] += 1
            return
        node = inner
    if path[-1] in node:
        done.left_out["further prices of the same thing"] += 1
        return
    node[path[-1]] = value
    done.count += 1


def _number(price: Price) -> str:
    """Return the amount as it is written, exactly; 0 where it is unknown."""
    return "0.0" if price.amount is None else plain(price.amount)


def _json(value: dict[str, Any] | str) -> str:
    """Return a section as JSON; its leaves are numbers as they are written."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_json(inner)}" for key, inner in value.items()) + "}"
    return value
