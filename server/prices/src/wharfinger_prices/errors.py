"""Every way in which prices refuse a request, with a reason for programs and a sentence for people.

The server's own refusals are of these classes too; each class is one gRPC status there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field: `field` is its path in the request (`task.params.stores[0]`)."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What a field may be instead: the likeliest first where they are guesses, all there are where `complete`."""

    field: str
    values: tuple[str, ...]
    complete: bool = False


class Refused(Exception):
    """A request that is refused, with a reason a program can act on and a sentence that helps a person.

    `metadata` is the reason's documented set of facts; `violations` name the fields at fault, and `choices` what one of
    them may be. All of it travels to the caller.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        choices: Choices | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.choices = choices if choices and choices.values else None


class InvalidArgument(Refused):
    """The request is wrong whatever the state of the server."""


class NotFound(Refused):
    """The thing does not exist, or belongs to a project the caller may not see: both answer alike."""


class FailedPrecondition(Refused):
    """The state of the thing forbids it now."""


class Aborted(Refused):
    """The caller's view is outdated (etag): read again, then decide."""


class OutOfRange(Refused):
    """A position that the server no longer holds."""


class Unavailable(Refused):
    """Not now: the same request may go through later."""


class PermissionDenied(Refused):
    """The credential does not allow it."""


def invalid(field: str, description: str, reason: str = "INVALID_ARGUMENT", **metadata: str) -> InvalidArgument:
    """Return the refusal of one field."""
    return InvalidArgument(reason, f"{field}: {description}", metadata, (Violation(field, description),))
