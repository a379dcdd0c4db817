"""The record of catalogues as a file of the folder: for prices without a server, and so without a database.

    DATA/prices/record.json   all catalogues with what is known of them, every activation, the oldest first, and which
                              catalogue is active for which source, in the order of the sources' first activations

Each change writes the file anew beside the old one, waits for the disk, and then gives it its name.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import orjson

from wharfinger_prices.catalog import Activation, Catalog, CatalogDiff
from wharfinger_prices.catalogues.refusals import not_kept
from wharfinger_prices.errors import Unavailable
from wharfinger_prices.record import overtaken, quarantined, unknown_catalog

FILE = "record.json"


class FolderRecord:
    """The record in one folder (DATA/prices). Several processes may use it; each change locks the folder's file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / FILE

    async def active_catalogs(self) -> list[Catalog]:
        """Return the active catalogue of each source, in the order in which the sources had their first."""
        known = self._read()
        return [known.shown(known.catalogs[digest]) for digest in known.active.values()]

    async def active_catalog(self, source: str = "") -> Catalog | None:
        """Return a source's active catalogue, of "" the one that became active last; None before the first."""
        known = self._read()
        digest = known.active.get(source) if source else known.last
        return known.catalog(digest) if digest else None

    async def catalog(self, digest: str) -> Catalog | None:
        """Return a catalogue, None where there is none of that digest."""
        return self._read().catalog(digest)

    async def catalogs(self, after: str, limit: int, source: str = "") -> list[Catalog]:
        """Return up to `limit` catalogues, the newest import first, from behind the digest `after` on ("": the first).

        `source` "" is of all. Raises NotFound UNKNOWN_CATALOG for an `after` that does not exist.
        """
        known = self._read()
        order = sorted(known.catalogs.values(), key=lambda one: (one.import_time, one.digest), reverse=True)
        first = 0
        if after:
            first = next((place for place, one in enumerate(order, 1) if one.digest == after), -1)
            if first < 0:
                raise unknown_catalog(after)
        found = [known.shown(one) for one in order[first:] if source in {"", one.source}]
        return found[:limit]

    async def catalog_of(self, origin: str) -> Catalog | None:
        """Return the catalogue that was last fetched from, or found unchanged at, an origin."""
        known = self._read()
        found = [one for one in known.catalogs.values() if one.origin == origin]
        return known.shown(max(found, key=lambda one: one.check_time)) if found else None

    async def catalog_checked(self, digest: str) -> Catalog | None:
        """Note that the origin of a catalogue has nothing newer; return the catalogue, None where there is none."""
        with self._changing() as known:
            if digest in known.catalogs:
                known.catalogs[digest] = replace(known.catalogs[digest], check_time=_now())
        return known.catalog(digest)

    async def keep_catalog(self, catalog: Catalog, activation: Activation | None, over: str | None) -> Catalog:
        """Write a catalogue down and perhaps make it its source's active one, in one step; return it as it stands.

        Raises Aborted PRICES_BUSY where another one of its source than `over` is active by now, and FailedPrecondition
        PRICES_NOT_KEPT.
        """
        with self._changing() as known:
            if known.active.get(catalog.source) != over:
                raise overtaken()
            before, now = known.catalogs.get(catalog.digest), _now()
            kept = replace(catalog, import_time=before.import_time if before else now, check_time=now)
            known.catalogs[catalog.digest] = kept
            if activation is not None and over != catalog.digest:
                known.activate(activation, now)
        return known.shown(kept)

    async def activate_catalog(self, activation: Activation) -> Catalog:
        """Make a known catalogue the active one of its source, and return it; again the same: nothing changes.

        Raises NotFound UNKNOWN_CATALOG, and FailedPrecondition PRICES_QUARANTINED without an override.
        """
        with self._changing() as known:
            found = known.catalog(activation.digest)
            if found is None:
                raise unknown_catalog(activation.digest)
            if not found.active:
                if found.quarantine_reason and not activation.overridden:
                    raise quarantined(found)
                known.activate(activation, _now())
        return replace(found, active=True)

    async def activations(self, limit: int, before: int = 0, source: str = "") -> list[Activation]:
        """Return the last activations, the newest first; of those before the number `before`, if that is not 0.

        `source` "" is of all.
        """
        known = self._read()
        found = [one for one in reversed(known.activations) if not before or one.number < before]
        told = [replace(one, source=known.source_of(one.digest)) for one in found]
        return [one for one in told if source in {"", one.source}][:limit]

    # ------------------------------------------------------------------ the file

    def _read(self) -> _Known:
        try:
            return _Known.of(self._file.read_bytes())
        except FileNotFoundError:
            return _Known({}, [], {})
        except (OSError, ValueError, TypeError, LookupError) as error:
            why = f"the record of catalogues {self._file} can't be read: {error}; restore it from a backup"
            raise Unavailable("PRICES_NOT_KEPT", why, {"path": str(self._file), "cause": str(error)}) from None

    @contextmanager
    def _changing(self) -> Iterator[_Known]:
        """Give what is known, for a change by this process alone; what raises changes nothing."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / "record.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise not_kept(self._folder, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self._read()
            yield known
            self._write(known)
        finally:
            os.close(lock)

    def _write(self, known: _Known) -> None:
        partial = self._file.with_suffix(".part")
        try:
            with partial.open("wb") as file:
                file.write(known.document())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._file)
            held = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(held)
            finally:
                os.close(held)
        except OSError as error:
            raise not_kept(self._file, error) from error


class _Known:
    """What the record says: catalogues by digest, activations, the oldest first, each source's active digest."""

    def __init__(self, catalogs: dict[str, Catalog], activations: list[Activation], active: dict[str, str]) -> None:
        self.catalogs = catalogs
        self.activations = activations
        self.active = active

    @classmethod
    def of(cls, document: bytes) -> _Known:
        """Return what a document says. Raises ValueError, TypeError or LookupError for one that is none."""
        told = orjson.loads(document)
        catalogs = [_catalog(one) for one in told["catalogs"]]
        known = cls({one.digest: one for one in catalogs}, [Activation(**one) for one in told["activations"]], {})
        if "active" in told:
            known.active = {str(source): str(digest) for source, digest in told["active"]}
        elif known.last:
            # Of before there were sources: the one that became active last was the only one.
            known.active = {known.source_of(known.last): known.last}
        return known

    def document(self) -> bytes:
        """Return it as JSON."""
        catalogs = [{**asdict(one), "active": False, "stale": False} for one in self.catalogs.values()]
        return orjson.dumps(
            {
                "catalogs": catalogs,
                "activations": [asdict(one) for one in self.activations],
                "active": list(self.active.items()),
            },
            option=orjson.OPT_INDENT_2,
        )

    @property
    def last(self) -> str | None:
        """The digest of what became active last."""
        return self.activations[-1].digest if self.activations else None

    def source_of(self, digest: str) -> str:
        return self.catalogs[digest].source

    def catalog(self, digest: str) -> Catalog | None:
        found = self.catalogs.get(digest)
        return None if found is None else self.shown(found)

    def shown(self, catalog: Catalog) -> Catalog:
        """Return it with whether it is active."""
        return replace(catalog, active=catalog.digest == self.active.get(catalog.source))

    def activate(self, activation: Activation, now: int) -> None:
        source = self.source_of(activation.digest)
        self.activations.append(replace(activation, time=now, number=len(self.activations) + 1, source=source))
        self.active[source] = activation.digest


def _catalog(told: dict[str, Any]) -> Catalog:
    diff = told["diff"]
    pairs = {name: tuple((what, count) for what, count in told[name]) for name in ("sections", "skipped")}
    faults = tuple(told.get("faults", ()))
    return Catalog(**told | pairs | {"diff": diff and CatalogDiff(**diff), "faults": faults})


def _now() -> int:
    return time.time_ns() // 1000
