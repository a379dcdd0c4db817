"""PricingService: translates, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from wharfinger.v1 import catalog_pb2, price_pb2, pricing_service_pb2
from wharfinger_server.config import Limits
from wharfinger_server.domain.errors import FailedPrecondition, invalid
from wharfinger_server.domain.estimate import Estimate
from wharfinger_server.engine.interface.requests import CreateRequest
from wharfinger_server.engine.use_cases.estimates import Estimates, Moment
from wharfinger_server.engine.use_cases.price_queries import PriceDesk, Question
from wharfinger_server.pricing import Activation, Catalog, Found
from wharfinger_server.rpc import names
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.catalog import LONGEST_REASON, activation_message, catalog_message
from wharfinger_server.rpc.messages.price import fill_estimate, price_message, wanted
from wharfinger_server.rpc.messages.task import new_task
from wharfinger_server.rpc.messages.times import time_of
from wharfinger_server.rpc.pages import page


class PricingMethods:
    """The unary methods of PricingService. `estimates` is None where no scripts are at hand."""

    def __init__(self, desk: PriceDesk, estimates: Estimates | None, limits: Limits) -> None:
        self._desk = desk
        self._estimates = estimates
        self._response_bytes = limits.response_bytes

    async def estimate_cost(
        self, request: pricing_service_pb2.EstimateCostRequest, call: Call
    ) -> price_pb2.CostEstimate:
        """Say what a task, or a list of items, would cost."""
        project = names.project_of(request.parent)
        moment = _moment(request)
        if request.HasField("task") == bool(request.items):
            raise invalid("task", "give either task or items")
        if request.items:
            items = wanted(request.items)
            estimate = await self._desk.estimate(call.caller, project, items, _basis(request), moment)
        else:
            estimate = await self._of_task(request, project, Moment(_basis(request), moment), call)
        message = price_pb2.CostEstimate()
        fill_estimate(message, estimate)
        return message

    async def _of_task(
        self, request: pricing_service_pb2.EstimateCostRequest, project: str, moment: Moment, call: Call
    ) -> Estimate:
        script = request.task.script
        if self._estimates is None:
            why = "no server runs here; `wharfinger serve` starts one"
            raise FailedPrecondition("CANNOT_ESTIMATE", f"{script}: {why}", {"script": script, "cause": why})
        create = CreateRequest(project, new_task(request.task, "task"), validate_only=True)
        return await self._estimates.cost(call.caller, create, moment)

    async def get_price(self, request: pricing_service_pb2.GetPriceRequest, call: Call) -> price_pb2.Price:
        """Return a price."""
        asked = Question(
            provider=request.provider,
            sku=request.sku,
            region=request.region,
            category=request.category,
            term=request.term,
            currency=request.currency_code,
            at=_moment(request),
            catalog=_basis(request),
            source=request.source,
            unit=request.unit,
        )
        return price_message(await self._desk.price(call.caller, names.project_of(request.parent), asked))

    async def list_prices(self, request: pricing_service_pb2.ListPricesRequest, call: Call) -> bytes:
        """Return a page of prices."""
        project = names.project_of(request.parent)
        basis = _basis(request)

        async def read(size: int) -> tuple[Sequence[Found], str]:
            """Read a page of that size."""
            return await self._desk.prices(call.caller, project, request.filter, size, request.page_token, basis)

        return await page(read, request.page_size, self._response_bytes, _price_bytes)

    async def get_catalog(self, request: pricing_service_pb2.GetCatalogRequest, call: Call) -> catalog_pb2.Catalog:
        """Return a catalogue."""
        return catalog_message(await self._desk.catalog(names.catalog_of(request.name), request.source))

    async def list_catalogs(self, request: pricing_service_pb2.ListCatalogsRequest, call: Call) -> bytes:
        """Return a page of catalogues."""
        names.check_optional_project(request.parent, call.caller)

        async def read(size: int) -> tuple[Sequence[Catalog], str]:
            """Read a page of that size."""
            return await self._desk.catalogs(size, request.page_token, request.source)

        return await page(read, request.page_size, self._response_bytes, _catalog_bytes)

    async def activate_catalog(
        self, request: pricing_service_pb2.ActivateCatalogRequest, call: Call
    ) -> catalog_pb2.Catalog:
        """Make a catalogue the active one of its source."""
        digest = names.catalog_of(request.name)
        if len(request.reason) > LONGEST_REASON:
            raise invalid("reason", f"is longer than {LONGEST_REASON} characters")
        override = request.override_checks
        return catalog_message(await self._desk.activate(call.caller, digest, request.reason, override=override))

    async def list_activations(self, request: pricing_service_pb2.ListActivationsRequest, call: Call) -> bytes:
        """Return a page of activations."""
        names.check_optional_project(request.parent, call.caller)

        async def read(size: int) -> tuple[Sequence[Activation], str]:
            """Read a page of that size."""
            return await self._desk.activations(call.caller, size, request.page_token, request.source)

        return await page(read, request.page_size, self._response_bytes, _activation_bytes)


def _moment(request: pricing_service_pb2.EstimateCostRequest | pricing_service_pb2.GetPriceRequest) -> int | None:
    """Return the moment whose prices are asked for, in microseconds; None: now."""
    if not request.HasField("at_time"):
        return None
    at: Timestamp = request.at_time
    try:
        return time_of(at)
    except ValueError as error:
        raise invalid("at_time", str(error)) from None


def _basis(
    request: pricing_service_pb2.EstimateCostRequest
    | pricing_service_pb2.GetPriceRequest
    | pricing_service_pb2.ListPricesRequest,
) -> str:
    """Return the digest of what to look in: a catalogue's, or that of an estimate's basis; "" for what is active.

    Clients from before there was a `price_basis` send either as `catalog_digest`, and are served.
    """
    if request.catalog_digest and request.price_basis:
        raise invalid("price_basis", "give either catalog_digest or price_basis")
    return request.catalog_digest or request.price_basis


def _price_bytes(found: Found) -> bytes:
    return price_message(found).SerializeToString()


def _catalog_bytes(catalog: Catalog) -> bytes:
    return catalog_message(catalog).SerializeToString()


def _activation_bytes(activation: Activation) -> bytes:
    return activation_message(activation).SerializeToString()
