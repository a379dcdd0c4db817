"""Small drawings of figures in a terminal: bars and sparklines, in plain characters where no others can be shown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal

_BLOCKS = "▏▎▍▌▋▊▉█"
_STEPS = "▁▂▃▄▅▆▇█"
_PLAIN_STEPS = "_.-=*#"


def _can_show(text: str) -> bool:
    """Whether the output takes these characters."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def bar(part: Decimal, whole: Decimal, width: int = 20) -> str:
    """Return a bar that is as long as `part` is of `whole`; anything above nothing is seen."""
    if part <= 0 or whole <= 0:
        return ""
    share = min(Decimal(1), part / whole)
    if not _can_show(_BLOCKS):
        return "#" * max(1, round(share * width))
    eighths = max(1, round(share * width * 8))
    full, rest = divmod(eighths, 8)
    return _BLOCKS[-1] * full + (_BLOCKS[rest - 1] if rest else "")


def sparkline(values: Sequence[Decimal | None]) -> str:
    """Return one character for each value, higher for higher ones; what is not known is a gap."""
    steps = _STEPS if _can_show(_STEPS) else _PLAIN_STEPS
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)

    def step(value: Decimal | None) -> str:
        """Return the character of a value."""
        if value is None:
            return " "
        if high == low:
            return steps[len(steps) // 2]
        return steps[round((value - low) / (high - low) * (len(steps) - 1))]

    return "".join(map(step, values))


def change(before: Decimal, after: Decimal) -> str:
    """Return by how much a figure changed, such as `+12.5 %`; "" where it did not, or began at nothing."""
    if not before or before == after:
        return ""
    percent = (after - before) / before * 100
    return f"{percent:+.1f} %" if abs(percent) < 1000 else f"{percent:+.0f} %"
