"""Why something failed, as kept in the database: a canonical status code, a reason and a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Code(IntEnum):
    """The canonical status codes, by their wire numbers (google.rpc.Code)."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure of a task, an attempt or a ledger entry.

    `retryable` is the failing side's own word that trying again may help; `step` names the step that failed.
    """

    code: Code
    reason: str
    message: str
    retryable: bool = False
    step: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
