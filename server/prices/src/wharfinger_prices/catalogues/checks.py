"""The checks that let a new catalogue replace the active one without a person's word."""

from __future__ import annotations

from datetime import UTC, datetime

from wharfinger_prices.catalog import CatalogDiff

COVERAGE_DROP = 0.02
"""The largest share of known prices that may be missing."""
MOVED = 0.05
"""The largest share of prices that may have moved by more than half."""


def objections(diff: CatalogDiff, data_time: int, active_data_time: int) -> str:
    """Return what speaks against a catalogue, "" where nothing does.

    `diff` is against the active one; the times are those of their data, 0 where it does not tell.
    """
    found: list[str] = []
    lost = diff.known_before - diff.compared - diff.became_zero
    if lost > COVERAGE_DROP * diff.known_before:
        share = _percent(lost, diff.known_before)
        found.append(f"{lost} of {diff.known_before} known prices are missing ({share}; {COVERAGE_DROP:.0%} may be)")
    if diff.moved > MOVED * diff.compared:
        share = _percent(diff.moved, diff.compared)
        found.append(f"{diff.moved} of {diff.compared} prices moved by more than half ({share}; {MOVED:.0%} may)")
    if diff.became_zero:
        found.append(f"{diff.became_zero} prices that had a figure are zero or unknown now")
    if 0 < data_time < active_data_time:
        found.append(f"its data is of {_day(data_time)}, older than the active catalogue's of {_day(active_data_time)}")
    return "; ".join(found)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%"


def _day(time: int) -> str:
    return datetime.fromtimestamp(time / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M")
