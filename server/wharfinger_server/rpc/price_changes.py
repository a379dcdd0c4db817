"""The calls of PricingService about how prices changed."""

from __future__ import annotations

from collections.abc import Sequence

from wharfinger.v1 import pricing_service_pb2 as v1
from wharfinger_prices.catalogues.diff import Difference
from wharfinger_server.config import Limits
from wharfinger_server.engine.use_cases.price_changes import PriceChanges
from wharfinger_server.engine.use_cases.price_queries import Question
from wharfinger_server.rpc import names
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.framing import framed, tag
from wharfinger_server.rpc.messages.price import fill_price, price_message
from wharfinger_server.rpc.messages.times import fill_time
from wharfinger_server.rpc.pages import page

_BEFORE = tag(3)


class PriceChangeMethods:
    """What is not the same in two catalogues, and what a thing cost since when."""

    def __init__(self, changes: PriceChanges, limits: Limits) -> None:
        self._changes = changes
        self._response_bytes = limits.response_bytes

    async def diff_catalogs(self, request: v1.DiffCatalogsRequest, call: Call) -> bytes:
        """Return a page of the differences between two catalogues."""
        after = names.catalog_of(request.name)
        before = names.catalog_of(request.before, "before") if request.before else ""
        compared = ""

        async def read(size: int) -> tuple[Sequence[Difference], str]:
            """Read a page of that size."""
            nonlocal compared
            found, following, compared = await self._changes.differences(after, before, size, request.page_token)
            return found, following

        told = await page(read, request.page_size, self._response_bytes, _change_bytes)
        return told + framed(_BEFORE, f"catalogs/{compared}".encode())

    async def list_price_history(self, request: v1.ListPriceHistoryRequest, call: Call) -> v1.ListPriceHistoryResponse:
        """Return what a thing cost since when."""
        asked = Question(
            provider=request.provider,
            sku=request.sku,
            region=request.region,
            category=request.category,
            term=request.term,
            currency=request.currency_code,
            source=request.source,
            unit=request.unit,
        )
        message = v1.ListPriceHistoryResponse()
        for point in await self._changes.history(call.caller, names.project_of(request.parent), asked):
            shown = message.points.add()
            fill_time(shown.start_time, point.start)
            if point.found is not None:
                shown.price.CopyFrom(price_message(point.found))
        return message


def _change_bytes(difference: Difference) -> bytes:
    message = v1.PriceChange()
    if difference.before is not None:
        fill_price(message.before, difference.before)
    if difference.after is not None:
        fill_price(message.after, difference.after)
    return message.SerializeToString()
