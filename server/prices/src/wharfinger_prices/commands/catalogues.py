"""The commands `ls`, `diff` and `activate`: which catalogues there are, how they differ, and which one is used."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from wharfinger_prices.commands import shown
from wharfinger_prices.commands.descriptions import SHORT, counts, state_of, tell_catalog
from wharfinger_prices.commands.differences import Change, counted, differences
from wharfinger_prices.commands.ending import line_of
from wharfinger_prices.commands.options import Asked, command
from wharfinger_prices.commands.places import Place, asking, find_catalog
from wharfinger_prices.commands.shown import ShownCatalog
from wharfinger_prices.commands.terminal import echo
from wharfinger_prices.commands.text import age, table


@command(short_help="List the catalogues.")
@click.option("--source", default="", metavar="NAME", help="Those of this source. [default: of all]")
def ls(asked: Asked, *, source: str) -> None:
    """List the catalogues of prices, the newest import first. Each source has one that is active."""
    with asking(asked) as place:
        found = list(place.catalogs(source))
    if asked.json:
        shown.document(found)
        return
    if not found:
        echo(f"there is no catalogue yet; `{line_of('update')}` fetches one", err=True)
        return
    rows = [
        (
            catalog.id[:SHORT],
            catalog.source,
            state_of(catalog),
            f"{catalog.price_count:,}",
            f"{catalog.unknown_count:,}",
            age(catalog.data_time),
            age(catalog.import_time),
            catalog.signed_by or "-",
            catalog.origin,
        )
        for catalog in found
    ]
    table(("CATALOG", "SOURCE", "STATE", "PRICES", "UNKNOWN", "DATA AGE", "IMPORTED", "SIGNED BY", "FROM"), rows)
    for catalog in found:
        if catalog.quarantine_reason:
            how = "is active by override" if catalog.active else "is in quarantine"
            echo(f"{catalog.id[:SHORT]} {how}: {catalog.quarantine_reason}")


@command(short_help="Make a catalogue the active one.")
@click.argument("catalog")
@click.option("--override-checks", is_flag=True, help="Accept what the checks object to; it is recorded.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
def activate(asked: Asked, catalog: str, *, override_checks: bool, reason: str) -> None:
    """Make CATALOG the active one of its source: its digest, or the first digits of that. Also the way back.

    The active catalogues of other sources stay what they are.
    """
    with asking(asked) as place:
        found = find_catalog(place, catalog)
        now = place.activate(found.id, reason, override_checks=override_checks)
    if asked.json:
        shown.document(now)
    else:
        tell_catalog(now, "active" if not found.active else "was active already")


@command(short_help="Tell how two catalogues differ.")
@click.argument("before")
@click.argument("after", default="active")
@click.option("--limit", type=click.IntRange(0), default=50, help="How many to list; 0: all. [default: 50]")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="What was active for the source BEFORE at that time, in UTC, against what is now.",
)
def diff(asked: Asked, before: str, after: str, *, limit: int, since: datetime | None) -> None:
    """Tell which prices differ between the catalogues BEFORE and AFTER, those that moved most first.

    Each is a digest, the first digits of one, or a source, for its active one; AFTER is by default the active one of
    the source that BEFORE is of. `diff libcloud --since 2026-11-01` tells what moved since then.
    """
    with asking(asked) as place:
        one = find_catalog(place, before) if since is None else _active_at(place, before, since.replace(tzinfo=UTC))
        other = find_catalog(place, after, one.source)
        changes = sorted(differences(place, one, other), key=lambda change: change.moved, reverse=True)
    listed = changes[:limit] if limit else changes
    if asked.json:
        told = shown.plain(counted(changes))
        shown.document({"before": one.id, "after": other.id, **told, "differences": listed})
        return
    echo(f"{one.id[:SHORT]} → {other.id[:SHORT]}: {counts(counted(changes))}")
    if listed:
        table(("PROVIDER", "REGION", "SKU", "OFFER", "BEFORE", "AFTER", "CHANGE"), list(map(_row, listed)))
    if len(listed) < len(changes):
        echo(f"and {len(changes) - len(listed):,} more; --limit 0 lists all", err=True)


def _active_at(place: Place, source: str, moment: datetime) -> ShownCatalog:
    """Return what was active for a source at a moment, or what became so first after it. Raises click.UsageError."""
    acts = list(place.activations(source))
    if not acts:
        raise click.UsageError(f"nothing was ever active for a source {source!r}; `{line_of('ls')}` lists them")
    then = next((act for act in acts if act.time is not None and act.time <= moment), acts[-1])
    return place.catalog(then.catalog.removeprefix("catalogs/"))


def _row(change: Change) -> tuple[str, ...]:
    offer = " ".join(filter(None, (change.category, change.term, change.unit)))
    return (change.provider, change.region or "-", change.sku, offer, *change.told())
