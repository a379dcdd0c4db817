"""The checks that let a new catalogue replace the active one without a person's word."""

from __future__ import annotations

from datetime import UTC, datetime

from wharfinger_prices.catalog import CatalogDiff
from wharfinger_prices.catalogues.answers import Answers

COVERAGE_DROP = 0.02
"""The largest share of known prices that may be missing."""
MOVED = 0.05
"""The largest share of prices that may have moved by more than half."""

FAULTS = 0.01
"""The largest share of rows that may be left out because something is wrong with them."""


def faulty(fault_count: int, price_count: int, first: str) -> str:
    """Return what speaks against data of which so many rows can't be taken, `first` one of them; "": nothing."""
    rows = fault_count + price_count
    if fault_count <= FAULTS * rows:
        return ""
    return f"{fault_count} of {rows} rows can't be taken ({_percent(fault_count, rows)}; {FAULTS:.0%} may): {first}"


def objections(answers: Answers, diff: CatalogDiff, data_time: int, active_data_time: int) -> str:
    """Return what speaks against a catalogue, "" where nothing does.

    `answers` and `diff` are against the active one of its source; the times are those of their data, 0 where it does
    not tell.
    """
    found: list[str] = []
    lost, before, compared = answers.missing - diff.became_zero, answers.before, answers.compared
    if lost > COVERAGE_DROP * before:
        share = _percent(lost, before)
        found.append(f"{lost} of {before} known prices are missing ({share}; {COVERAGE_DROP:.0%} may be)")
    if answers.unclear > COVERAGE_DROP * before:
        share = _percent(answers.unclear, before)
        said = f"{answers.unclear} of {before} answers would be ambiguous, or in another currency or unit"
        found.append(f"{said} ({share}; {COVERAGE_DROP:.0%} may)")
    if answers.moved > MOVED * compared:
        share = _percent(answers.moved, compared)
        found.append(
            f"{answers.moved} of {compared} prices moved by more than half, now or later ({share}; {MOVED:.0%} may)"
        )
    if diff.became_zero:
        found.append(f"{diff.became_zero} prices that had a figure are zero or unknown now")
    if 0 < data_time < active_data_time:
        found.append(f"its data is of {_day(data_time)}, older than the active catalogue's of {_day(active_data_time)}")
    return "; ".join(found)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%"


def _day(time: int) -> str:
    return datetime.fromtimestamp(time / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M")
