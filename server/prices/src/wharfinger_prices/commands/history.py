"""`wharfinger prices history`: which catalogues became active, when, by whom and why."""

from __future__ import annotations

import click

from wharfinger_prices.commands import shown
from wharfinger_prices.commands.descriptions import SHORT
from wharfinger_prices.commands.ending import line_of, say
from wharfinger_prices.commands.options import Asked, command
from wharfinger_prices.commands.places import asking
from wharfinger_prices.commands.terminal import echo
from wharfinger_prices.commands.text import first, stamp, table


@command(short_help="Tell which catalogues became active, and why.")
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="How many at most; 0: all.")
@click.option("--source", default="", metavar="NAME", help="Those of this source. [default: of all]")
def history(asked: Asked, *, limit: int, source: str) -> None:
    """Tell which catalogues became the active one of their source, the newest first: when, by whom, and why.

    OVERRIDDEN marks those that were in quarantine, so that somebody accepted what the checks objected to.
    """
    with asking(asked) as place:
        found, more = first(place.activations(source), limit)
    if asked.json:
        shown.document(found)
    elif found:
        table(("ACTIVE SINCE", "CATALOG", "SOURCE", "BY", "CHECKS", "REASON"), list(map(_row, found)))
    else:
        echo(f"no catalogue has been active yet; `{line_of('update')}` fetches one", err=True)
    if more:
        say(f"there are more than {limit}; --limit 0 lists all")


def _row(one: shown.ShownActivation) -> tuple[str, ...]:
    since = stamp(one.time)
    digits = one.catalog.removeprefix("catalogs/")[:SHORT]
    return (since, digits, one.source, one.actor, "OVERRIDDEN" if one.overridden else "passed", one.reason)
