"""Prices as Libcloud's own pricing.json, for programs that use Libcloud without this server.

It says what is in force now, and the date of its data. What the user's own file says stays in force: it goes into the
export unchanged, and the file is kept beside it (`pricing.own.json`), where it goes on being the user's layer.

A section of Libcloud's is a provider of ours; what it can't say is left out and counted: other currencies than dollars,
other units than hours outside of its `gce_` sections, spot and committed prices there too. Libcloud writes 0 for a
price that it does not know, and so does the export.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from wharfinger_prices.catalogues.refusals import not_kept
from wharfinger_prices.lookup.libcloud_file import MARK, default_path, own_path, users_own
from wharfinger_prices.lookup.stack import Stack
from wharfinger_prices.price import Price, plain

_GOOGLE = "gce_"
_WAYS = {
    ("on-demand", ""): "on_demand",
    ("spot", ""): "preemptible",
    ("committed", "1yr"): "1yr_commitment",
    ("committed", "3yr"): "3yr_commitment",
}
_OURS = {"updated", "exported_by", "storage", "compute"}
_Section = dict[str, Any]


class _Figure(str):
    """A number as it is written."""

    __slots__ = ()


@dataclass(slots=True)
class Exported:
    """What was written: where, how many prices, and what Libcloud's file can't say, by why.

    `own` is where the user's own file is kept that stood there before, with `merged` entries that stay in force.
    """

    path: Path
    count: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    own: Path | None = None
    merged: int = 0


def export_libcloud(stack: Stack, path: Path | None = None) -> Exported:
    """Write the stack's prices for Libcloud, at `path` or else where Libcloud looks; the folder is made.

    What the user's own file says there stays, and comes first; the layer of that file is no other part of it. What was
    there before stays until the new file is whole. Raises FailedPrecondition PRICES_NOT_KEPT, also for a file of the
    user's that is no JSON. Blocks.
    """
    done = Exported(path or default_path())
    source = replace(stack, layers=tuple(layer for layer in stack.layers if layer.name != "libcloud"), digest="")
    partial = done.path.with_name(f".{done.path.name}.{os.urandom(4).hex()}.part")
    try:
        done.path.parent.mkdir(parents=True, exist_ok=True)
        theirs = _theirs(done)
        try:
            with partial.open("w", encoding="utf-8") as file:
                file.writelines(_document(source, theirs, done))
                file.flush()
                os.fsync(file.fileno())
            if done.own is not None and not done.own.exists():
                os.link(done.path, done.own)
            partial.replace(done.path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise not_kept(done.path, error) from error
    return done


def _theirs(done: Exported) -> dict[str, Any]:
    """Return what the user's own file says, empty where there is none; note where it will be kept."""
    own = users_own(done.path) if done.path.exists() else None
    if own is None:
        return {}
    try:
        told = json.loads(own.read_bytes(), parse_float=_Figure, parse_int=_Figure)
    except ValueError as error:
        raise OSError(errno.EINVAL, f"the file there is no JSON: {error}; move it away or mend it") from None
    done.own = own_path(done.path)
    if own != done.own and done.own.exists():
        done.own.replace(_free(done.own))
    return told if isinstance(told, dict) else {}


def _free(path: Path) -> Path:
    """Return a name beside a path that nothing has."""
    return next(one for n in count(1) if not (one := path.with_name(f"{path.name}.{n}")).exists())


def _document(stack: Stack, theirs: dict[str, Any], done: Exported) -> Iterator[str]:
    """Yield the file piece by piece: one section at a time is in memory."""
    updated = max((layer.data_time for layer in stack.layers), default=0) // 1_000_000 or int(time.time())
    rest = {name: value for name, value in theirs.items() if name not in _OURS}
    more = "".join(f", {json.dumps(name)}: {_json(value)}" for name, value in rest.items())
    storage = _json(theirs.get("storage") or {})
    yield f'{{"updated": {updated}, {MARK}{more}, "storage": {storage}, "compute": {{'
    between = "\n"
    compute = theirs.get("compute")
    own = dict(compute) if isinstance(compute, dict) else {}
    for provider, group in groupby(_in_force(stack, done), lambda price: price.provider):
        section = _section(provider, group, done)
        _merge(section, own.pop(provider, {}), done)
        if section:
            yield f"{between}{json.dumps(provider)}: {_json(section)}"
            between = ",\n"
    for provider, section in own.items():
        done.merged += len(section) if isinstance(section, dict) else 1
        yield f"{between}{json.dumps(provider)}: {_json(section)}"
        between = ",\n"
    yield "\n}}\n"


def _merge(section: _Section, theirs: object, done: Exported) -> None:
    """Put what the user says of a section over what we say."""
    if isinstance(theirs, dict):
        done.merged += len(theirs)
        for name, value in theirs.items():
            ours = section.get(name)
            if isinstance(ours, dict) and isinstance(value, dict):
                _merge(ours, value, Exported(done.path))
            else:
                section[name] = value


def _in_force(stack: Stack, done: Exported) -> Iterator[Price]:
    """Yield of each offer the price that a look-up gives now: of the first layer that has one, the latest."""
    now = time.time_ns() // 1000
    rank = {layer.catalogue.digest: -place for place, layer in enumerate(stack.layers)}
    for _, group in groupby((found for _, found in stack.merged()), lambda found: found.price.key[:-1]):
        offered = list(group)
        holding = [found for found in offered if found.price.holds(now)]
        done.left_out["prices that hold at another time"] += len(offered) - len(holding)
        known = [found for found in holding if found.price.amount is not None] or holding
        if known:
            yield max(known, key=lambda found: (rank[found.catalog], found.price.effective)).price
    if not done.left_out["prices that hold at another time"]:
        del done.left_out["prices that hold at another time"]


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


def _put(section: _Section, path: list[str], value: dict[str, Any] | _Figure, done: Exported) -> None:
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


def _number(price: Price) -> _Figure:
    """Return the amount as it is written, exactly; 0 where it is unknown."""
    return _Figure("0.0" if price.amount is None else plain(price.amount))


def _json(value: object) -> str:
    """Return a value as JSON; its numbers are as they were written."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_json(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return str(value) if isinstance(value, _Figure) else json.dumps(value)
