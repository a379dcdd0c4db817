"""Prices for callers: who may ask, who may change what everybody is told, and how a question is read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from wharfinger_prices.price import CATEGORIES
from wharfinger_server.config import Limits
from wharfinger_server.domain.errors import PermissionDenied, invalid
from wharfinger_server.domain.estimate import Estimate
from wharfinger_server.engine.interface.id_checks import check_project
from wharfinger_server.engine.interface.page_tokens import page_limit, page_start, page_token, place_start, place_token
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.engine.use_cases.price_filter import price_filter
from wharfinger_server.pricing import Activation, Catalog, Found, ImportRequest, OnProgress, Pricing, Stack, estimate
from wharfinger_server.pricing.estimating import Wanted

USUAL_PAGE = 100
_MOST_ITEMS = 10_000
_CURRENCY = re.compile(r"[A-Z]{3}")


class Question(NamedTuple):
    """A question for one price. What is "" is taken as `Stack.price` takes it; `at` is in microseconds, None: now.

    `catalog` is the digest of what to look in, "" for what is active; `source` is of which source the figure must be.
    """

    provider: str
    sku: str
    region: str = ""
    category: str = ""
    term: str = ""
    currency: str = ""
    at: int | None = None
    catalog: str = ""
    source: str = ""
    unit: str = ""


class PriceDesk:
    """What callers can do with prices. Every method raises a `Refused` that says why and what to do.

    A project's prices are for those whose credential opens it. Catalogues are the whole server's: all may see them, and
    who brings one in, makes it the active one, or reads who did so needs a credential that opens all projects.
    """

    def __init__(self, pricing: Pricing, limits: Limits) -> None:
        self._pricing = pricing
        self._most_page = limits.max_page_size

    # ------------------------------------------------------------------ asking

    async def price(self, caller: Caller, project: str, asked: Question) -> Found:
        """Return the price that fits. Raises PriceUnknown, PriceAmbiguous, NotFound UNKNOWN_CATALOG."""
        if asked.category and asked.category not in CATEGORIES:
            raise invalid("category", f"{asked.category[:40]!r} is none; there are {', '.join(CATEGORIES)}")
        if asked.currency and not _CURRENCY.fullmatch(asked.currency):
            raise invalid("currency_code", f"{asked.currency[:40]!r} is no ISO 4217 code, such as USD")
        stack = await self._stack(caller, project, asked.catalog)
        what = (
            asked.provider,
            asked.region,
            asked.sku,
            asked.category,
            asked.term,
            asked.currency,
            asked.unit,
            asked.at,
        )
        found = stack.find(*what, source=asked.source)
        if found is not None:
            return found
        # To find out which are similar takes long enough to hold the others up.
        return await asyncio.to_thread(lambda: stack.price(*what, source=asked.source))

    async def prices(
        self,
        caller: Caller,
        project: str,
        filter: str = "",  # noqa: A002 - the API's own word
        page_size: int = 0,
        token: str = "",
        catalog: str = "",
    ) -> tuple[Sequence[Found], str]:
        """Return a page of prices in the order of provider, region and sku, and the token of the next one."""
        stack = await self._stack(caller, project, catalog)
        which = price_filter(filter)
        limit = page_limit(page_size, USUAL_PAGE, self._most_page)
        question = ("prices", project, filter, catalog)
        after = place_start(token, *question)
        # A filter that little fits makes it read far.
        page = await asyncio.to_thread(stack.prices, which, after, limit)
        return page.prices, place_token(page.after, *question) if page.after else ""

    async def estimate(
        self, caller: Caller, project: str, items: Sequence[Wanted], catalog: str, at: int | None
    ) -> Estimate:
        """Return what a list of items costs for an hour. Raises PriceAmbiguous, NotFound UNKNOWN_CATALOG."""
        if len(items) > _MOST_ITEMS:
            raise invalid("items", f"{len(items)} are too many; {_MOST_ITEMS} are the most")
        stack = await self._stack(caller, project, catalog)
        return await asyncio.to_thread(estimate, items, stack, at, similar=True)

    async def _stack(self, caller: Caller, project: str, catalog: str) -> Stack:
        check_project(caller, project)
        return await (self._pricing.stack_of(catalog) if catalog else self._pricing.current(project))

    # ------------------------------------------------------------------ catalogues

    async def catalog(self, digest: str, source: str) -> Catalog:
        """Return a catalogue by its digest, or the "active" one of a source. Raises NotFound UNKNOWN_CATALOG."""
        return await self._pricing.catalog(digest, source)

    async def catalogs(self, page_size: int, token: str, source: str) -> tuple[Sequence[Catalog], str]:
        """Return a page of catalogues, the newest import first, and the token of the next one; `source` "": of all."""
        limit = page_limit(page_size, USUAL_PAGE, self._most_page)
        question = ("catalogs", source)
        found = await self._pricing.catalogs(place_start(token, *question), limit + 1, source)
        return found[:limit], place_token(found[limit - 1].digest, *question) if len(found) > limit else ""

    async def activations(
        self, caller: Caller, page_size: int, token: str, source: str
    ) -> tuple[Sequence[Activation], str]:
        """Return a page of the activations, the newest first, and the token of the next one; `source` "": of all."""
        # They name people of other projects.
        self.check_opens_all(caller)
        limit = page_limit(page_size, USUAL_PAGE, self._most_page)
        question = ("activations", source)
        found = await self._pricing.activations(limit + 1, page_start(token, *question), source)
        return found[:limit], page_token(found[limit - 1].number, *question) if len(found) > limit else ""

    def check_opens_all(self, caller: Caller) -> None:
        """Refuse a caller that may neither change what all projects are told, nor read who did."""
        if caller.projects is not None:
            why = "catalogues of prices are for all projects, and this credential does not open all of them"
            raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "catalogs"})

    async def import_file(
        self, caller: Caller, pieces: AsyncIterable[bytes], request: ImportRequest, progress: OnProgress
    ) -> Catalog:
        """Import a catalogue from the pieces of its file; see `Pricing.import_file`."""
        self.check_opens_all(caller)
        return await self._pricing.import_file(pieces, replace(request, actor=caller.creator), progress)

    async def import_url(self, caller: Caller, request: ImportRequest, progress: OnProgress) -> Catalog:
        """Fetch and import a catalogue; see `Pricing.import_url`."""
        self.check_opens_all(caller)
        return await self._pricing.import_url(replace(request, actor=caller.creator), progress)

    async def activate(self, caller: Caller, digest: str, reason: str, *, override: bool) -> Catalog:
        """Make a catalogue the active one. Raises NotFound UNKNOWN_CATALOG, FailedPrecondition PRICES_QUARANTINED."""
        self.check_opens_all(caller)
        return await self._pricing.activate(digest, caller.creator, reason, override=override)
