"""Units in the terms of FOCUS (`Hours`, `GB-Months`, `Requests`), from each provider's own words.

Words of time, and what goes with them, become those that an hourly cost can be worked out from. Everything else stays
as the provider says it: a unit that nobody knows is better than one that somebody guessed.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache

from wharfinger_prices.reading.texts import text

_TIMES = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "Hours"),
    **dict.fromkeys(("d", "day", "days"), "Days"),
    **dict.fromkeys(("mo", "month", "months"), "Months"),
    **dict.fromkeys(("y", "yr", "year", "years"), "Years"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "Seconds"),
    **dict.fromkeys(("min", "minute", "minutes"), "Minutes"),
}
_GOOGLE = {"By": "Bytes", **{f"{big}By": f"{big}B" for big in ("k", "Ki", "M", "Mi", "G", "Gi", "T", "Ti", "P", "Pi")}}
_MANY = {"": 1, "K": 1000, "M": 1_000_000, "B": 1_000_000_000}
_WORDS_OF_TIME = {word: unit for word, unit in _TIMES.items() if word.rstrip("s") == unit.rstrip("s").lower()}
_COUNTED = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMB]?)(?:/([1-9][0-9]*))?(?![A-Za-z0-9])\s*(.*)")
_THOUSANDS = re.compile(r"(10*000)s")
_FINE = Decimal(1).scaleb(-24)
_EXACT = Context(prec=60)


@lru_cache(maxsize=1 << 10)
def aws_unit(unit: str) -> str:
    """Return the unit of an AWS offer file: `Hrs` is `Hours`, `GB-Mo` is `GB-Months`. Raises ValueError for no text."""
    head, dash, last = text(unit, "the unit").rpartition("-")
    return head + dash + _TIMES.get(last.lower(), last)


@lru_cache(maxsize=1 << 10)
def azure_unit(unit: str) -> tuple[Decimal, str]:
    """Return how many of which unit an Azure price is for: `100 Hours` is 100 Hours, `1 GB/Month` 1 GB-Months.

    `10K` and `10000s` are 10000 Units, `1/10 Days` a tenth of one, `Hours` one. Raises ValueError for 0 of a unit.
    """
    told = _THOUSANDS.sub(r"\1", text(unit, "unitOfMeasure")).replace("(s)", "s")
    match = _COUNTED.fullmatch(told)
    if match is None:
        if told[:1].isdecimal() or not told[:1].isalpha():
            raise ValueError(f"unitOfMeasure is {unit!r}; it must begin with a number or a unit, as in '1 Hour'")
        return Decimal(1), _joined(told)
    count = _EXACT.divide(Decimal(match[1]) * _MANY[match[2]], Decimal(match[3] or 1))
    if not count:
        raise ValueError(f"unitOfMeasure is {unit!r}; nothing is priced by 0 of a unit")
    return count, _joined(match[4]) or "Units"


def _joined(words: str) -> str:
    return "-".join(_TIMES.get(word.lower(), word) for word in words.replace("/", " ").split())


@lru_cache(maxsize=1 << 10)
def own_unit(unit: str) -> str:
    """Return the unit that somebody wrote, `Month` and `month` as `Months`."""
    head, dash, last = unit.rpartition("-")
    return head + dash + _WORDS_OF_TIME.get(last.lower(), last)


def of_one(price: Decimal, count: Decimal) -> Decimal:
    """Return what one costs where `count` cost `price`, to 24 decimals."""
    return _EXACT.normalize(_EXACT.quantize(_EXACT.divide(price, count), _FINE)) if count != 1 else price


@lru_cache(maxsize=1 << 10)
def google_unit(unit: str) -> str:
    """Return the unit of a Google SKU: `h` is `Hours`, `GiBy.mo` is `GiB-Months`. Raises ValueError for no text."""
    parts = text(unit, "usageUnit").replace("/", ".").split(".")
    return "-".join(_GOOGLE.get(part) or _TIMES.get(part, part) for part in parts)
