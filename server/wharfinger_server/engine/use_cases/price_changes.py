"""How prices changed: between two catalogues, and of one thing over time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from wharfinger_prices.catalogues.diff import Difference
from wharfinger_prices.price import Price
from wharfinger_server.config import Limits
from wharfinger_server.domain.errors import FailedPrecondition, NotFound, invalid
from wharfinger_server.domain.timing import now
from wharfinger_server.engine.interface.id_checks import check_project
from wharfinger_server.engine.interface.page_tokens import page_limit, page_start, page_token
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.engine.use_cases.price_queries import USUAL_PAGE, PriceDesk, Question
from wharfinger_server.pricing import Found, Pricing, Stack

_CATALOGUES = 100
"""How many of a source's catalogues a history goes back."""
_STEPS = 100
"""How many prices one catalogue may have of one thing, one after the other."""


class Point(NamedTuple):
    """From the moment `start`, in microseconds, on a thing cost that; None: nobody knew."""

    start: int
    found: Found | None


class PriceChanges:
    """What callers can ask about how prices changed."""

    def __init__(self, pricing: Pricing, desk: PriceDesk, limits: Limits) -> None:
        self._pricing = pricing
        self._desk = desk
        self._most_page = limits.max_page_size

    # ------------------------------------------------------------------ two catalogues

    async def differences(
        self, after: str, before: str, page_size: int, token: str
    ) -> tuple[Sequence[Difference], str, str]:
        """Return a page of what differs, the token of the next one, and the digest of the earlier catalogue.

        Raises NotFound UNKNOWN_CATALOG, and InvalidArgument where `before` is "" and there was none.
        """
        limit = page_limit(page_size, USUAL_PAGE, self._most_page)
        later = await self._pricing.catalog(after)
        before = (await self._pricing.catalog(before)).digest if before else await self._before(later.digest)
        question = ("differences", before, later.digest)
        seen = page_start(token, *question)
        found = (await self._pricing.differences(before, later.digest, seen + limit + 1))[seen:]
        following = page_token(seen + limit, *question) if len(found) > limit else ""
        return found[:limit], following, before

    async def _before(self, digest: str) -> str:
        """Return what was active in a catalogue's source before it became so; what is, where it never did."""
        source = (await self._pricing.catalog(digest)).source
        past = await self._pricing.activations(_CATALOGUES, source=source)
        own = [place for place, activation in enumerate(past) if activation.digest == digest]
        for activation in past[own[0] + 1 :] if own else past:
            if activation.digest != digest:
                return activation.digest
        why = f"the source {source} had no catalogue before this one; say which one to compare it with"
        raise invalid("before", why, "MISSING_FIELD")

    # ------------------------------------------------------------------ one thing over time

    async def history(self, caller: Caller, project: str, asked: Question) -> list[Point]:
        """Return since when a thing cost what, the oldest first; the last point is what holds now.

        Told are the figures of one source: as its catalogues became active, and as prices in them came into force.
        Raises what `PriceDesk.price` does, where nothing is known of the thing now.
        """
        check_project(caller, project)
        present = await self._desk.price(caller, project, asked)
        price = present.price
        asked = asked._replace(
            region=price.region, category=price.category, term=price.term, currency=price.currency, unit=price.unit
        )
        moment = now()
        points: list[Point] = []
        if present.layer == "downloaded":
            source = (await self._pricing.catalog(present.catalog)).source
            past = await self._pricing.activations(_CATALOGUES, source=source)
            ends = [*(activation.time for activation in reversed(past[:-1])), moment]
            for activation, end in zip(reversed(past), ends, strict=True):
                with suppress(NotFound):  # its file is gone, or damaged
                    stack = await self._pricing.stack_of(activation.digest)
                    points += _steps(stack, asked, activation.time, end)
        if not points or _figure(points[-1].found) != _figure(present):
            points.append(Point(min(max(price.effective, points[-1].start if points else 0), moment), present))
        return _changes(points)


def _steps(stack: Stack, asked: Question, start: int, end: int) -> list[Point]:
    """Return what a catalogue says of a thing from `start` on until `end`, each price from when it holds."""
    points: list[Point] = []
    at = start
    while len(points) < _STEPS:
        found = _told(stack, asked, at)
        points.append(Point(at, found))
        following = found.price.expire if found is not None else 0
        if not at < following < end:
            break
        at = following
    return points


def _told(stack: Stack, asked: Question, at: int) -> Found | None:
    """Return what a catalogue says of a thing at a moment; what it said ambiguously, nobody was told."""
    what = (asked.provider, asked.region, asked.sku, asked.category, asked.term, asked.currency, asked.unit)
    try:
        return stack.find(*what, at)
    except FailedPrecondition:
        return None


def _changes(points: Sequence[Point]) -> list[Point]:
    """Leave out the points at which nothing changed, but keep the newest figure of the last ones."""
    kept: list[Point] = []
    for point in points:
        if kept and _figure(kept[-1].found) == _figure(point.found):
            kept[-1] = Point(kept[-1].start, point.found)
        else:
            kept.append(point)
    return kept


def _figure(found: Found | None) -> tuple[object, ...] | None:
    """Return what counts as another figure if it differs; without a price book's rules, which have no history."""
    if found is None:
        return None
    price: Price = found.price
    amount = price.contract.list_amount if price.contract is not None else price.amount
    return amount, price.tiers, price.free
