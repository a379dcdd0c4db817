"""The way of price data into the data folder: staged, checked, read, compared, kept, and perhaps made the active one.

Only one import is at work in a data folder. Nothing is seen of it before its last step, which is one transaction: what
fails or dies before leaves what was.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from wharfinger_outbound.locations import shown
from wharfinger_prices.catalog import Activation, Catalog
from wharfinger_prices.catalogues.answers import compare_answers
from wharfinger_prices.catalogues.catalogue import Catalogue, Damaged
from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder
from wharfinger_prices.catalogues.checks import faulty, objections
from wharfinger_prices.catalogues.diff import compare
from wharfinger_prices.catalogues.reader import Read, Reader, Stopped
from wharfinger_prices.catalogues.refusals import not_kept, too_large
from wharfinger_prices.errors import FailedPrecondition, InvalidArgument, Unavailable, invalid
from wharfinger_prices.importing import signature
from wharfinger_prices.importing.fetching import Fetcher
from wharfinger_prices.importing.request import ImportProgress, ImportRequest, OnProgress
from wharfinger_prices.reading.scopes import NAME
from wharfinger_prices.record import CatalogRecord, quarantined
from wharfinger_prices.settings.price_settings import PriceSettings

log = logging.getLogger(__name__)

File = Path | BinaryIO | AsyncIterable[bytes]
"""What can be imported: a file, a folder of pages, a stream, or the pieces of one."""

T = TypeVar("T")
_PIECE = 1 << 20
_TELL_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class _Staged:
    """Data as it came: where it lies, what to call it, where it comes from, and who signed it."""

    path: Path
    name: str
    origin: str
    signed_by: str = ""
    etag: str = ""
    sha256: str = ""


class Importer:
    """Imports into one folder and its record."""

    def __init__(self, record: CatalogRecord, folder: CatalogueFolder, reader: Reader, settings: PriceSettings) -> None:
        self._record = record
        self._folder = folder
        self._reader = reader
        self._settings = settings

    async def file(self, file: File, request: ImportRequest, on_progress: OnProgress | None) -> Catalog:
        """Import a file, a folder of pages, or a stream.

        Raises, beside what `PriceBook.import_file` tells: nothing is kept then.
        """
        check_name(request.source)
        job = _Job(on_progress)
        with ExitStack() as held:
            folder = await job.run(partial(self._begin, held))
            path, digests = folder / "staged", None
            if isinstance(file, AsyncIterable):
                digests = await self._receive(file, path, job)
            else:
                path, digests = await job.run(partial(self._stage, file, folder / "staged", job))
            name = request.file_name or (file.name if isinstance(file, Path) else "")
            staged = await job.run(partial(self._verify, _Staged(path, name, name), digests, request))
            return await self._take(staged, request, folder, job)

    async def url(self, url: str, request: ImportRequest, on_progress: OnProgress | None, *, beside: bool) -> Catalog:
        """Fetch and import. `beside`: look for a checksum, and a signature where keys are trusted, beside the URL."""
        check_name(request.source)
        origin = _origin(url)
        known = await self._record.catalog_of(origin)
        if known is not None and not (self._folder.has(known.digest) and _answers(known, request)):
            known = None
        if known is not None and not request.force and self._is_fresh(known):
            return await self._again(known, request)
        job = _Job(on_progress)
        with ExitStack() as held:
            folder = await job.run(partial(self._begin, held))
            etag = known.etag if known is not None else ""
            fetched = await job.run(partial(self._fetch, url, folder, request, etag, job, beside=beside))
            if fetched is None and known is not None:
                checked = await self._record.catalog_checked(known.digest)
                return await self._again(checked or known, request)
            assert fetched is not None
            return await self._take(fetched, request, folder, job)

    # ------------------------------------------------------------------ staging

    def _begin(self, held: ExitStack) -> Path:
        """Take the lock and a folder to work in."""
        try:
            held.enter_context(self._folder.importing())
            return held.enter_context(self._folder.work())
        except OSError as error:
            raise not_kept(self._folder.folder, error) from error

    def _stage(self, file: Path | BinaryIO, staged: Path, job: _Job) -> tuple[Path, _Digests | None]:
        if isinstance(file, Path):
            try:
                if file.is_dir():
                    self._measure(file)
                    return file, None
                opened, size = file.open("rb"), file.stat().st_size
            except OSError as error:
                raise invalid("file", f"{file} can't be read: {error.strerror}") from None
            with opened:
                return staged, self._copy(_pieces(opened), staged, job, size)
        return staged, self._copy(_pieces(file), staged, job, 0)

    def _measure(self, folder: Path) -> None:
        if (
            sum(found.stat().st_size for found in folder.rglob("*") if found.is_file())
            > self._settings.prices.max_bytes
        ):
            raise too_large(self._settings.prices.max_bytes, "has")

    def _copy(self, pieces: Iterable[bytes], staged: Path, job: _Job, total: int) -> _Digests:
        digests = _Digests()
        try:
            with staged.open("wb") as target:
                for piece in pieces:
                    digests.add(piece)
                    if digests.size > self._settings.prices.max_bytes:
                        raise too_large(self._settings.prices.max_bytes, "has")
                    target.write(piece)
                    job.tell(ImportProgress("fetch", digests.size, total, "bytes"))
        except OSError as error:
            raise not_kept(self._folder.folder, error) from error
        return digests

    async def _receive(self, pieces: AsyncIterable[bytes], staged: Path, job: _Job) -> _Digests:
        """Write a stream down as it comes; it must be over in the time that fetching may take."""
        digests = _Digests()
        try:
            async with asyncio.timeout(self._settings.prices.fetch_timeout / 1_000_000):
                with staged.open("wb") as target:
                    async for piece in pieces:
                        digests.add(piece)
                        if digests.size > self._settings.prices.max_bytes:
                            raise too_large(self._settings.prices.max_bytes, "has")
                        await job.run(partial(target.write, piece))
                        job.tell(ImportProgress("fetch", digests.size, 0, "bytes"))
        except TimeoutError:
            why = f"the data did not come within {self._settings.prices.fetch_timeout / 1_000_000:g} s"
            raise Unavailable("PRICES_UNREACHABLE", why, {"url": "", "cause": why}) from None
        except OSError as error:
            raise not_kept(self._folder.folder, error) from error
        return digests

    def _fetch(
        self, url: str, folder: Path, request: ImportRequest, etag: str, job: _Job, *, beside: bool
    ) -> _Staged | None:
        """Fetch and verify; None where nothing changed."""
        path = folder / "staged"
        fetcher = Fetcher(self._settings.prices.allow_sources, self._settings.prices.fetch_timeout / 1_000_000)
        job.on_stop(fetcher.stop)
        if beside and not request.sha256:
            try:
                request = replace(request, sha256=fetcher.digest_beside(url))
            except Unavailable as error:
                raise Unavailable(error.reason, f"{error.message}; {_by_hand(url)}", error.metadata) from None
        if beside and not request.signature and self._settings.prices.trusted_keys:
            request = replace(request, signature=fetcher.beside(url + ".minisig") or b"")
        try:
            with path.open("wb") as file:
                fetched = fetcher.fetch(
                    url,
                    file,
                    self._settings.prices.max_bytes,
                    etag=etag,
                    checked=bool(request.sha256 or request.signature),
                    on_bytes=lambda done, total: job.tell(ImportProgress("fetch", done, total, "bytes")),
                )
            if fetched.unchanged:
                return None
            digests = _Digests()
            with path.open("rb") as staged:
                for piece in _pieces(staged):
                    digests.add(piece)
        except OSError as error:
            raise not_kept(self._folder.folder, error) from error
        name = shown(url).rpartition("/")[2]
        found = _Staged(path, name, _origin(url), etag=fetched.etag)
        return self._verify(found, digests, request)

    def _verify(self, staged: _Staged, digests: _Digests | None, request: ImportRequest) -> _Staged:
        """Return the data with who signed it. Raises for a wrong checksum, a wrong or a missing signature."""
        if digests is None:
            if request.sha256 or request.signature or self._settings.prices.require_signature:
                raise invalid("file", "a folder has no checksum and no signature; import its files packed as one")
            return staged
        digests.check(request.sha256)
        staged = replace(staged, sha256=digests.sha256)
        if not request.signature:
            if self._settings.prices.require_signature:
                raise signature.missing()
            return staged
        return replace(
            staged, signed_by=signature.verify(staged.path, request.signature, self._settings.prices.trusted_keys)
        )

    # ------------------------------------------------------------------ reading, checking, keeping

    async def _take(self, staged: _Staged, request: ImportRequest, folder: Path, job: _Job) -> Catalog:
        read = await job.run(partial(self._read, staged, request, folder, job))
        source = await self._source(read, request, job)
        active = await self._record.active_catalog(source)
        job.tell(ImportProgress("check", 0, read.built.price_count, "prices"), always=True)
        told = await job.run(partial(self._check, staged, read, source, active))
        job.tell(ImportProgress("activate", 0, 0, ""), always=True)
        if told.fault_count and told.quarantine_reason and not request.override_checks:
            # The rows that are left may be those of a catalogue that is here: it is none the worse for this file.
            known = await self._record.catalog(told.digest)
            if known is not None and not known.quarantine_reason:
                raise FailedPrecondition(
                    "PRICES_QUARANTINED",
                    f"the data is not taken: {told.quarantine_reason}; without these rows it is the catalogue "
                    f"{told.digest}, which stays as it is",
                    {"catalog": told.digest},
                )
        wanted = request.activate and (not told.quarantine_reason or request.override_checks)
        activation = _activation(told, request) if wanted else None
        kept = await self._record.keep_catalog(told, activation, active.digest if active else None)
        if request.activate and not kept.active:
            raise quarantined(kept)
        return kept

    def _read(self, staged: _Staged, request: ImportRequest, folder: Path, job: _Job) -> Read:
        job.tell(ImportProgress("read", 0, 0, "prices"), always=True)

        def on_rows(count: int) -> None:
            """Tell, and end when nobody waits any more."""
            job.check()
            job.tell(ImportProgress("read", count, 0, "prices"))

        try:
            return self._reader.read(
                staged.path,
                staged.name,
                request.format,
                folder,
                self._settings.prices.max_unpacked,
                on_rows,
                request.source,
            )
        except OSError as error:
            raise not_kept(self._folder.folder, error) from error

    async def _source(self, read: Read, request: ImportRequest, job: _Job) -> str:
        """Return of which source the data is: what was said, what the same data was before, or what it is by itself."""
        known = await self._record.catalog(read.built.digest)
        if known is not None:
            if request.source not in {"", known.source}:
                why = f"these very prices are here already, as {known.digest} of the source {known.source!r}"
                raise invalid("source", why)
            return known.source
        if request.source or await self._record.active_catalog(read.source) is not None:
            return read.source
        # A catalogue of before there were sources has its format's name: what is of the same places goes on with it.
        before = await self._record.active_catalog(read.format)
        if before is not None and await job.run(partial(self._covers, read, before)):
            return before.source
        return read.source

    def _covers(self, read: Read, before: Catalog) -> bool:
        """Whether the data has prices in each provider's regions in which an earlier catalogue has some."""
        try:
            old, new = self._folder.open(before.digest), Catalogue.open(read.built.path, check=False)
        except (OSError, Damaged):
            return True
        try:
            return all(set(old.names(name)) <= set(new.names(name)) for name in old.providers)
        finally:
            old.close()
            new.close()

    def _check(self, staged: _Staged, read: Read, source: str, active: Catalog | None) -> Catalog:
        """Compare with the source's active one, and give the file its name: from here on only the record decides."""
        told = Catalog(
            digest=read.built.digest,
            format=read.format,
            origin=staged.origin,
            data_time=read.data_time,
            price_count=read.built.price_count,
            unknown_count=read.built.unknown_count,
            signed_by=staged.signed_by,
            sections=read.sections,
            skipped=read.skipped,
            etag=staged.etag,
            source=source,
            sha256=staged.sha256,
            fault_count=read.fault_count,
            faults=read.faults,
        )
        wrong = faulty(read.fault_count, read.built.price_count, next(iter(read.faults), ""))
        told = replace(told, quarantine_reason=wrong)
        try:
            path = self._folder.put(read.built)
        except OSError as error:
            raise not_kept(self._folder.folder, error) from error
        if active is None or active.digest == told.digest:
            return told
        try:
            before = self._folder.open(active.digest)
        except (OSError, Damaged) as error:
            reason = f"it can't be compared with the active catalogue, which can't be read: {error}"
            return replace(told, quarantine_reason="; ".join(filter(None, (reason, wrong))))
        after = Catalogue.open(path, check=False)
        now = time.time_ns() // 1000
        diff, answers = compare(before, after, now), compare_answers(before, after, now)
        before.close()
        after.close()
        reason = objections(answers, diff, told.data_time, active.data_time)
        return replace(told, diff=diff, quarantine_reason="; ".join(filter(None, (reason, wrong))))

    # ------------------------------------------------------------------ what is here already

    def _is_fresh(self, known: Catalog) -> bool:
        return time.time_ns() // 1000 - known.check_time < self._settings.prices.update_every

    async def _again(self, known: Catalog, request: ImportRequest) -> Catalog:
        """Return a catalogue that is here, made active where that is asked."""
        if not request.activate or known.active:
            return known
        overridden = request.override_checks and bool(known.quarantine_reason)
        return await self._record.activate_catalog(
            Activation(known.digest, request.actor, request.reason, overridden=overridden)
        )


