"""The command `show`: one price, where it comes from, and how it went over the catalogues."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice

import click

from wharfinger_prices.commands import shown
from wharfinger_prices.commands.descriptions import SHORT, state_of
from wharfinger_prices.commands.drawing import bar, change, sparkline
from wharfinger_prices.commands.left_out import tell_left_out
from wharfinger_prices.commands.options import Asked, command
from wharfinger_prices.commands.places import Place, asking
from wharfinger_prices.commands.shown import ShownCatalog, ShownPrice
from wharfinger_prices.commands.terminal import echo
from wharfinger_prices.commands.text import pairs, stamp, table

_MOST_HISTORY = 30
_LAYERS = {
    "project": "the project's own prices",
    "operator": "the operator's own prices",
    "libcloud": "~/.libcloud/pricing.json",
    "downloaded": "the active catalogue of a source",
    "bundled": "what the installed Libcloud brings",
}


@dataclass(frozen=True, slots=True)
class _Past:
    """The price in one catalogue; `price` is None where that knows none."""

    catalog: str
    state: str
    time: datetime | None
    price: ShownPrice | None


@command(short_help="Show a price, and how it went.")
@click.argument("provider", default="")
@click.argument("region", default="")
@click.argument("sku", default="")
@click.option("--category", type=click.Choice(["on-demand", "spot", "committed"]), default="on-demand")
@click.option("--term", default="", help="Which offer of the category, such as 1yr. [default: the only one]")
@click.option("--currency", default="", metavar="CODE", help="Three letters of ISO 4217. [default: the only one]")
@click.option("--unit", default="", help="What one amount buys, such as Hours. [default: the only one]")
@click.option("--skipped", is_flag=True, help="Show what was left out of a catalogue or a source.")
@click.option("--history/--no-history", default=True, help="How it went over the catalogues. [default: yes]")
def show(  # noqa: PLR0913
    asked: Asked,
    provider: str,
    region: str,
    sku: str,
    *,
    category: str,
    term: str,
    currency: str,
    unit: str,
    skipped: bool,
    history: bool,
) -> None:
    """Show the price of SKU at PROVIDER in REGION: the layer that decides, its age, and its history.

    REGION `-` is the price that holds everywhere, or that of the only region there is. With --skipped: what was left
    out when a catalogue was imported, its digest or its source given in place of PROVIDER; by default the one that
    became active last.
    """
    if skipped:
        if region:
            raise click.UsageError("--skipped takes a catalogue or a source, and nothing else")
        tell_left_out(asked, provider or "active")
        return
    if not sku:
        raise click.UsageError("say PROVIDER, REGION and SKU, such as `ec2_linux us-east-1 m5.large`")
    where = "" if region == "-" else region
    with asking(asked) as place:
        price = place.price(provider, where, sku, category=category, term=term, currency=currency, unit=unit)
        catalog = _catalog(place, price)
        found = list(islice(place.catalogs(catalog.source if catalog else ""), _MOST_HISTORY)) if history else []
        past = [_past(place, one, price) for one in reversed(found)]
    if asked.json:
        told = [{"catalog": one.catalog, "time": one.time, "price": one.price} for one in past]
        shown.document({**shown.plain(price), "history": told})
        return
    _tell(price, catalog)
    if past:
        _draw(past)


def _catalog(place: Place, price: ShownPrice) -> ShownCatalog | None:
    """Return the catalogue of the record that a price is of, None for one of another layer."""
    if price.layer != "downloaded":
        return None
    with suppress(*place.has_none):
        return place.catalog(price.catalog_digest)
    return None


def _past(place: Place, catalog: ShownCatalog, price: ShownPrice) -> _Past:
    """Return the same offer in another catalogue."""
    then: ShownPrice | None = None
    with suppress(*place.has_none):
        then = place.price(
            price.provider,
            price.region,
            price.sku,
            category=price.category,
            term=price.term,
            currency=price.amount.currency if price.amount else "",
            unit=price.unit,
            catalog=catalog.digest,
        )
    return _Past(catalog.id, state_of(catalog), catalog.data_time or catalog.import_time, then)


def _tell(price: ShownPrice, catalog: ShownCatalog | None) -> None:
    pairs(
        (
            ("price", str(price)),
            ("listed at", f"{price.list_amount}: {price.rule}" if price.list_amount else ""),
            ("thing", " ".join(filter(None, (price.provider, price.region or "(everywhere)", price.sku)))),
            ("offer", " ".join(filter(None, (price.category, price.term)))),
            ("holds", _holds(price)),
            ("layer", f"{price.layer}: {_LAYERS.get(price.layer, '')}".rstrip(": ")),
            ("source", price.source),
            ("from", catalog.origin if catalog else ""),
            ("catalog", price.catalog_digest.removeprefix("sha256:")[:SHORT]),
            ("stale", "YES: older than [prices] stale_after" if price.stale else "no"),
        )
    )
    if price.tiers:
        echo()
        table(
            ("FROM", f"PER {price.unit}"),
            [(f"{tier.from_quantity:f}", str(tier.amount)) for tier in price.tiers],
        )


def _holds(price: ShownPrice) -> str:
    told = (("from", price.effective_time), ("until", price.expire_time))
    return " ".join(f"{word} {stamp(moment)}" for word, moment in told if moment is not None)


def _draw(past: list[_Past]) -> None:
    """Draw the history, the oldest first."""
    figures = [one.price.amount.amount if one.price and one.price.amount else None for one in past]
    known = [figure for figure in figures if figure is not None]
    echo()
    if len(known) > 1:
        moved = change(known[0], known[-1])
        echo(f"history  {sparkline(figures)}  {moved or 'the same throughout'}")
    highest = max(known, default=Decimal(0))
    rows = []
    for one, figure in zip(past, figures, strict=True):
        told = str(one.price) if one.price is not None else "not known"
        day = f"{one.time:%Y-%m-%d}" if one.time else "-"
        rows.append((day, bar(figure or Decimal(0), highest), told, one.catalog[:SHORT], one.state))
    table(("DATA OF", "", "PRICE", "CATALOG", "STATE"), rows)
