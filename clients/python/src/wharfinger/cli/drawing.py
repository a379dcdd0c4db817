"""Small drawings of figures in a terminal, in plain characters where no others can be shown."""

from __future__ import annotations

import sys
from decimal import Decimal

_BLOCKS = "▏▎▍▌▋▊▉█"


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


def _can_show(text: str) -> bool:
    """Whether the output takes these characters."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
