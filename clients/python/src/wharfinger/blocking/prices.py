"""What `wharfinger.Client` can ask about prices: the verbs of `price_verbs`, blocking."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from wharfinger._core.connection.blocking import iterate, run
from wharfinger._core.verbs.price_asking import OnProgress
from wharfinger.aio.prices import AsyncPrices
from wharfinger.prices import Activation, Catalog, Estimate, Price


class HasPrices(Protocol):
    """A client whose coroutines never suspend."""

    @property
    def _core(self) -> AsyncPrices: ...


class BlockingPrices:
    """The verbs of prices, blocking."""

    def price(
        self: HasPrices,
        provider: str,
        sku: str,
        *,
        region: str = "",
        category: str = "",
        term: str = "",
        currency: str = "",
        at: datetime | None = None,
        catalog: str = "",
    ) -> Price:
        """Return one price, from the first layer that knows it.

        `region` "" is the price that holds everywhere, or that of the only region there is; `category` "" is
        "on-demand"; `term` and `currency` "" are the only one there is. `at` is an aware datetime, None: now. `catalog`
        looks in one catalogue, or in what an estimate names, by its digest.

        Raises:
            NotFound: no layer knows a figure; `metadata` has up to three `similar` ones. That does not mean zero.
            FailedPrecondition: several fit; `metadata` has the `field` to say as well, and its `choices`.
        """
        return run(
            self._core.price(
                provider,
                sku,
                region=region,
                category=category,
                term=term,
                currency=currency,
                at=at,
                catalog=catalog,
            )
        )

    def prices(
        self: HasPrices,
        filter: str = "",  # noqa: A002  # the API's word
        *,
        catalog: str = "",
        page_size: int = 0,
    ) -> Generator[Price, None, None]:
        """Tell prices in the order of provider, region and sku, page by page as they are read.

        `filter` is of comparisons joined by AND, such as `provider = "ec2_linux" AND sku : "m5."` (`:` is "begins
        with"). Unknown prices are told too, without an amount. Raises InvalidArgument for a filter that can't be.
        """
        return iterate(self._core.prices(filter, catalog=catalog, page_size=page_size))

    def estimate(
        self: HasPrices,
        script: str,
        params: Mapping[str, Any] | None = None,
        *,
        catalog: str = "",
        at: datetime | None = None,
    ) -> Estimate:
        """Return what a task of that script and those params would cost for an hour; nothing is created.

        `catalog` is the `catalog_digest` of an earlier estimate, and `at` its `time`, to make the same again.

        Raises:
            FailedPrecondition: the script does not say what it makes, or several prices fit.
            InvalidArgument: the params don't match the script's schema.
            NotFound: there is no such script, or no such catalogue.
        """
        return run(self._core.estimate(script, params, catalog=catalog, at=at))

    def catalog(self: HasPrices, name: str = "active") -> Catalog:
        """Return a catalogue by its name or digest, or the active one. Raises NotFound."""
        return run(self._core.catalog(name))

    def catalogs(self: HasPrices) -> Generator[Catalog, None, None]:
        """Tell the catalogues, the newest import first, those in quarantine too."""
        return iterate(self._core.catalogs())

    def import_catalog(  # noqa: PLR0913
        self: HasPrices,
        source: str | Path | bytes | BinaryIO | None = None,
        *,
        url: str = "",
        format: str = "",  # noqa: A002  # the API's word
        sha256: str = "",
        signature: bytes = b"",
        activate: bool = True,
        override_checks: bool = False,
        force: bool = False,
        file_name: str = "",
        reason: str = "",
        on_progress: OnProgress | None = None,
    ) -> Catalog:
        """Bring a new catalogue in and return it; see `wharfinger.aio.Client.import_catalog`."""
        return run(
            self._core.import_catalog(
                source,
                url=url,
                format=format,
                sha256=sha256,
                signature=signature,
                activate=activate,
                override_checks=override_checks,
                force=force,
                file_name=file_name,
                reason=reason,
                on_progress=on_progress,
            )
        )

    def activate_catalog(self: HasPrices, name: str, *, override_checks: bool = False, reason: str = "") -> Catalog:
        """Make a catalogue the active one, and return it; also the way back to an earlier one.

        Raises:
            FailedPrecondition: it is in quarantine, and `override_checks` was not given.
            NotFound: there is no such catalogue.
            PermissionDenied: the caller may not do this.
        """
        return run(self._core.activate_catalog(name, override_checks=override_checks, reason=reason))

    def activations(self: HasPrices) -> Generator[Activation, None, None]:
        """Tell which catalogues became active, the newest first, page by page as they are read.

        Raises PermissionDenied where the caller's credential does not open all projects.
        """
        return iterate(self._core.activations())
