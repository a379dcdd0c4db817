"""The words of a price: names, currencies, moments, as files give them, checked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

LONGEST = 300
"""Characters in a name; the longest product names of the large clouds have half of that."""

_CURRENCY = re.compile(r"[A-Z]{3}")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def text(value: object, what: str, *, needed: bool = True) -> str:
    """Return `value` if it is text that can be a part of a price's name; "" only if it is not `needed`.

    Raises ValueError for other types, control characters, what is no Unicode, and more than LONGEST characters. `what`
    names it in the error's message.
    """
    if type(value) is not str:  # a number kept as its text is none
        raise ValueError(f"{what} is {value!r}; it must be text")
    if needed and not value.strip():
        raise ValueError(f"{what} is empty")
    if len(value) > LONGEST:
        raise ValueError(f"{what} has {len(value)} characters; {LONGEST} are the most")
    # The quick question first: printable text has none of them.
    if not value.isprintable() and any(c < " " or "\x7f" <= c < "\xa0" or "\ud800" <= c <= "\udfff" for c in value):
        raise ValueError(f"{what} {value!r} has characters that are no text")
    return value


def currency(value: object) -> str:
    """Return a currency's code if `value` looks like one. Raises ValueError otherwise."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise ValueError(f"the currency is {value!r}; it must be a code of three capital letters, such as USD")
    return value


@lru_cache(maxsize=1 << 12)
def _micros(value: str) -> int:
    moment = datetime.fromisoformat(value)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0, (moment - _BEGINNING) // _MICROSECOND)


def moment(value: object, what: str) -> int:
    """Return the microseconds of a moment as RFC 3339 writes it, in UTC where it names no zone; 0 before 1970.

    Raises ValueError for anything else, naming it by `what`.
    """
    if isinstance(value, str):
        try:
            return _micros(value)
        except (ValueError, OverflowError):
            pass
    raise ValueError(f"{what} is {str(value)[:LONGEST]!r}; it must be a date and time, such as 2026-11-01T00:00:00Z")


@lru_cache(maxsize=1 << 12)
def slug(name: str) -> str:
    """Return a name as a part of a provider's name: `Virtual Network` becomes `virtual_network`."""
    return "_".join(re.findall("[a-z0-9]+", name.lower())) or "other"
