"""The retry policy: which errors are tried again, and after how long."""

from __future__ import annotations

import random
import time

from wharfinger import errors

# Without a word from our server these may be a fault between here and there, or a lasting one; so only so often in a
# row.
DOUBTFUL_LIMIT = 10


class Deadline:
    """The caller's own limit, in seconds from now; None: none."""

    def __init__(self, timeout: float | None) -> None:
        self._end = None if timeout is None else time.monotonic() + timeout

    def left(self) -> float:
        """Return the seconds left, infinite without a limit, never below 0."""
        return float("inf") if self._end is None else max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self.left() <= 0.0


class Backoff:
    """Waits between tries: doubling from 0.1 to 3 seconds, each drawn at random up to that, anew after a success."""

    def __init__(self, first: float = 0.1, longest: float = 3.0) -> None:
        self._first = first
        self._longest = longest
        self.failures = 0

    def ease(self, keep: int = 0) -> None:
        """Forget all failures but `keep`: something was received."""
        self.failures = min(self.failures, keep)

    def next(self, error: Exception | None = None) -> float:
        """Return how many seconds to wait: at least what the server asked for in `error`, and not much beyond that."""
        asked = error.retry_after if isinstance(error, errors.Refused) and error.retry_after else 0.0
        limit = min(max(self._first, self._longest - asked), self._first * 2 ** min(self.failures, 20))
        self.failures += 1
        # Not everyone at once after a restart; this is no secret.
        return asked + random.uniform(0.1 * limit, limit)  # noqa: S311


def passing(error: errors.WharfingerError, failures: int, *, connected: bool) -> bool:
    """Return whether trying again may help; `failures` in a row so far, `connected` whether it ever worked."""
    if isinstance(error, errors.Unreachable | errors.Unavailable):
        return True
    if isinstance(error, errors.Refused) and error.reason == "WATCH_LIMIT":
        # Our own watch of before may still be counted.
        return connected
    if isinstance(error, errors.Refused) and error.retryable:
        return True
    if isinstance(error, errors.InternalError):
        # A reset stream shows as INTERNAL or UNKNOWN, without a reason.
        return not error.reason and failures < DOUBTFUL_LIMIT
    return False
