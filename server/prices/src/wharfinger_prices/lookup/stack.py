"""Looking a price up: through the layers in their order, price by price; nothing is guessed."""

from __future__ import annotations

import hashlib
import heapq
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

import orjson

from wharfinger_prices.catalogues.catalogue import Catalogue, key_of, prefix, price_of
from wharfinger_prices.catalogues.choosing import DISPUTED, may_answer, only
from wharfinger_prices.errors import Choices, FailedPrecondition, NotFound
from wharfinger_prices.lookup.composed import otherwise
from wharfinger_prices.lookup.found import Found
from wharfinger_prices.lookup.price_rules import Rule, contracted
from wharfinger_prices.price import CATEGORIES, Price

_CHOICES = 20
_SIMILAR = 3
_NEAR = 50
"""How many lines before and after the place where a name would stand are searched for similar names."""
_SCANNED = 20_000
"""A page looks at no more prices than this, so that a filter that nothing fits holds nobody up."""


class PriceUnknown(NotFound):
    """No layer has a figure: PRICE_UNKNOWN."""


class PriceAmbiguous(FailedPrecondition):
    """Several prices fit the question: PRICE_AMBIGUOUS. `field` is what to say as well, `all_choices` its values."""

    def __init__(self, message: str, asked: str, choices: Sequence[str]) -> None:
        self.field = asked
        self.all_choices = tuple(choices)
        shown = Choices(asked, self.all_choices[:_CHOICES], complete=len(choices) <= _CHOICES)
        super().__init__("PRICE_AMBIGUOUS", message, {"field": asked}, choices=shown)


class Layer(NamedTuple):
    """One catalogue in the stack, by the `name` of its layer; a downloaded one is of a `source`.

    From `stale_from` on, in microseconds, it is older than the operator trusts prices to be; 0: never. `data_time` is
    when its data was made, 0: not known.
    """

    name: str
    catalogue: Catalogue
    stale_from: int = 0
    source: str = ""
    data_time: int = 0

    def is_of(self, price: Price, source: str) -> bool:
        """Whether a price of its catalogue is of a source; "" is any."""
        return not source or source in (price.source, self.source)

    def found(self, price: Price, at: int) -> Found:
        """Return a price of its catalogue as it is found at a moment."""
        if self.source.partition(":")[0] == price.source != self.source:
            # A file's lines name the maker; which scope they are of, only the catalogue tells.
            price = price._replace(source=self.source)
        return Found(price, self.name, self.catalogue.digest, 0 < self.stale_from <= at)


class PriceFilter(NamedTuple):
    """Which prices to list; what is "", or None, does not matter. `sku_prefix` is what the sku begins with."""

    provider: str = ""
    region: str | None = None
    sku: str = ""
    sku_prefix: str = ""
    category: str = ""
    term: str | None = None
    currency: str = ""
    unit: str = ""
    source: str = ""

    def fits(self, price: Price) -> bool:
        """Whether it is one of them."""
        return (
            (not self.provider or price.provider == self.provider)
            and (self.region is None or price.region == self.region)
            and (not self.sku or price.sku == self.sku)
            and price.sku.startswith(self.sku_prefix)
            and (not self.category or price.category == self.category)
            and (self.term is None or price.term == self.term)
            and (not self.currency or price.currency == self.currency)
            and (not self.unit or price.unit == self.unit)
            and (not self.source or price.source == self.source)
        )


class Page(NamedTuple):
    """Some prices in the order of provider, region and sku. `after` asks for the next page; "" after the last one.

    A page can have fewer prices than were asked for, even none, though others follow.
    """

    prices: tuple[Found, ...]
    after: str


