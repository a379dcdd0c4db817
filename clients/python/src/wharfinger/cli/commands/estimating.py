"""`wharfinger estimate`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import click

from wharfinger import CostItem, Estimate, Money
from wharfinger.cli import completing, jsonout, params
from wharfinger.cli.drawing import bar
from wharfinger.cli.kinds import MOMENT
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import table
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import clean, stamp

HOURS_IN_MONTH = 730


@command(short_help="Say what a task would cost.")
@click.argument("script", shell_complete=completing.scripts)
@click.argument("given", metavar="[KEY=VALUE|KEY:=JSON]...", nargs=-1, shell_complete=completing.params)
@click.option("--params", "file", metavar="FILE", help="Params from a file of JSON or TOML; `-`: JSON from stdin.")
@click.option("--catalog", default="", metavar="DIGEST", help="By the prices of that catalogue alone.")
@click.option("--basis", default="", metavar="DIGEST", help="By the prices of an earlier estimate, to repeat it.")
@click.option("--at", type=MOMENT, metavar="TIME", help="By the prices of that moment. [default: now]")
def estimate(
    asked: Asked,
    script: str,
    given: tuple[str, ...],
    *,
    file: str | None,
    catalog: str,
    basis: str,
    at: datetime | None,
) -> None:
    """Say what a task of SCRIPT would cost for an hour; nothing is created. Params are given as to `submit`.

    What has no known price is listed apart: the sum is then a lower bound.
    """
    with asked.client() as client:
        values = params.read_file(file) if file else {}
        if given:
            values = params.build(given, client.script(script).params_schema, values)
        found = client.estimate(script, values, catalog=catalog, basis=basis, at=at)
    if asked.json:
        jsonout.document(jsonout.plain(found))
    else:
        _tell(found)


def _tell(found: Estimate) -> None:
    priced = [item for item in found.items if item.hourly is not None]
    if priced:
        most = {money.currency: money.amount for money in found.hourly}
        table(("ITEM", "SKU", "QUANTITY", "PRICE", "HOURLY", ""), [_row(item, most) for item in priced])
    elif not found.items:
        echo("it makes nothing that has a price")
    for money in found.hourly:
        month = Money(money.amount * HOURS_IN_MONTH, money.currency)
        least = "at least " if found.unpriced else ""
        echo(f"total  {least}{_money(money)} an hour, about {_rounded(month)} a month")
    if found.unpriced:
        echo(f"without a known price, which does not mean zero ({len(found.unpriced)}):")
        for item in found.items:
            if item.hourly is None:
                echo(f"  {clean(_unpriced(item))}")
    stale = sorted({item.price.layer for item in priced if item.price is not None and item.price.stale})
    if stale:
        echo(f"STALE: prices of {', '.join(stale)} are older than the server's operator trusts prices to be")
    if found.time is not None:
        echo(f"by the prices of {stamp(found.time)}; to repeat it: --basis {found.price_basis}")


def _unpriced(item: CostItem) -> str:
    """Return what has no price, what was looked up for it, and what comes near."""
    if item.asked is None:
        return f"{item.what}: nobody can tell by what name it is priced"
    asked = item.asked
    thing = " ".join(filter(None, (asked.provider, asked.region or "(everywhere)", asked.sku)))
    offer = " ".join(filter(None, (asked.category, asked.term)))
    near = f"; there are {', '.join(item.similar)}" if item.similar else ""
    return f"{item.what}: {thing}{f' ({offer})' if offer else ''}{near}"


def _row(item: CostItem, sums: dict[str, Decimal]) -> tuple[str, ...]:
    assert item.price is not None
    assert item.hourly is not None
    thing = " ".join(filter(None, (item.price.provider, item.price.region, item.price.sku)))
    return (
        item.what,
        thing,
        f"{item.quantity.normalize():f}",
        str(item.price),
        _money(item.hourly),
        bar(item.hourly.amount, sums.get(item.hourly.currency, Decimal(0)), 16),
    )


def _money(money: Money) -> str:
    return f"{money.amount.normalize():f} {money.currency}"


def _rounded(money: Money) -> str:
    return f"{money.amount:.2f} {money.currency}"
