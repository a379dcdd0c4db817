"""The prices of this machine's data folder, opened by the command itself.

The record of catalogues is the server's database where a server is installed (it brings an entry point of the group
`wharfinger.price_records`), and otherwise a file of the folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from wharfinger_prices.commands import shown
from wharfinger_prices.commands.ending import say
from wharfinger_prices.commands.shown import ShownActivation, ShownCatalog, ShownPrice
from wharfinger_prices.errors import FailedPrecondition, NotFound, invalid
from wharfinger_prices.price_book import PriceBook
from wharfinger_prices.record import CatalogRecord, RecordUnusable
from wharfinger_prices.settings.price_settings import FolderSettings

if TYPE_CHECKING:
    from wharfinger_prices.commands.progress import Progress
    from wharfinger_prices.importing.request import ImportRequest
    from wharfinger_prices.lookup.stack import Stack
    from wharfinger_prices.sdk.price_source import PriceSource

RECORDS = "wharfinger.price_records"
"""The entry-point group of what opens a record elsewhere: without arguments, as an asynchronous context."""
T = TypeVar("T")
_PAGE = 1000


@contextmanager
def folder_place(settings: FolderSettings, project: str) -> Iterator[FolderPlace]:
    """Open the folder, and close it afterwards. Raises RecordInUse where another process has it, RecordUnusable."""
    if not _brought():
        yield FolderPlace(InlineBook(_folder_record(settings), installed_sources, settings), settings, project, _step)
        return
    import asyncio

    with asyncio.Runner() as runner:
        opening = _record()
        record = runner.run(opening.__aenter__())
        book = FolderBook(record, installed_sources, settings)
        try:
            yield FolderPlace(book, settings, project, runner.run)
        finally:
            book.close()
            runner.run(opening.__aexit__(None, None, None))


class FolderBook(PriceBook):
    """A price book whose troubles are told by the commands."""

    def _warn(self, trouble: str) -> None:
        """Leave it to whoever asks for `troubles`."""


class InlineBook(FolderBook):
    """A price book over a record that never waits, for one caller: what blocks may do so, and no event loop is needed.

    But for imports, which need one.
    """

    async def _apart(self, work: Callable[[], T]) -> T:
        return work()

    def _new_lock(self) -> AbstractAsyncContextManager[Any]:
        return nullcontext()


class Run(Protocol):
    """What runs a coroutine to its end."""

    def __call__(self, work: Coroutine[Any, Any, T], /) -> T:
        """Return what the coroutine returns, or raise what it raises."""


def _step(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError(f"{work} waits, and no event loop runs")


def _record() -> AbstractAsyncContextManager[CatalogRecord]:
    """Return the record that an installed distribution brings, to be opened."""
    from importlib.metadata import entry_points

    (point, *_) = entry_points(group=RECORDS)
    found: AbstractAsyncContextManager[CatalogRecord] = point.load()()
    return found


def _folder_record(settings: FolderSettings) -> CatalogRecord:
    """Return the record in the folder itself. Raises RecordUnusable where a server has one in its database."""
    from wharfinger_prices.folder_record import FolderRecord

    if settings.store_url or (settings.data_dir / "wharfinger.db").exists():
        raise RecordUnusable(
            f"a server keeps the catalogues of {settings.data_dir} in its database, and is not installed here: install "
            "the distribution wharfinger-server, or name another folder by WHARFINGER_DATA_DIR"
        )
    return FolderRecord(settings.data_dir / "prices")


def _brought() -> bool:
    """Whether an installed distribution may bring a record. importlib.metadata takes longer to load than all else."""
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - what pathlib would make of them is not needed
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                with suppress(OSError), open(f"{folder or '.'}/{name}/entry_points.txt", "rb") as file:  # noqa: PTH123
                    if RECORDS.encode() in file.read():
                        return True
    return False


def installed_sources() -> dict[str, type[PriceSource]]:
    """Import the installed price sources and return those that can be used, by their formats' names."""
    from wharfinger_prices.registry import load_sources, usable

    return usable(load_sources())


