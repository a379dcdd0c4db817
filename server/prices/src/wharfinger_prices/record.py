"""The record of catalogues: which there are, and which became active, when, by whom and why.

A server keeps it in its database; where there is none, it is a file of the folder (`folder_record`).
"""

from __future__ import annotations

from typing import Protocol

from wharfinger_prices.catalog import Activation, Catalog
from wharfinger_prices.errors import Aborted, FailedPrecondition, NotFound


class CatalogRecord(Protocol):
    """What an import and the commands need of the record. Each method raises Unavailable while it can't be reached."""

    async def active_catalogs(self) -> list[Catalog]:
        """Return the active catalogue of each source, in the order in which the sources had their first."""

    async def active_catalog(self, source: str = "") -> Catalog | None:
        """Return a source's active catalogue, of "" the one that became active last; None before the first."""

    async def catalog(self, digest: str) -> Catalog | None:
        """Return a catalogue, None where there is none of that digest."""

    async def catalogs(self, after: str, limit: int, source: str = "") -> list[Catalog]:
        """Return up to `limit` catalogues, the newest import first, from behind the digest `after` on ("": the first).

        `source` "" is of all. Raises NotFound UNKNOWN_CATALOG for an `after` that does not exist.
        """

    async def catalog_of(self, origin: str) -> Catalog | None:
        """Return the catalogue that was last fetched from, or found unchanged at, an origin."""

    async def catalog_checked(self, digest: str) -> Catalog | None:
        """Note that the origin of a catalogue has nothing newer; return the catalogue, None where there is none."""

    async def keep_catalog(self, catalog: Catalog, activation: Activation | None, over: str | None) -> Catalog:
        """Write a catalogue down and perhaps make it its source's active one, in one step; return it as it stands.

        `over` is the digest of the catalogue of its source that it was checked against, None where none was active.
        Raises Aborted PRICES_BUSY where another one is active by now.
        """

    async def activate_catalog(self, activation: Activation) -> Catalog:
        """Make a known catalogue the active one of its source, and return it; again the same: nothing changes.

        Raises NotFound UNKNOWN_CATALOG, and FailedPrecondition PRICES_QUARANTINED without an override.
        """

    async def activations(self, limit: int, before: int = 0, source: str = "") -> list[Activation]:
        """Return the last activations, the newest first; of those before the number `before`, if that is not 0.

        `source` "" is of all.
        """


class RecordInUse(Exception):
    """Another process has the record open. The message says what to do."""


class RecordUnusable(Exception):
    """The record can't be opened. The message says why, and what to do."""


def unknown_catalog(digest: str, source: str = "") -> NotFound:
    """Return the refusal of a catalogue that does not exist, or of a source that has none active."""
    what = f"active catalogue of the source {source!r}" if source else f"catalogue {digest}"
    return NotFound("UNKNOWN_CATALOG", f"there is no {what}; `wharfinger prices ls` lists them", {"catalog": digest})


def quarantined(catalog: Catalog) -> FailedPrecondition:
    """Return the refusal to make a catalogue active that the checks object to."""
    why = f"the catalogue {catalog.digest} is in quarantine: {catalog.quarantine_reason}"
    return FailedPrecondition("PRICES_QUARANTINED", why, {"catalog": catalog.digest})


def overtaken() -> Aborted:
    """Return the refusal of a catalogue that was checked against one that is not the active one any more."""
    return Aborted("PRICES_BUSY", "another catalogue became active while this one was checked; ask again")
