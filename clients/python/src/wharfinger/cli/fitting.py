"""Tables in narrow terminals: columns that matter less are given up, and long names are shortened in their middle."""

from __future__ import annotations

from collections.abc import Sequence

# Between two columns.
GAP = 2
# A name that is shortened first keeps so much, before more columns are given up for it.
_ENOUGH = 24
_LEAST = 9


def fit(
    titles: Sequence[str], rows: Sequence[Sequence[str]], width: int, drop: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """Return titles and rows that take at most `width` columns, if that can be.

    Columns named in `drop` go, the first of them first, for as long as the first column, the names, would otherwise be
    cut to less than tells them apart; then names are shortened in their middle. What is left is never cut here.
    """
    kept = list(range(len(titles)))
    widths = [max(len(title), *(len(row[n]) for row in rows), 0) for n, title in enumerate(titles)]

    def missing(least: int) -> int:
        """Return by how much the columns kept are too wide, with names of at most `least`."""
        return sum(widths[n] for n in kept[1:]) + GAP * (len(kept) - 1) + min(widths[0], least) - width

    for title in drop:
        if missing(_ENOUGH) <= 0:
            break
        if title in titles:
            kept.remove(titles.index(title))
    longest = max(_LEAST, min(widths[0], widths[0] - missing(widths[0])))
    shown = [[shortened(row[n], longest) if n == 0 else row[n] for n in kept] for row in rows]
    return [titles[n] for n in kept], shown


def shortened(text: str, length: int) -> str:
    """Return `text` in at most `length` characters, with `…` for its middle: ends tell names apart better."""
    if len(text) <= length:
        return text
    ahead = (length - 1) // 2
    return text[:ahead] + "…" + text[len(text) - (length - 1 - ahead) :]
