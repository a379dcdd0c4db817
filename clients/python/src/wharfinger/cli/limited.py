"""Lists of which a person wants to see only the first."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

from wharfinger.cli.terminal import echo

T = TypeVar("T")


def first(told: Iterable[T], limit: int) -> tuple[list[T], bool]:
    """Return the first `limit` of what is told, all for 0, and whether there are more; no further is read."""
    found = list(islice(told, limit + 1) if limit else told)
    more = bool(limit) and len(found) > limit
    return (found[:limit] if more else found), more


def tell_more(limit: int) -> None:
    """Say on standard error that `limit` were not all."""
    echo(f"wharfinger: there are more than {limit}; --limit 0 lists all", err=True)
