"""Every way in which a request is refused.

Each class is one gRPC status; `reason` is a name of the API's ErrorReason. Those that prices refuse by as well come
from `wharfinger_prices`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wharfinger.ledger import refusals
from wharfinger_prices.errors import (
    Aborted,
    Choices,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    Refused,
    Unavailable,
    Violation,
    invalid,
)

__all__ = [
    "Aborted",
    "AlreadyExists",
    "Choices",
    "FailedPrecondition",
    "Fenced",
    "InvalidArgument",
    "NotFound",
    "OutOfRange",
    "PermissionDenied",
    "Refused",
    "ResourceExhausted",
    "StateForbids",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Violation",
    "invalid",
    "of_ledger",
]


class StateForbids(FailedPrecondition):
    """The state of a task, or of an entry of its ledger, does not allow it; `allowed` are the task's states that do."""

    def __init__(self, message: str, metadata: Mapping[str, str], allowed: Sequence[str] = ()) -> None:
        super().__init__("STATE_FORBIDS", message, metadata)
        self.allowed = tuple(allowed)


class AlreadyExists(Refused):
    """A thing of that name, or another request under that request id, exists."""


class ResourceExhausted(Refused):
    """A limit is reached."""


class Unimplemented(Refused):
    """This server does not offer it."""


class Unauthenticated(Refused):
    """No valid credential came with the request."""


class Fenced(Exception):
    """A write of an attempt whose lease has ended. Nothing was changed; the attempt must stop."""


def of_ledger(refused: refusals.Refused) -> Refused:
    """Return how a decision's refusal leaves the server: of the class that is its gRPC status."""
    if isinstance(refused, refusals.StateForbids):
        return StateForbids(refused.message, refused.metadata, refused.allowed)
    kind = InvalidArgument if isinstance(refused, refusals.InvalidArgument) else FailedPrecondition
    violations = [Violation(one.field, one.description) for one in refused.violations]
    return kind(refused.reason, refused.message, refused.metadata, violations)
