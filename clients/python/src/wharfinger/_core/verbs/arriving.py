"""Waiting for a server that starts, and what a server says of itself."""

from __future__ import annotations

from wharfinger import errors, models
from wharfinger._core.connection.methods import method_of
from wharfinger._core.connection.retry import Backoff, Deadline
from wharfinger._core.connection.transport import Transport
from wharfinger.v1 import executor_service_pb2

# Seconds.
_TRY = 5.0


async def info(transport: Transport, timeout: float | None = None) -> models.ServerInfo:
    """Return what the server says of itself beside an answer; `timeout` in seconds, None for the call's own."""
    request = executor_service_pb2.ListExecutorsRequest(page_size=1)
    _, told = await transport.unary_with_metadata(request, executor_service_pb2.ListExecutorsResponse, timeout)
    return models.ServerInfo(
        transport.server,
        told.get("wharfinger-server-version", ""),
        told.get("wharfinger-schema", ""),
        told.get("wharfinger-instance", ""),
    )


async def wait_ready(transport: Transport, timeout: float) -> models.ServerInfo:
    """Return what the server says of itself as soon as it answers.

    Raises:
        Unreachable: it does not within `timeout` seconds; the detail is the cause of the last try.
    """
    deadline = Deadline(timeout)
    backoff = Backoff(longest=0.5)
    longest = method_of(executor_service_pb2.ListExecutorsRequest).seconds
    while True:
        try:
            # What gRPC tries again by itself ends in about two seconds with the cause; cut off sooner it tells none.
            return await info(transport, min(max(deadline.left(), _TRY), longest))
        except (errors.Unreachable, errors.Unavailable) as error:
            if deadline.passed:
                if isinstance(error, errors.Unavailable):
                    raise
                detail = f"{error.detail} (waited {timeout:g} seconds)"
                raise errors.Unreachable(error.server, detail, error.code, hint=error.hint) from error
            await transport.sleep(min(backoff.next(error), deadline.left()))
