"""The record of catalogues as a file of the folder: for prices without a server, and so without a database.

    DATA/prices/record.json   all catalogues with what is known of them, and every activation, the oldest first

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

    async def active_catalog(self) -> Catalog | None:
        """Return the active catalogue, None before the first."""
        return self._read().active

    async def catalog(self, digest: str) -> Catalog | None:
        """Return a catalogue, None where there is none of that digest."""
        return self._read().catalog(digest)

    async def catalogs(self, after: str, limit: int) -> list[Catalog]:
        """Return up to `limit` catalogues, the newest import first, from behind the digest `after` on ("": the first).

        Raises NotFound UNKNOWN_CATALOG for an `after` that does not exist.
        """
        known = self._read()
        order = sorted(known.catalogs.values(), key=lambda one: (one.import_time, one.digest), reverse=True)
        first = 0
        if after:
            first = next((place for place, one in enumerate(order, 1) if one.digest == after), -1)
            if first < 0:
                raise unknown_catalog(after)
        return [known.shown(one) for one in order[first : first + limit]]

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
        """Write a catalogue down and perhaps make it the active one, in one step; return it as it stands.

        Raises Aborted PRICES_BUSY where another one than `over` is active by now, and FailedPrecondition
        PRICES_NOT_KEPT.
        """
        with self._changing() as known:
            if known.active_digest != over:
                raise overtaken()
            before, now = known.catalogs.get(catalog.digest), _now()
            kept = replace(catalog, import_time=before.import_time if before else now, check_time=now)
            known.catalogs[catalog.digest] = kept
            if activation is not None and known.active_digest != catalog.digest:
                known.activate(activation, now)
        return known.shown(kept)

    async def activate_catalog(self, activation: Activation) -> Catalog:
        """Make a known catalogue the active one, and return it; again the same: nothing changes.

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

    async def activations(self, limit: int, before: int = 0) -> list[Activation]:
        """Return the last activations, the newest first; of those before the number `before`, if that is not 0."""
        found = [one for one in reversed(self._read().activations) if not before or one.number < before]
        return found[:limit]

    # ------------------------------------------------------------------ the file

    def _read(self) -> _Known:
        try:
            return _Known.of(self._file.read_bytes())
        except FileNotFoundError:
            return _Known({}, [])
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
    """What the record says: the catalogues by their digests, and the activations, the oldest first."""

    def __init__(self, catalogs: dict[str, Catalog], activations: list[Activation]) -> None:
        self.catalogs = catalogs
        self.activations = activations

    @classmethod
    def of(cls, document: bytes) -> _Known:
        """Return what a document says. Raises ValueError, TypeError or LookupError for one that is none."""
        told = orjson.loads(document)
        catalogs = [_catalog(one) for one in told["catalogs"]]
        return cls({one.digest: one for one in catalogs}, [Activation(**one) for one in told["activations"]])

    def document(self) -> bytes:
        """Return it as JSON."""
        catalogs = [{**asdict(one), "active": False, "stale": False} for one in self.catalogs.values()]
        return orjson.dumps(
            {"catalogs": catalogs, "activations": [asdict(one) for one in self.activations]},
            option=orjson.OPT_INDENT_2,
        )

    @property
    def active_digest(self) -> str | None:
        return self.activations[-1].digest if self.activations else None

    @property
    def active(self) -> Catalog | None:
        return self.catalog(self.active_digest) if self.active_digest else None

    def catalog(self, digest: str) -> Catalog | None:
        found = self.catalogs.get(digest)
        return None if found is None else self.shown(found)

    def shown(self, catalog: Catalog) -> Catalog:
        """Return it with whether it is active."""
        return replace(catalog, active=catalog.digest == self.active_digest)

    def activate(self, activation: Activation, now: int) -> None:
        self.activations.append(replace(activation, time=now, number=len(self.activations) + 1))


def _catalog(told: dict[str, Any]) -> Catalog:
    diff = told["diff"]
    pairs = {name: tuple((what, count) for what, count in told[name]) for name in ("sections", "skipped")}
    return Catalog(**told | pairs | {"diff": diff and CatalogDiff(**diff)})


def _now() -> int:
    return time.time_ns() // 1000
