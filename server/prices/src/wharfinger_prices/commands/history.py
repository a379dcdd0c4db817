"""`wharfinger prices history`: which catalogues became active, when, by whom and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wharfinger.cli import jsonout
from wharfinger.cli.limited import first, tell_more
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import table
from wharfinger.cli.wording import stamp
from wharfinger_prices.commands.descriptions import SHORT
from wharfinger_prices.commands.places import asking

if TYPE_CHECKING:
    from wharfinger import Activation


@command(short_help="Tell which catalogues became active, and why.")
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="How many at most; 0: all.")
def history(asked: Asked, *, limit: int) -> None:
    """Tell which catalogues became the active one, the newest first: when, by whom, and why.

    OVERRIDDEN marks those that were in quarantine, so that somebody accepted what the checks objected to.
    """
    with asking(asked) as place:
        found, more = first(place.client.activations(), limit)
    if asked.json:
        jsonout.document(jsonout.plain(found))
    elif found:
        table(("ACTIVE SINCE", "CATALOG", "BY", "CHECKS", "REASON"), list(map(_row, found)))
    else:
        click.echo("no catalogue has been active yet; `wharfinger prices update` fetches one", err=True)
    if more:
        tell_more(limit)


def _row(one: Activation) -> tuple[str, ...]:
    since = stamp(one.time)
    digits = one.catalog.removeprefix("catalogs/")[:SHORT]
    return (since, digits, one.actor, "OVERRIDDEN" if one.overridden else "passed", one.reason)
