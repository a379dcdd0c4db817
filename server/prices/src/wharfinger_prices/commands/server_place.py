"""The prices of a server, asked by the client: the only module here that needs the distribution `wharfinger`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from wharfinger_prices.commands.shown import (
    Amount,
    ShownActivation,
    ShownCatalog,
    ShownDiff,
    ShownPrice,
    ShownTier,
    active,
    micros,
)

if TYPE_CHECKING:
    import wharfinger
    from wharfinger_prices.commands.options import Asked
    from wharfinger_prices.commands.progress import Progress
    from wharfinger_prices.importing.request import ImportRequest
    from wharfinger_prices.lookup.stack import Stack
    from wharfinger_prices.price import Price
    from wharfinger_prices.settings.price_settings import FolderSettings

T = TypeVar("T", bound=NamedTuple)
_PAGE = 1000
_UNKNOWN = "USD"
"""An unknown price tells no currency; this is the one that Libcloud's file has."""


@contextmanager
def server_place(asked: Asked, folder: FolderSettings | None) -> Iterator[ServerPlace]:
    """Give the prices of the server that is asked for; `folder` are the settings of its folder, if it is here.

    Raises click.UsageError where the address, or what goes with it, is wrong.
    """
    with _client(asked) as client:
        yield ServerPlace(client, folder)


def instance(asked: Asked) -> str:
    """Return the name of the server that answers there, well or not; "" where none does."""
    from wharfinger import Refused, WharfingerError

    with _client(asked) as client:
        try:
            return client.server_info().instance
        except Refused as error:
            # It is told with refusals too, which the command itself will hear and tell.
            tell: Callable[[], Any] = getattr(error.__cause__, "trailing_metadata", tuple)
            return str(dict(tell() or ()).get("wharfinger-instance", ""))
        except WharfingerError:
            return ""


def answers(asked: Asked) -> bool:
    """Whether a server answers there, well or not."""
    from wharfinger import Unreachable, WharfingerError

    with _client(asked) as client:
        try:
            client.server_info()
        except Unreachable:
            return False
        except WharfingerError:
            return True
    return True


@contextmanager
def _client(asked: Asked) -> Iterator[wharfinger.Client]:
    from wharfinger import Client

    # gRPC's own log lines are for whoever debugs gRPC.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        client = Client(asked.server, project=asked.project, token=asked.token, ca=asked.ca)
    except (ValueError, OSError) as error:
        raise click.UsageError(getattr(error, "strerror", "") or str(error)) from error
    with client:
        yield client


class ServerPlace:
    """The prices of a server. Raises what the client raises."""

    def __init__(self, client: wharfinger.Client, folder: FolderSettings | None) -> None:
        from wharfinger import FailedPrecondition, NotFound

        self.folder = folder
        self.has_none: tuple[type[Exception], ...] = (NotFound, FailedPrecondition)
        self._client = client

    def catalogs(self, source: str = "") -> Iterator[ShownCatalog]:
        """Tell the catalogues, of a source or of all, the newest import first."""
        return map(_catalog, self._client.catalogs(source=source))

    def catalog(self, digest: str, source: str = "") -> ShownCatalog:
        """Return a catalogue by its digest, or the one that is "active": of a source, or what became active last."""
        return _catalog(self._client.catalog(digest, source=source))

    def activations(self, source: str = "") -> Iterator[ShownActivation]:
        """Tell which catalogues became active, of a source or of all, the newest first."""
        return (_same(ShownActivation, one) for one in self._client.activations(source=source))

    def activate(self, digest: str, reason: str, *, override_checks: bool) -> ShownCatalog:
        """Make a catalogue the active one of its source, and return it."""
        return _catalog(
            self._client.activate_catalog(f"catalogs/{digest}", override_checks=override_checks, reason=reason)
        )

    def import_catalog(
        self, file: Path | None, request: ImportRequest, on_progress: Callable[[Progress], None]
    ) -> ShownCatalog:
        """Import a file, a folder of pages, or (None) what the request says to fetch; return the catalogue."""
        with _as_file(file) as source:
            return _catalog(
                self._client.import_catalog(
                    source,
                    url=request.url,
                    format=request.format,
                    source_name=request.source,
                    sha256=request.sha256,
                    signature=request.signature,
                    activate=request.activate,
                    override_checks=request.override_checks,
                    force=request.force,
                    file_name=request.file_name,
                    reason=request.reason,
                    on_progress=on_progress,
                )
            )

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
        found = self._client.price(
            provider, sku, region=region, category=category, term=term, currency=currency, unit=unit, catalog=catalog
        )
        return _price(found)

    def prices(self, catalog: str) -> Iterator[ShownPrice]:
        """Tell all prices, of a catalogue by its digest, in the order of provider, region and sku."""
        return map(_price, self._client.prices(catalog=catalog, page_size=_PAGE))

    def stack(self) -> Stack:
        """Return the layers of the folder, where it is here; otherwise what the server tells, as one layer."""
        if self.folder is not None:
            from wharfinger_prices.commands.folder_place import layers_of

            return layers_of(self.folder, active(self.catalogs()), self._client.project)
        from wharfinger_prices.catalogues.catalogue import Catalogue
        from wharfinger_prices.lookup.stack import Layer, Stack

        prices = [_kept(price) for price in self._client.prices(page_size=_PAGE)]
        made = max((micros(one.data_time) for one in self.catalogs() if one.active), default=0)
        return Stack((Layer("downloaded", Catalogue.of(prices), data_time=made),))


@contextmanager
def _as_file(path: Path | None) -> Iterator[Path | None]:
    """Give the file, and for a folder one with all that is in it."""
    if path is None or not path.is_dir():
        yield path
        return
    import zipfile
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="wharfinger-") as folder:
        packed = Path(folder) / f"{path.resolve().name}.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for file in sorted(path.rglob("*")):
                if file.is_file() and not file.name.startswith("."):
                    archive.write(file, str(file.relative_to(path)))
        yield packed


def _same(kind: type[T], told: Any, **other: Any) -> T:
    """Return a client's value as the `kind` with the same fields, but for the `other` ones."""
    names = kind._fields
    same: Any = kind
    made: T = same(**{name: getattr(told, name) for name in names if name not in other}, **other)
    return made


def _catalog(told: wharfinger.Catalog) -> ShownCatalog:
    return _same(
        ShownCatalog, told, state=str(told.state), diff=None if told.diff is None else _same(ShownDiff, told.diff)
    )


def _price(told: wharfinger.Price) -> ShownPrice:
    tiers = tuple(ShownTier(tier.from_quantity, _same(Amount, tier.amount)) for tier in told.tiers)
    amount = None if told.amount is None else _same(Amount, told.amount)
    listed = None if told.list_amount is None else _same(Amount, told.list_amount)
    return _same(ShownPrice, told, amount=amount, tiers=tiers, list_amount=listed)


def _kept(told: wharfinger.Price) -> Price:
    """Return a price as catalogues have it."""
    from wharfinger_prices.price import Price, Tier

    return Price(
        provider=told.provider,
        region=told.region,
        sku=told.sku,
        unit=told.unit,
        currency=told.amount.currency if told.amount else _UNKNOWN,
        amount=told.amount.amount if told.amount else None,
        category=told.category,
        term=told.term,
        free=told.free,
        tiers=tuple(Tier(tier.from_quantity, tier.amount.amount) for tier in told.tiers),
        effective=round(told.effective_time.timestamp() * 1_000_000) if told.effective_time else 0,
        expire=round(told.expire_time.timestamp() * 1_000_000) if told.expire_time else 0,
        source=told.source,
    )
