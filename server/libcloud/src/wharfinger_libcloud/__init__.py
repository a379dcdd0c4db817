"""Apache Libcloud without lost ids.

`keeping` and `Lossless` turn any call of any driver into one that, when it fails half-way, says what exists, what may
exist and what was never tried (`PartialFailureError`), and can take it back. `aio.driver` gives the same drivers to
asyncio. `markings` tells how each provider marks what it makes, so that it can be found again. Nothing here needs a
server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wharfinger_libcloud.answers import UnexpectedAnswer
    from wharfinger_libcloud.failure import Changed, Created, Leftover, PartialFailureError, Uncertain
    from wharfinger_libcloud.journal import Exchange, Journal, NotSent
    from wharfinger_libcloud.lossless import Lossless, harden, keeping
    from wharfinger_libcloud.watching import recording

__all__ = [
    "Changed",
    "Created",
    "Exchange",
    "Journal",
    "Leftover",
    "Lossless",
    "NotSent",
    "PartialFailureError",
    "Uncertain",
    "UnexpectedAnswer",
    "harden",
    "keeping",
    "recording",
]

_HOMES = {
    "answers": ("UnexpectedAnswer",),
    "failure": ("Changed", "Created", "Leftover", "PartialFailureError", "Uncertain"),
    "journal": ("Exchange", "Journal", "NotSent"),
    "lossless": ("Lossless", "harden", "keeping"),
    "watching": ("recording",),
}


def __getattr__(name: str) -> object:
    """Import what is asked for: libcloud and requests come with it, which many who import a module here never need."""
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
