"""What the data of a catalogue has that was left out when it was imported: `prices show --skipped`."""

from __future__ import annotations

from wharfinger_prices.commands import shown
from wharfinger_prices.commands.descriptions import SHORT
from wharfinger_prices.commands.options import Asked
from wharfinger_prices.commands.places import asking, find_catalog
from wharfinger_prices.commands.terminal import echo
from wharfinger_prices.commands.text import table


def tell_left_out(asked: Asked, name: str) -> None:
    """Print what was left out of the catalogue that `name` is the digest or the source of."""
    with asking(asked) as place:
        catalog = find_catalog(place, name)
    if asked.json:
        told = {name: getattr(catalog, name) for name in ("name", "source", "skipped", "fault_count", "faults")}
        shown.document(told)
        return
    what = f"{catalog.id[:SHORT]} ({catalog.source})"
    if not catalog.skipped and not catalog.fault_count:
        echo(f"nothing was left out of {what}")
        return
    if catalog.skipped:
        echo(f"not of a kind that {what} has:")
        table(("ROWS", "WHY"), [(f"{count:,}", why) for why, count in catalog.skipped])
    if catalog.fault_count:
        echo(f"left out of {what} for a fault: {catalog.fault_count:,}")
        for fault in catalog.faults:
            echo(f"  {fault}")
        if catalog.fault_count > len(catalog.faults):
            echo(f"  and {catalog.fault_count - len(catalog.faults):,} more")