def _activation(told: Catalog, request: ImportRequest) -> Activation:
    return Activation(told.digest, request.actor, request.reason, overridden=bool(told.quarantine_reason))


def _by_hand(url: str) -> str:
    """Return what still holds where the checksum beside a URL can't be had, and what to do."""
    return (
        f"so {shown(url)} itself was not asked for; the prices in force stay. To bring the file by hand: "
        "`wharfinger prices import FILE`"
    )


def check_name(source: str) -> None:
    """Raise InvalidArgument for what can't be a source's name; "" is none that was given."""
    if source and (not NAME.fullmatch(source) or source == "active"):
        raise invalid("source", f"{source[:80]!r} is no name of a source: give 100 letters, digits and ._:- at most")


def _answers(known: Catalog, request: ImportRequest) -> bool:
    """Whether a known catalogue may answer a request: of the source, with the pin, and no signature to check."""
    of_source = request.source in {"", known.source}
    return of_source and request.sha256.strip().lower() in {"", known.sha256} and not request.signature


def _origin(url: str) -> str:
    """Return the URL as it may be told; of its query, which may hold a signature, only what tells it from others."""
    query = url.partition("#")[0].partition("?")[2]
    return shown(url) + (f"?({hashlib.sha256(query.encode()).hexdigest()[:8]})" if query else "")


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