@dataclass(frozen=True, slots=True)
class Stack:
    """The layers that look-ups go through, in order. Immutable; any thread may ask.

    `rules` are those of price books that hold for its project, the first to be asked first. `digest` names all of it,
    64 hexadecimal digits: that of the one catalogue, where a stack was made of a catalogue alone, and otherwise of the
    list of layers and rules.
    """

    layers: tuple[Layer, ...] = ()
    digest: str = field(default="")
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", hashlib.sha256(self.document()).hexdigest())

    def document(self) -> bytes:
        """Return the list of layers as JSON: name, digest, from when it is stale, source; then the rules, if any.

        Its SHA-256 is the digest.
        """
        rules = [{"rules": [rule.told() for rule in self.rules]}] if self.rules else []
        return orjson.dumps(
            [
                # One without a source is written as before there were any: old stacks keep their digests.
                [layer.name, layer.catalogue.digest, layer.stale_from, *([layer.source] if layer.source else [])]
                for layer in self.layers
            ]
            + rules
        )

    def price(  # noqa: PLR0913
        self,
        provider: str,
        region: str,
        sku: str,
        category: str = "",
        term: str = "",
        currency: str = "",
        unit: str = "",
        at: int | None = None,
        *,
        source: str = "",
    ) -> Found:
        """Return the price that fits, from the first layer that knows one.

        `region` "" is the price that holds everywhere, or that of the only region there is; a region that has no price
        of its own has the one that holds everywhere. `category` "" is on-demand; `term`, `currency` and `unit` "" are
        the only one there is. `at` is the moment in microseconds, None: now. `source` "" is any.

        Raises PriceUnknown, naming similar ones, and PriceAmbiguous where several prices of that layer fit. To find the
        similar ones takes a thousand times as long as a look-up: who does not need them asks `find`.
        """
        found = self.find(provider, region, sku, category, term, currency, unit, at, source=source)
        if found is None:
            raise self._unknown(provider, region, sku, category or CATEGORIES[0])
        return found

    def find(  # noqa: PLR0913
        self,
        provider: str,
        region: str,
        sku: str,
        category: str = "",
        term: str = "",
        currency: str = "",
        unit: str = "",
        at: int | None = None,
        *,
        source: str = "",
    ) -> Found | None:
        """Return what `price` does, None where no layer knows a figure. Raises PriceAmbiguous."""
        moment = time.time_ns() // 1000 if at is None else at
        offer = _Offer(category or CATEGORIES[0], term, currency, unit, source, moment)

        def ask(name: str) -> Found | None:
            """Return what a sku costs by the first layer that knows it."""
            for layer in self.layers:
                if prices := _fitting(layer, provider, region, name, offer):
                    return layer.found(_only(prices, region), moment)
            return None

        if found := ask(sku) or otherwise(provider, sku, ask):
            return self._contracted(found, moment)
        choices = [name for name in self._providers_of(provider) if self._has(name, region, sku)]
        if choices:
            said = f"there are several providers of that name: say which of {', '.join(choices[:_CHOICES])}"
            raise PriceAmbiguous(said, "provider", choices)
        return None

    def _contracted(self, found: Found, at: int) -> Found:
        """Return what was found as a rule has it, where one fits."""
        return found._replace(price=contracted(found.price, self.rules, at)) if self.rules else found

    def prices(self, which: PriceFilter | None = None, after: str = "", limit: int = 100) -> Page:
        """Return up to `limit` prices that fit the filter, each from the first layer that knows it.

        A price that no layer knows is listed as unknown. `after` is the page's before, "" for the first.
        """
        found: list[Found] = []
        key = ""
        for scanned, (key, one) in enumerate(self.merged(which, after), 1):
            if which is None or which.fits(one.price):
                found.append(self._contracted(one, time.time_ns() // 1000))
            if len(found) >= limit or scanned >= _SCANNED:
                return Page(tuple(found), key)
        return Page(tuple(found), "")

    def merged(self, which: PriceFilter | None = None, after: str = "") -> Iterator[tuple[str, Found]]:
        """Yield the prices in the filter's range, each with its key, from the first layer that knows it.

        Of prices in the range some may not fit the filter: see `PriceFilter.fits`.
        """
        which, now = which or PriceFilter(), time.time_ns() // 1000
        streams = [_keyed(layer, number, which, after.encode()) for number, layer in enumerate(self.layers)]
        merged = heapq.merge(*streams, key=lambda item: item[:2])
        for key, group in groupby(merged, key=lambda item: item[0]):
            same = [(self.layers[number], price) for _, number, price in group]
            layer, price = next((pair for pair in same if may_answer(pair[1])), same[0])
            yield key.decode(), layer.found(price, now)

    def _unknown(self, provider: str, region: str, sku: str, category: str) -> PriceUnknown:
        """Return what is raised where no layer knows a figure."""
        similar = self.similar(provider, region, sku)
        where = f" in {region}" if region else ""
        what = f"the price of {sku!r} at {provider!r}{where} ({category}) is not known, which does not mean zero"
        if similar:
            what += f"; there are {', '.join(similar)}"
        told = {"provider": provider, "region": region, "sku": sku}
        return PriceUnknown("PRICE_UNKNOWN", what, told, choices=Choices("sku", tuple(similar)))

    def _providers_of(self, provider: str) -> list[str]:
        """Return the providers whose longer names begin with this one."""
        begin = f"{provider}_"
        names = {name for layer in self.layers for name in layer.catalogue.providers if name.startswith(begin)}
        return sorted(names)

    def _has(self, provider: str, region: str, sku: str) -> bool:
        places = (region, "") if region else self._regions_of(provider)
        return any(
            price.amount is not None
            for layer in self.layers
            for name in places
            for price in layer.catalogue.prices(provider, name, sku)
        )

    def _regions_of(self, provider: str) -> list[str]:
        return sorted({name for layer in self.layers for name in layer.catalogue.names(provider)})

    def similar(self, provider: str, region: str, sku: str) -> list[str]:
        """Return up to three names that a look-up knows, as `provider region sku`, the likeliest first."""
        import difflib

        near: dict[str, None] = {}
        for layer in self.layers:
            meant = difflib.get_close_matches(provider, layer.catalogue.providers, n=1)
            places = [(name, region, sku) for name in meant] + [(provider, region), (provider,)]
            for place in places:
                at = layer.catalogue.first(prefix(*place))
                for row in range(max(0, at - _NEAR), min(len(layer.catalogue), at + _NEAR)):
                    price = price_of(layer.catalogue.line(row))
                    if price.amount is not None:
                        near[" ".join(filter(None, (price.provider, price.region, price.sku)))] = None
        asked = " ".join(filter(None, (provider, region, sku)))
        return difflib.get_close_matches(asked, near, n=_SIMILAR, cutoff=0.75)


class _Offer(NamedTuple):
    """Which offer of a thing is asked for, at the moment `at` (microseconds); "" is any, but for the category."""

    category: str
    term: str
    currency: str
    unit: str
    source: str
    at: int

    def fits(self, layer: Layer, price: Price) -> bool:
        """Whether a price of the layer is such an offer, with a figure or without."""
        return (
            price.category == self.category
            and (not self.term or price.term == self.term)
            and (not self.unit or price.unit == self.unit)
            # What has no figure tells no currency.
            and (not self.currency or not may_answer(price) or price.currency == self.currency)
            and layer.is_of(price, self.source)
            and price.holds(self.at)
        )


def _fitting(layer: Layer, provider: str, region: str, sku: str, offer: _Offer) -> list[Price]:
    """Return the prices that may be meant: those that fit of the region, otherwise of everywhere, otherwise of all.

    Where no region is named and several have the thing, one that has no figure for it counts too: nobody could say that
    it is not meant.
    """
    catalogue = layer.catalogue
    for where in (region, "") if region else ("",):
        found = [price for price in catalogue.prices(provider, where, sku) if offer.fits(layer, price)]
        if known := [price for price in found if may_answer(price)]:
            return known
    if region:
        return []
    regions = (price for name in catalogue.names(provider) if name for price in catalogue.prices(provider, name, sku))
    found = [price for price in regions if offer.fits(layer, price)]
    known = [price for price in found if may_answer(price)]
    named = {price.region for price in known}
    return [*known, *(price for price in found if price.region not in named)] if known else []


def _only(prices: Sequence[Price], region: str) -> Price:
    """Return the one price that is meant. Raises PriceAmbiguous."""
    found = only(prices)
    if isinstance(found, Price):
        return found
    first = prices[0]
    where = f" in {region}" if region else ""
    if found.field == DISPUTED:
        said = (
            f"the price of {first.sku!r} at {first.provider!r}{where} is said to be {' and '.join(found.choices)} "
            f"{first.currency} at once: its data contradicts itself, and must be corrected"
        )
        raise PriceAmbiguous(said, found.field, found.choices)
    said = f"{first.sku!r} at {first.provider!r}{where} has several prices: say which {found.field} is meant, of "
    raise PriceAmbiguous(said + ", ".join(found.choices[:_CHOICES]), found.field, found.choices)


def _keyed(layer: Layer, number: int, which: PriceFilter, after: bytes) -> Iterator[tuple[bytes, int, Price]]:
    """Yield a layer's prices in the filter's range, each with its key and the layer's number."""
    for begin in _ranges(layer.catalogue, which):
        first = layer.catalogue.first(begin)
        if after >= begin:
            if not after.startswith(begin):
                continue
            first = layer.catalogue.first(after + b",[")
        for line in layer.catalogue.lines(first):
            if not line.startswith(begin):
                break
            key = key_of(line)
            if key != after:
                yield key, number, price_of(line)


def _ranges(catalogue: Catalogue, which: PriceFilter) -> Iterator[bytes]:
    """Yield what the lines begin with among which the filter's prices are, in order."""
    for provider in (which.provider,) if which.provider else catalogue.providers:
        exact, begins = bool(which.sku), which.sku or which.sku_prefix
        if which.region is None and not begins:
            yield prefix(provider)
            continue
        for region in catalogue.names(provider) if which.region is None else (which.region,):
            begin = prefix(provider, region, begins)
            # The start of a name: without the quote and the comma that would end it.
            yield begin if exact else begin[:-2] if begins else prefix(provider, region)
