"""How a decision over a ledger or a task refuses: with a reason for programs, a sentence for people, and the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field: `field` is its path in the request (`task.params.stores[0]`)."""

    field: str
    description: str


class Refused(Exception):
    """A request that is refused, with a reason a program can act on and a sentence that helps a person.

    `metadata` is the reason's documented set of facts; `violations` name the fields at fault. Both travel to the
    caller.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)


class InvalidArgument(Refused):
    """The request is wrong whatever the state of the server."""


class FailedPrecondition(Refused):
    """The state of the thing forbids it now."""


class StateForbids(FailedPrecondition):
    """The state of a task, or of an entry of its ledger, does not allow it; `allowed` are the task's states that do."""

    def __init__(self, message: str, metadata: Mapping[str, str], allowed: Sequence[str] = ()) -> None:
        super().__init__("STATE_FORBIDS", message, metadata)
        self.allowed = tuple(allowed)


def invalid(field: str, description: str, reason: str = "INVALID_ARGUMENT", **metadata: str) -> InvalidArgument:
    """Return the refusal of one field."""
    return InvalidArgument(reason, f"{field}: {description}", metadata, (Violation(field, description),))