class _Digests:
    """The digests and the size of what comes by."""

    def __init__(self) -> None:
        self.size = 0
        self._sums = {64: hashlib.sha256(), 128: hashlib.sha512()}

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        for total in self._sums.values():
            total.update(piece)

    @property
    def sha256(self) -> str:
        """The SHA-256 so far, in hexadecimal."""
        return self._sums[64].hexdigest()

    def check(self, expected: str) -> None:
        """Raise InvalidArgument where the SHA-256 or SHA-512 is another one; "" is any."""
        if not expected:
            return
        wanted = expected.strip().lower()
        total = self._sums.get(len(wanted))
        if total is None or set(wanted) - set("0123456789abcdef"):
            raise invalid("sha256", "is no SHA-256: write its 64 hexadecimal digits")
        if total.hexdigest() != wanted:
            why = f"the price data has the {total.name} {total.hexdigest()}, and should have {wanted}; nothing was kept"
            told = {"expected": wanted, "actual": total.hexdigest()}
            raise InvalidArgument("PRICES_CHECKSUM", why, told)


class _Job:
    """One import's work in threads: tells its progress on the event loop, and ends when its caller does."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_progress = on_progress
        self._told = 0.0
        self._stopped = threading.Event()
        self._stop: Callable[[], None] | None = None

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Have `stop` called when the caller has gone."""
        self._stop = stop

    def check(self) -> None:
        """Raise Stopped when the caller has gone."""
        if self._stopped.is_set():
            raise Stopped

    def tell(self, progress: ImportProgress, *, always: bool = False) -> None:
        """Tell how far it is; from any thread."""
        now = time.monotonic()
        if self._on_progress is not None and (always or now - self._told >= _TELL_EVERY):
            self._told = now
            self._loop.call_soon_threadsafe(self._on_progress, progress)

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread. When the caller is cancelled, the thread is waited for: it works in the folder."""
        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._stopped.set()
            if self._stop is not None:
                self._stop()
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()
            raise
