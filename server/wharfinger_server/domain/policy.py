"""A task's policy: what is done when an attempt fails, is lost, takes too long or is cancelled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from wharfinger.ledger.undo import ANY_POLICY, Undos
from wharfinger_server.domain.timing import SECOND

DEFAULT_MAX_LOST_ATTEMPTS = 5
_YEARS = 100 * 365 * 86_400 * SECOND
RANGES = {
    "max_attempts": (0, 1_000),
    "max_lost_attempts": (0, 1_000),
    "max_undo_attempts": (0, 1_000),
    "retry_backoff": (0, _YEARS),
    "attempt_timeout": (0, _YEARS),
    "total_timeout": (0, _YEARS),
    "undo_timeout": (0, _YEARS),
    "not_before": (0, 1 << 62),
    "concurrency_limit": (0, 10_000),
    "priority": (-1_000_000, 1_000_000),
}
"""The least and the most of each number of a policy; times are microseconds."""


class LeftoverPolicy(IntEnum):
    """What becomes of the things a task made when it fails or is cancelled; numbers as on the wire."""

    UNSPECIFIED = 0
    KEEP = 1
    ROLL_BACK = 2


@dataclass(frozen=True, slots=True)
class Policy:
    """A task's policy.

    Zero means the default: one attempt, five losses, three undos of a thing, no time limits, priority 0.
    """

    on_failure: LeftoverPolicy = LeftoverPolicy.UNSPECIFIED
    on_cancel: LeftoverPolicy = LeftoverPolicy.UNSPECIFIED
    max_attempts: int = 0
    max_lost_attempts: int = 0
    retry_backoff: int = 0
    attempt_timeout: int = 0
    total_timeout: int = 0
    undo_timeout: int = 0
    not_before: int = 0
    priority: int = 0
    concurrency_key: str = ""
    max_hourly_cost: str = ""
    max_hourly_currency: str = ""
    allow_unpriced: bool = False
    max_undo_attempts: int = 0
    concurrency_limit: int = 0

    @property
    def whole(self) -> Policy:
        """Return the policy with its defaults filled in."""
        return replace(
            self,
            on_failure=self.on_failure or LeftoverPolicy.KEEP,
            on_cancel=self.on_cancel or LeftoverPolicy.KEEP,
            max_attempts=self.attempts,
            max_lost_attempts=self.losses,
            max_undo_attempts=self.undos,
            retry_backoff=self.retry_backoff or SECOND,
        )

    @property
    def attempts(self) -> int:
        """Return how many attempts may fail retryably before the task does."""
        return self.max_attempts or 1

    @property
    def losses(self) -> int:
        """Return how many attempts may be lost with their executor before the task fails."""
        return self.max_lost_attempts or DEFAULT_MAX_LOST_ATTEMPTS

    @property
    def undos(self) -> int:
        """Return how many undos of one thing may begin in a rollback (rule 25)."""
        return self.max_undo_attempts or ANY_POLICY.undos

    def backoff(self, runs: int) -> int:
        """Return how long to wait before the next attempt, after `runs` attempts: doubling, at most an hour."""
        return Undos(first_wait=self.retry_backoff or SECOND).backoff(runs)
