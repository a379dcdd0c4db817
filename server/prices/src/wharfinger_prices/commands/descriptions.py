"""Catalogues in words, for people."""

from __future__ import annotations

from wharfinger_prices.commands.ending import line_of
from wharfinger_prices.commands.shown import ShownCatalog, ShownDiff
from wharfinger_prices.commands.text import age, pairs

SHORT = 12
"""So many digits of a digest tell catalogues apart, for people."""
_MOST_SECTIONS = 8


def state_of(catalog: ShownCatalog) -> str:
    """Return whether it is active, in quarantine or neither, in a word."""
    if catalog.active:
        return "active, stale" if catalog.stale else "active"
    return "quarantined" if catalog.quarantine_reason else "kept"


def counts(diff: ShownDiff) -> str:
    """Return in numbers how a catalogue differs from the one before."""
    told = (
        (diff.added, "new"),
        (diff.removed, "gone"),
        (diff.raised, "raised"),
        (diff.lowered, "lowered"),
        (diff.became_zero, "became zero or unknown"),
    )
    return ", ".join(f"{count:,} {word}" for count, word in told if count) or "no difference"


def sections(catalog: ShownCatalog) -> str:
    """Return the largest parts of a catalogue with their numbers of prices."""
    shown = [f"{name} {count:,}" for name, count in catalog.sections[:_MOST_SECTIONS]]
    more = len(catalog.sections) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def left_out(catalog: ShownCatalog) -> str:
    """Return in numbers what a catalogue's data had that is not in it, and where to see it."""
    told = [f"{catalog.fault_count:,} at fault ({catalog.faults[0]})"] if catalog.faults else []
    told += [f"{sum(count for _, count in catalog.skipped):,} of other kinds"] if catalog.skipped else []
    return f"{', '.join(told)}; `{line_of('show')} --skipped {catalog.id[:SHORT]}` lists them" if told else ""


def tell_catalog(catalog: ShownCatalog, outcome: str) -> None:
    """Print what is known of a catalogue, after what became of it."""
    data = f"{catalog.data_time:%Y-%m-%d}, {age(catalog.data_time)} old" if catalog.data_time else "of unknown age"
    if catalog.stale:
        data += ": STALE, older than [prices] stale_after"
    unknown = f", {catalog.unknown_count:,} of them unknown" if catalog.unknown_count else ""
    pairs(
        (
            (outcome, catalog.id),
            ("state", state_of(catalog)),
            ("overridden" if catalog.active else "quarantined", catalog.quarantine_reason),
            ("source", catalog.source),
            ("from", catalog.origin),
            ("signed by", catalog.signed_by),
            ("data", data),
            ("prices", f"{catalog.price_count:,}{unknown}"),
            ("left out", left_out(catalog)),
            ("sections", sections(catalog)),
            ("changes", counts(catalog.diff) if catalog.diff is not None else ""),
        )
    )
