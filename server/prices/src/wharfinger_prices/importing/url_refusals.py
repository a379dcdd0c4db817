"""The refusal of an address that prices may not be fetched from, or can't be."""

from __future__ import annotations

from collections.abc import Collection

from wharfinger_outbound import locations
from wharfinger_prices.errors import PermissionDenied, Unavailable


def locate(url: str, allowed: Collection[str] = ()) -> locations.Location:
    """Return where prices are, as `locations.locate` does.

    Raises PermissionDenied PRICES_URL_REFUSED, and Unavailable PRICES_UNREACHABLE if the name can't be resolved.
    """
    try:
        return locations.locate(url, allowed, "[prices] allow_sources")
    except locations.UrlRefused as error:
        raise refused(error.told, error.cause, error.advice) from None
    except locations.Unresolved as error:
        raise unreachable(error.told, error.cause) from None


def refused(told: str, cause: str, advice: str = "") -> PermissionDenied:
    """Return the refusal of a URL that nothing may be fetched from; `told` is the URL as it may be shown."""
    said = f"prices may not be fetched from {told}: {cause}{advice}"
    return PermissionDenied("PRICES_URL_REFUSED", said, {"url": told, "cause": cause})


def unreachable(told: str, cause: str, status: int | None = None) -> Unavailable:
    """Return the refusal where the data could not be fetched."""
    more = {} if status is None else {"status": str(status)}
    said = f"the prices at {told} could not be fetched: {cause}"
    return Unavailable("PRICES_UNREACHABLE", said, {"url": told, "cause": cause} | more)
