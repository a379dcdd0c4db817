"""Status codes as the protocols of the web know them, and the end of a call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import grpc

from wharfinger_server.domain.errors import Refused
from wharfinger_server.rpc.status import STATUS_KEY, code_of, status_of

Metadata = tuple[tuple[str, str | bytes], ...]
Code = grpc.StatusCode

_HTTP = {
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended: its code, what is said of it, and the metadata that follows the answer."""

    code: grpc.StatusCode = Code.OK
    message: str = ""
    trailers: Metadata = ()

    @property
    def http(self) -> int:
        """The HTTP status under which Connect tells it."""
        return 200 if self.code is Code.OK else _HTTP.get(self.code, 500)

    @property
    def name(self) -> str:
        """The code as Connect writes it."""
        return "canceled" if self.code is Code.CANCELLED else self.code.name.lower()

    @property
    def number(self) -> int:
        """The code as gRPC writes it."""
        return int(self.code.value[0])

    @property
    def details(self) -> bytes:
        """The serialised google.rpc.Status of an error, empty where it has none."""
        return next((value for key, value in self.trailers if key == STATUS_KEY and isinstance(value, bytes)), b"")

    def without_details(self) -> Iterable[tuple[str, str | bytes]]:
        """Return the trailers that are not the error's details."""
        return ((key, value) for key, value in self.trailers if key != STATUS_KEY)


class Ended(grpc.aio.AbortError):
    """Ends a call before, or instead of, what does it; for our handlers it is as if they had ended it."""

    def __init__(self, end: End) -> None:
        super().__init__(end.message)
        self.end = end


def ended(code: grpc.StatusCode, message: str) -> Ended:
    """Return what ends a call that breaks its protocol; there is no reason for a program to act by."""
    return Ended(End(code, message))


def refusal(refused: Refused) -> Ended:
    """Return what ends a call with a refusal, its details with it."""
    status = status_of(refused)
    return Ended(End(code_of(refused), status.message, ((STATUS_KEY, status.SerializeToString()),)))
