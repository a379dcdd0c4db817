"""What `wharfinger.aio.Client` can ask about prices."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from wharfinger._core.messages import convert, fields
from wharfinger._core.messages.ids import new_request_id
from wharfinger._core.verbs import price_asking
from wharfinger._core.verbs.paging import pages
from wharfinger._core.verbs.price_asking import OnProgress
from wharfinger.aio.connected import Connected
from wharfinger.prices import Activation, Budget, Catalog, Estimate, Price, PriceChange, PricePoint
from wharfinger.v1 import catalog_pb2, price_pb2, pricing_service_pb2


class Prices(Connected):
    """The verbs of prices."""

    async def price(  # noqa: PLR0913
        self,
        provider: str,
        sku: str,
        *,
        region: str = "",
        category: str = "",
        term: str = "",
        currency: str = "",
        at: datetime | None = None,
        catalog: str = "",
        basis: str = "",
        source: str = "",
        unit: str = "",
    ) -> Price:
        """Return one price, from the first layer that knows it.

        `region` "" is the price that holds everywhere, or that of the only region there is; `category` "" is
        "on-demand"; `term`, `currency` and `unit` "" are the only one there is. `at` is an aware datetime, None: now.
        `catalog` looks in one catalogue, by its digest, and `basis` in what an estimate was made by
        (`Estimate.price_basis`). `source` takes a figure of that source only.

        Raises:
            NotFound: no layer knows a figure; `choices` has up to three similar ones. That does not mean zero.
            FailedPrecondition: several fit; `metadata` has the `field` to say as well, and `choices` its values.
        """
        request = fields.message(
            pricing_service_pb2.GetPriceRequest,
            parent=f"projects/{self._project}",
            provider=provider,
            sku=sku,
            region=region,
            category=category,
            term=term,
            currency_code=currency,
            catalog_digest=catalog,
            price_basis=basis,
            source=source,
            unit=unit,
        )
        price_asking.set_moment(request, at)
        return convert.price(await self._transport.unary(request, price_pb2.Price))

    async def prices(
        self,
        filter: str = "",  # noqa: A002  # the API's word
        *,
        catalog: str = "",
        basis: str = "",
        page_size: int = 0,
    ) -> AsyncGenerator[Price, None]:
        """Tell prices in the order of provider, region and sku, page by page as they are read.

        `filter` is of comparisons joined by AND, such as `provider = "ec2_linux" AND sku : "m5."` (`:` is "begins
        with"). Unknown prices are told too, without an amount. `catalog` and `basis` are as for `price`. Raises
        InvalidArgument for a filter that can't be.
        """
        request = fields.message(
            pricing_service_pb2.ListPricesRequest,
            parent=f"projects/{self._project}",
            filter=filter,
            page_size=page_size,
            catalog_digest=catalog,
            price_basis=basis,
        )
        async for page in pages(self._transport, request, pricing_service_pb2.ListPricesResponse):
            for price in page.prices:
                yield convert.price(price)

    async def estimate(
        self,
        script: str,
        params: Mapping[str, Any] | None = None,
        *,
        catalog: str = "",
        basis: str = "",
        at: datetime | None = None,
    ) -> Estimate:
        """Return what a task of that script and those params would cost for an hour; nothing is created.

        `basis` is the `price_basis` of an earlier estimate, and `at` its `time`, to make the same again; `catalog` is
        the digest of one catalogue to estimate by.

        Raises:
            FailedPrecondition: the script does not say what it makes, or several prices fit.
            InvalidArgument: the params don't match the script's schema.
            NotFound: there is no such script, or no such catalogue.
        """
        request = price_asking.estimate_request(self._project, script, params or {}, catalog, basis, at)
        return convert.estimate(await self._transport.unary(request, price_pb2.CostEstimate))

    async def catalog(self, name: str = "active", *, source: str = "") -> Catalog:
        """Return a catalogue by its name or digest, or the active one of a `source`. Raises NotFound.

        Each source has its own active one; without a `source` it is the one that became active last.
        """
        request = fields.message(
            pricing_service_pb2.GetCatalogRequest, name=price_asking.catalog_name(name), source=source
        )
        return convert.catalog(await self._transport.unary(request, catalog_pb2.Catalog))

    async def catalogs(self, *, source: str = "") -> AsyncGenerator[Catalog, None]:
        """Tell the catalogues, of a `source` or of all, the newest import first, those in quarantine too."""
        request = fields.message(pricing_service_pb2.ListCatalogsRequest, source=source)
        async for page in pages(self._transport, request, pricing_service_pb2.ListCatalogsResponse):
            for catalog in page.catalogs:
                yield convert.catalog(catalog)

    async def import_catalog(  # noqa: PLR0913
        self,
        source: str | Path | bytes | BinaryIO | None = None,
        *,
        url: str = "",
        format: str = "",  # noqa: A002  # the API's word
        source_name: str = "",
        sha256: str = "",
        signature: bytes = b"",
        activate: bool = True,
        override_checks: bool = False,
        force: bool = False,
        file_name: str = "",
        reason: str = "",
        on_progress: OnProgress | None = None,
    ) -> Catalog:
        """Bring a new catalogue in and return it.

        `source` is a file by its path, its bytes, or open for reading; otherwise the server fetches `url`, or without
        one what its operator configured. `format` names a price source, "" the one that recognises the file;
        `source_name` is what the catalogue is a version of, "" the format and the scope of its data, such as "libcloud"
        or "azure:eastus". `sha256` (hexadecimal) and `signature` (a minisign signature file) are what the file must
        have. With `activate` it becomes the active one of its source where the checks find nothing, or in any case with
        `override_checks`, which is recorded with the `reason`. What the server asked for a short while ago it does not
        ask for again without `force`. `on_progress` hears how far it is: the `step` is "fetch", "read", "check" or
        "activate".

        Raises:
            InvalidArgument: the data is malformed, or has another checksum.
            PermissionDenied: the signature is missing or wrong, the URL is not allowed, or the caller may not do this.
            FailedPrecondition: the checks object (the catalogue is kept in quarantine), or it can't be written.
            OutOfRange: it is too large.
            Unavailable: it can't be fetched.
            Aborted: another import is at work.
        """
        if source is not None and url:
            raise ValueError("give either a source or a url")
        header = fields.message(
            pricing_service_pb2.ImportCatalogHeader,
            format=format,
            source=source_name,
            sha256=sha256,
            signature=signature,
            activate=activate,
            override_checks=override_checks,
            reason=reason,
        )
        if url:
            header.fetch.MergeFrom(fields.message(pricing_service_pb2.CatalogUrl, url=url))
        elif source is None:
            header.configured.MergeFrom(fields.message(pricing_service_pb2.CatalogUpdate, force=force))
        else:
            header.upload.MergeFrom(fields.message(pricing_service_pb2.CatalogUpload, file_name=file_name))
        return await price_asking.import_catalog(self._transport, header, source, on_progress)

    async def activate_catalog(self, name: str, *, override_checks: bool = False, reason: str = "") -> Catalog:
        """Make a catalogue the active one of its source, and return it; also the way back to an earlier one.

        Raises:
            FailedPrecondition: it is in quarantine, and `override_checks` was not given.
            NotFound: there is no such catalogue.
            PermissionDenied: the caller may not do this.
        """
        request = fields.message(
            pricing_service_pb2.ActivateCatalogRequest,
            name=price_asking.catalog_name(name),
            override_checks=override_checks,
            reason=reason,
            request_id=new_request_id(),
        )
        return convert.catalog(await self._transport.unary(request, catalog_pb2.Catalog))

    async def activations(self, *, source: str = "") -> AsyncGenerator[Activation, None]:
        """Tell which catalogues became active, of a `source` or of all, the newest first, page by page as read.

        Raises PermissionDenied where the caller's credential does not open all projects.
        """
        request = fields.message(pricing_service_pb2.ListActivationsRequest, source=source)
        async for page in pages(self._transport, request, pricing_service_pb2.ListActivationsResponse):
            for activation in page.activations:
                yield convert.activation(activation)

    async def price_changes(self, catalog: str, before: str = "") -> AsyncGenerator[PriceChange, None]:
        """Tell what is not the same in two catalogues, by name or digest, in the order of provider, region and sku.

        `before` "" is what was active in the catalogue's source before it became so, or is where it never was. Raises
        NotFound, and InvalidArgument where there is none before.
        """
        request = fields.message(
            pricing_service_pb2.DiffCatalogsRequest,
            name=price_asking.catalog_name(catalog),
            before=price_asking.catalog_name(before) if before else "",
        )
        async for page in pages(self._transport, request, pricing_service_pb2.DiffCatalogsResponse):
            for change in page.changes:
                yield convert.price_change(change)

    async def price_history(
        self,
        provider: str,
        sku: str,
        *,
        region: str = "",
        category: str = "",
        term: str = "",
        currency: str = "",
        source: str = "",
        unit: str = "",
    ) -> Sequence[PricePoint]:
        """Return since when a thing cost what, the oldest first; the last point is what `price` answers now.

        What names the thing is as for `price`, and so is what is raised.
        """
        request = fields.message(
            pricing_service_pb2.ListPriceHistoryRequest,
            parent=f"projects/{self._project}",
            provider=provider,
            sku=sku,
            region=region,
            category=category,
            term=term,
            currency_code=currency,
            source=source,
            unit=unit,
        )
        answer = await self._transport.unary(request, pricing_service_pb2.ListPriceHistoryResponse)
        return tuple(map(convert.price_point, answer.points))

    async def budgets(self, *, all_projects: bool = False) -> Sequence[Budget]:
        """Return the project's budget with what is used of it, nothing where it has none.

        With `all_projects` they are those of every project that the client's credential opens.
        """
        parent = f"projects/{'-' if all_projects else self._project}"
        request = fields.message(pricing_service_pb2.ListBudgetsRequest, parent=parent)
        answer = await self._transport.unary(request, pricing_service_pb2.ListBudgetsResponse)
        return tuple(map(convert.budget, answer.budgets))