def layers_of(settings: FolderSettings, active: Sequence[ShownCatalog], project: str) -> Stack:
    """Return the layers of a folder whose record says which catalogues are `active`, in the order they are asked."""
    from wharfinger_prices.catalog import Catalog
    from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder
    from wharfinger_prices.catalogues.reader import Reader
    from wharfinger_prices.lookup.layers import Layers

    known = [
        Catalog(one.id, one.origin.partition(" ")[0], source=one.source, data_time=shown.micros(one.data_time))
        for one in active
    ]
    layers = Layers(CatalogueFolder(settings.data_dir / "prices"), Reader(installed_sources), settings)
    loaded = layers.load(known)
    for trouble in loaded.troubles:
        say(trouble)
    return loaded.projects.get(project, loaded.base)


class FolderPlace:
    """The prices of an open folder. Raises `errors.Refused`."""

    def __init__(self, book: PriceBook, folder: FolderSettings, project: str, run: Run) -> None:
        self.folder: FolderSettings | None = folder
        self.has_none: tuple[type[Exception], ...] = (NotFound, FailedPrecondition)
        self._book = book
        self._run = run
        self._project = project
        self._told: set[str] = set()

    def catalogs(self, source: str = "") -> Iterator[ShownCatalog]:
        """Tell the catalogues, of a source or of all, the newest import first."""
        after = ""
        while found := self._run(self._book.catalogs(after, _PAGE, source)):
            yield from map(shown.catalog, found)
            after = found[-1].digest

    def catalog(self, digest: str, source: str = "") -> ShownCatalog:
        """Return a catalogue by its digest, or the one that is "active": of a source, or what became active last."""
        return shown.catalog(self._run(self._book.catalog(digest, source)))

    def activations(self, source: str = "") -> Iterator[ShownActivation]:
        """Tell which catalogues became active, of a source or of all, the newest first."""
        before = 0
        while found := self._run(self._book.activations(_PAGE, before, source)):
            yield from map(shown.activation, found)
            before = found[-1].number

    def activate(self, digest: str, reason: str, *, override_checks: bool) -> ShownCatalog:
        """Make a catalogue the active one of its source, and return it."""
        return shown.catalog(self._run(self._book.activate(digest, _user(), reason, override=override_checks)))

    def import_catalog(
        self, file: Path | None, request: ImportRequest, on_progress: Callable[[Progress], None]
    ) -> ShownCatalog:
        """Import a file, a folder of pages, or (None) what the request says to fetch; return the catalogue."""
        request = replace(request, actor=_user())
        if file is None:
            work = self._book.import_url(request, on_progress)
        else:
            work = self._book.import_file(file, request, on_progress)
        if self._run is not _step:
            return shown.catalog(self._run(work))
        import asyncio

        return shown.catalog(asyncio.run(work))

    def price(
        self,
        provider: str,
        region: str,
        sku: str,
        *,
        category: str,
        term: str,
        currency: str,
        unit: str,
        catalog: str = "",
    ) -> ShownPrice:
        """Return the price that fits, from the first layer that knows one, or in the catalogue of a digest."""
        if currency and not (len(currency) == 3 and currency.isalpha() and currency.isupper()):
            raise invalid("currency_code", f"{currency[:40]!r} is no ISO 4217 code, such as USD")
        stack = self._run(self._book.stack_of(catalog)) if catalog else self.stack()
        return shown.price(stack.price(provider, region, sku, category, term, currency, unit))

    def prices(self, catalog: str) -> Iterator[ShownPrice]:
        """Tell all prices, of a catalogue by its digest, in the order of provider, region and sku."""
        stack = self._run(self._book.stack_of(catalog))
        return (shown.price(found) for _, found in stack.merged())

    def stack(self) -> Stack:
        """Return the layers that prices are looked up in, the project's own first; what can't be used is told."""
        stack = self._run(self._book.current(self._project))
        for trouble in self._book.troubles:
            if trouble not in self._told:
                say(trouble)
        self._told.update(self._book.troubles)
        return stack


def _user() -> str:
    """Return who does it: the user of this process."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
