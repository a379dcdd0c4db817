"""The one way into prices for all that stands above: layers, catalogues, imports."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from wharfinger_prices.catalog import Activation, Catalog
from wharfinger_prices.catalogues.catalogue import Damaged
from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder
from wharfinger_prices.catalogues.reader import Reader, Sources
from wharfinger_prices.errors import NotFound, Refused, invalid
from wharfinger_prices.lookup.layers import Layers, Loaded
from wharfinger_prices.lookup.precedence import in_order
from wharfinger_prices.lookup.price_rules import Rule
from wharfinger_prices.lookup.stack import Layer, Stack
from wharfinger_prices.record import CatalogRecord, unknown_catalog
from wharfinger_prices.settings.price_settings import PriceSettings

if TYPE_CHECKING:
    import asyncio

    from wharfinger_prices.catalogues.diff import Difference
    from wharfinger_prices.importing.importer import File, Importer
    from wharfinger_prices.importing.request import ImportRequest, OnProgress
    from wharfinger_prices.lookup.export import Exported

T = TypeVar("T")

_LOOK_EVERY = 1.0
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class PriceBook:
    """Prices of one data folder and its record.

    Only one import is at work in a data folder (PRICES_BUSY). Where the record is a database that several processes
    have, each sees within seconds what another one activated; they share the folder DATA/prices, or import into each.

    Look-ups are those of a `Stack`: plain, quick, without waiting, from any thread. `sources` are the price sources by
    the names of their formats, or what returns them when the first file must be read.
    """

    def __init__(self, record: CatalogRecord, sources: Sources, settings: PriceSettings) -> None:
        self._record = record
        self._settings = settings
        self._catalogues = CatalogueFolder(settings.data_dir / "prices")
        self._reader = Reader(sources)
        self._layers = Layers(self._catalogues, self._reader, settings)
        self._loaded: Loaded | None = None
        self._look_at = 0.0
        self._looking: asyncio.Task[None] | None = None

    @cached_property
    def _importer(self) -> Importer:
        # What fetches and verifies is much to load, and look-ups need none of it.
        from wharfinger_prices.importing.importer import Importer

        return Importer(self._record, self._catalogues, self._reader, self._settings)

    @cached_property
    def _lock(self) -> AbstractAsyncContextManager[Any]:
        return self._new_lock()

    @cached_property
    def _loading(self) -> AbstractAsyncContextManager[Any]:
        return self._new_lock()

    def _new_lock(self) -> AbstractAsyncContextManager[Any]:
        """Return what only one coroutine at a time gets into."""
        import asyncio

        return asyncio.Lock()

    def _warn(self, trouble: str) -> None:
        """Tell whoever looks after the prices."""
        import logging

        logging.getLogger(__name__).warning("%s", trouble)

    async def _apart(self, work: Callable[[], T]) -> T:
        """Run what blocks, in a thread."""
        import asyncio

        return await asyncio.to_thread(work)

    async def open(self) -> None:
        """Load what is at hand. Never raises for bad data: see `troubles`.

        Files that were never read before, such as the bundled one after an upgrade, are read when somebody asks first.
        """
        if await self._apart(self._layers.is_at_hand):
            await self._look()

    def close(self) -> None:
        """Look at nothing any more. Stacks that were handed out stay good."""
        if self._looking is not None:
            self._looking.cancel()

    @property
    def troubles(self) -> tuple[str, ...]:
        """One sentence for each thing that can't be used now: a broken file, a catalogue that is missing."""
        return self._loaded.troubles if self._loaded is not None else ()

    async def refresh(self) -> None:
        """Look at the active catalogues and at all files again. Raises Unavailable while the record is away."""
        async with self._lock:
            active = await self._active()
            loaded = await self._apart(partial(self._layers.load, active))
            before = self._loaded.troubles if self._loaded is not None else ()
            for trouble in loaded.troubles:
                if trouble not in before:
                    self._warn(trouble)
            self._loaded = loaded
            self._look_at = time.monotonic() + _LOOK_EVERY

    async def current(self, project: str = "") -> Stack:
        """Return the layers as they are now, with the project's own first; the first time, once they are loaded.

        The files and the active catalogue are looked at again in the background, at most once a second, when somebody
        asks. Raises Unavailable where they were never loaded and the record does not answer.
        """
        if self._loaded is None:
            async with self._loading:
                if self._loaded is None:
                    await self.refresh()
        return self.stack(project)

    def stack(self, project: str = "") -> Stack:
        """Return what `current` does, without waiting. Raises RuntimeError where nothing was loaded yet."""
        loaded = self._loaded
        if loaded is None:
            raise RuntimeError("no prices were loaded yet: await PriceBook.current first")
        if time.monotonic() >= self._look_at and (self._looking is None or self._looking.done()):
            with suppress(RuntimeError):  # no loop runs in this thread
                import asyncio

                self._looking = asyncio.get_running_loop().create_task(self._look())
        return loaded.projects.get(project, loaded.base)

    async def _look(self) -> None:
        try:
            await self.refresh()
        except Refused as error:
            self._warn(f"which prices are active can't be read: {error.message}")

    async def stack_of(self, digest: str) -> Stack:
        """Return an earlier stack by its digest, or one catalogue by its own; with or without `sha256:`.

        Raises NotFound UNKNOWN_CATALOG where it, or one of its catalogues, is not there.
        """
        digest = _hexadecimal(digest)
        loaded = self._loaded
        if loaded is not None:
            for stack in (loaded.base, *loaded.projects.values()):
                if stack.digest == digest:
                    return stack
        return await self._apart(partial(self._stack_of, digest))

    def _stack_of(self, digest: str) -> Stack:
        told = self._catalogues.stack(digest)
        try:
            if told is None:
                return Stack((Layer("downloaded", self._layers.open(digest)),), digest)
            layers, rules = told
            return Stack(
                tuple(Layer(name, self._layers.open(one), stale, source) for name, one, stale, source in layers),
                rules=tuple(Rule(**rule) for rule in rules),
            )
        except FileNotFoundError:
            raise unknown_catalog(digest) from None
        except (OSError, Damaged) as error:
            raise NotFound("UNKNOWN_CATALOG", f"{digest} can't be used: {error}", {"catalog": digest}) from None

    # ------------------------------------------------------------------ catalogues

    async def catalogs(self, after: str = "", limit: int = 100, source: str = "") -> list[Catalog]:
        """Return up to `limit` catalogues, the newest import first; `after` is the digest of the last one seen.

        `source` "" is of all. Raises NotFound UNKNOWN_CATALOG for an `after` that does not exist.
        """
        found = await self._record.catalogs(after and _hexadecimal(after), limit, source)
        places = await self._places()
        return [self._shown(catalog, places) for catalog in found]

    async def active(self) -> list[Catalog]:
        """Return the active catalogue of each source, in the order they are asked."""
        return [self._shown(catalog, {}) for catalog in await self._active()]

    async def _active(self) -> list[Catalog]:
        return in_order(await self._record.active_catalogs(), self._settings.prices.order)

    async def _places(self) -> dict[str, int]:
        """Return the places of the active catalogues, by their digests."""
        return {one.digest: one.precedence for one in await self._active()}

    async def catalog(self, digest: str, source: str = "") -> Catalog:
        """Return one catalogue by its digest, or the one that is `active`.

        Of several that are active it is that of the `source`, or without one what became active last. Raises NotFound
        UNKNOWN_CATALOG.
        """
        if digest == "active":
            found = await self._record.active_catalog(source)
        else:
            found = await self._record.catalog(_hexadecimal(digest))
        if found is None:
            raise unknown_catalog(digest, source)
        return self._shown(found, await self._places())

    async def activations(self, limit: int = 100, before: int = 0, source: str = "") -> list[Activation]:
        """Return up to `limit` activations, the newest first; `before` is the number of the last one seen.

        `source` "" is of all.
        """
        return await self._record.activations(limit, before, source)

    async def activate(self, digest: str, actor: str, reason: str = "", *, override: bool = False) -> Catalog:
        """Make a catalogue the active one of its source; return it.

        Raises NotFound UNKNOWN_CATALOG, also where its file is missing or damaged, and FailedPrecondition
        PRICES_QUARANTINED without an override.
        """
        digest = _hexadecimal(digest)
        known = await self.catalog(digest)
        await self._apart(partial(self._stack_of, digest))  # whose file is gone can't be looked up in
        overridden = override and bool(known.quarantine_reason)
        active = await self._record.activate_catalog(Activation(digest, actor, reason, overridden))
        if self._loaded is not None:
            await self.refresh()
        return self._shown(active, await self._places())

    async def differences(self, before: str, after: str, limit: int = 1000) -> list[Difference]:
        """Return the first `limit` differences between two catalogues, in the order of provider, region and sku.

        Raises NotFound UNKNOWN_CATALOG.
        """
        from wharfinger_prices.catalogues.diff import differences

        old, new = await self.stack_of(_hexadecimal(before)), await self.stack_of(_hexadecimal(after))

        def find() -> list[Difference]:
            """Compare; of a large catalogue that takes seconds."""
            found = differences(old.layers[0].catalogue, new.layers[0].catalogue, time.time_ns() // 1000)
            return list(islice(found, limit))

        return await self._apart(find)

    async def export_libcloud(self, path: Path | None = None, project: str = "") -> Exported:
        """Write the prices as Libcloud's pricing.json, at `path` or where Libcloud looks; see `export`.

        Raises FailedPrecondition PRICES_NOT_KEPT.
        """
        from wharfinger_prices.lookup.export import export_libcloud

        return await self._apart(partial(export_libcloud, await self.current(project), path))

    def path_of(self, digest: str) -> Path:
        """Return where a catalogue's file is, or would be: JSON Lines, one price each."""
        return self._catalogues.path_of(_hexadecimal(digest))

    @property
    def folder(self) -> Path:
        """The folder of all that is kept."""
        return self._catalogues.folder

    # ------------------------------------------------------------------ bringing in

    async def import_file(self, file: File, request: ImportRequest, progress: OnProgress | None = None) -> Catalog:
        """Import a file, a folder of pages, a stream, or the pieces of one; return its catalogue.

        Raises InvalidArgument PRICES_MALFORMED and PRICES_CHECKSUM, PermissionDenied PRICES_SIGNATURE, OutOfRange
        PRICES_TOO_LARGE, Aborted PRICES_BUSY, FailedPrecondition PRICES_NOT_KEPT, Unavailable PRICES_UNREACHABLE for
        pieces that don't come; and FailedPrecondition PRICES_QUARANTINED where it should have become active and the
        checks object: it is kept then, and `activate` can override. In each case what was active stays so.
        """
        found = await self._importer.file(file, request, progress)
        return await self._imported(found)

    async def import_url(self, request: ImportRequest, progress: OnProgress | None = None) -> Catalog:
        """Fetch and import `request.url`, or `default_url` with the checksum beside it; return the catalogue.

        What is unchanged since the last time is not read again; nor is it asked for within `[prices] update_every`,
        unless the request has `force`. Raises as `import_file` does, and PermissionDenied PRICES_URL_REFUSED,
        Unavailable PRICES_UNREACHABLE.
        """
        url = request.url or await self._apart(self.default_url)
        found = await self._importer.url(url, request, progress, beside=not request.url)
        return await self._imported(found)

    def default_url(self) -> str:
        """Return what is fetched when no URL is named: `[prices] url`, otherwise where Libcloud publishes its file.

        Raises InvalidArgument where there is neither. Blocks.
        """
        if self._settings.prices.url:
            return self._settings.prices.url
        try:
            return str(importlib.import_module("libcloud.pricing").DEFAULT_FILE_URL_S3_BUCKET)
        except (ImportError, AttributeError):
            raise invalid(
                "url", "name one, or set [prices] url: Libcloud, whose own is used, is not installed"
            ) from None

    async def _imported(self, found: Catalog) -> Catalog:
        if found.active and self._loaded is not None:
            await self.refresh()
        return self._shown(found, await self._places())

    # ------------------------------------------------------------------ the rest

    def _shown(self, catalog: Catalog, places: Mapping[str, int]) -> Catalog:
        """Return it with whether it is stale now, and its place among the active ones by `places`."""
        made = catalog.data_time or catalog.import_time
        stale = bool(made) and time.time_ns() // 1000 >= made + self._settings.prices.stale_after
        return replace(catalog, stale=stale, precedence=places.get(catalog.digest, catalog.precedence))


def _hexadecimal(digest: str) -> str:
    """Return the 64 digits of a digest. Raises NotFound UNKNOWN_CATALOG for what is none."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise unknown_catalog(digest[:80])
    return match[1]
