"""The one way into prices for all that stands above: layers, catalogues, imports."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from wharfinger_server.config import Settings
from wharfinger_server.domain.catalog import Catalog
from wharfinger_server.pricing.lookup import Stack
from wharfinger_server.pricing.values import ImportRequest, OnProgress
from wharfinger_server.registry import Registry
from wharfinger_server.store.store import Store


class Pricing:
    """Prices of one data folder and one database.

    Without a server: the command line opens the store itself, makes a Pricing over it and closes both. A running
    server has the embedded database (SQLite) locked; `Store.open` then raises `store.errors.InUse`, and the command
    line must go through that server instead (`[server] address` of the same settings). With PostgreSQL both may work at
    once: an import takes a lock of the data folder (PRICES_BUSY), and a server sees within five seconds what was
    activated beside it.

    Look-ups are those of a `Stack`: plain, quick, without waiting, any thread.
    """

    def __init__(self, store: Store, registry: Registry, settings: Settings) -> None:
        self._store = store
        self._registry = registry
        self._settings = settings

    async def open(self) -> None:
        """Load what is active and the layers. Never raises for bad data: see `troubles`."""

    def close(self) -> None:
        """Give the files back. Stacks that were handed out may not be used after."""

    @property
    def troubles(self) -> tuple[str, ...]:
        """One sentence for each thing that can't be used now: a broken file, a catalogue that is missing."""
        return ()

    def stack(self, project: str = "") -> Stack:
        """Return the layers as they are now, with the project's own first; cheap.

        Files are looked at again in the background, at most once a second, when somebody asks.
        """
        return Stack()

    async def stack_of(self, digest: str) -> Stack:
        """Return an earlier stack by its digest, or one catalogue by its own; with or without `sha256:`.

        Raises NotFound UNKNOWN_CATALOG where either it or one of its catalogues is not there any more.
        """
        raise NotImplementedError

    async def catalogs(self, after: str = "", limit: int = 100) -> list[Catalog]:
        """Return up to `limit` catalogues, the newest import first; `after` is the digest of the last one seen."""
        raise NotImplementedError

    async def catalog(self, digest: str) -> Catalog:
        """Return one catalogue by its digest, or "active". Raises NotFound UNKNOWN_CATALOG."""
        raise NotImplementedError

    async def import_file(
        self, file: Path | BinaryIO, request: ImportRequest, progress: OnProgress | None = None
    ) -> Catalog:
        """Import a file, a folder of pages, or a stream; see `importing`."""
        raise NotImplementedError

    async def import_url(self, request: ImportRequest, progress: OnProgress | None = None) -> Catalog:
        """Fetch and import; see `importing`."""
        raise NotImplementedError

    async def activate(self, digest: str, actor: str, reason: str = "", *, override: bool = False) -> Catalog:
        """Make a catalogue the active one. Raises NotFound UNKNOWN_CATALOG, FailedPrecondition PRICES_QUARANTINED."""
        raise NotImplementedError

    def budget(self, project: str) -> Mapping[str, Decimal]:
        """Return what the project's things may cost in an hour, by currency; empty: no limit."""
        return {}
