"""The refusal of a source that may not be read from, or can't be."""

from __future__ import annotations

from collections.abc import Collection

from wharfinger.script import Failed
from wharfinger_outbound import locations


def locate(url: str, allowed: Collection[str] = (), *, unresolved: bool = False) -> locations.Location:
    """Return where a source is, as `locations.locate` does. Raises Failed: SOURCE_REFUSED, SOURCE_FAILED."""
    try:
        return locations.locate(url, allowed, "[image] allow_sources", unresolved=unresolved)
    except locations.UrlRefused as error:
        raise refused(error.told, error.cause, error.advice) from None
    except locations.Unresolved as error:
        raise unreadable(error.told, error.cause) from None


def refused(told: str, cause: str, advice: str = "") -> Failed:
    """Return the failure of a source that may not be read from; `told` is its URL as it may be shown."""
    message = f"the source {told} is refused: {cause}{advice}"
    return Failed(message, reason="SOURCE_REFUSED", metadata={"url": told, "cause": cause})


def unreadable(told: str, cause: str, *, status: int | None = None, retryable: bool = True) -> Failed:
    """Return the failure of a source that could not be read."""
    metadata = {"url": told, "cause": cause} | ({} if status is None else {"status": str(status)})
    message = f"the source {told} could not be read: {cause}"
    return Failed(message, reason="SOURCE_FAILED", retryable=retryable, metadata=metadata)


def unsendable() -> Failed:
    """Return the failure of headers that can't go with a request; what they say is a secret."""
    why = "headers: a name or a value can't be sent; names of headers, printable ASCII, none of HTTP's own"
    return Failed(why, reason="PARAMS_INVALID")
