"""A task's policy."""

from __future__ import annotations

from functools import lru_cache

from wharfinger.v1 import policy_pb2
from wharfinger_server.domain.errors import InvalidArgument, Violation
from wharfinger_server.domain.policy import OnFailure, Policy
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.rpc.messages.times import duration_of, fill_duration, fill_time, time_of

DEFAULT = Policy()
_KNOWN_WISHES = frozenset(int(wish) for wish in OnFailure)
_DURATIONS = ("retry_backoff", "attempt_timeout", "total_timeout", "undo_timeout")
_KEPT = 256
"""So many policies are kept as they were read, and as they are shown: requests come with few different ones."""


def policy_of(message: policy_pb2.Policy, path: str) -> Policy:
    """Return the policy that a caller wishes. What its numbers may be is the engine's to say.

    Raises:
        InvalidArgument: naming every field below `path` that can't be read.
    """
    return _read(message.SerializeToString(), path)


@lru_cache(maxsize=_KEPT)
def _read(wire: bytes, path: str) -> Policy:
    message = policy_pb2.Policy.FromString(wire)
    violations: list[Violation] = []
    times: dict[str, int] = {}
    for field in (*_DURATIONS, "not_before"):
        if message.HasField(field):  # type: ignore[arg-type]
            try:
                times[field] = (time_of if field == "not_before" else duration_of)(getattr(message, field))
            except ValueError as error:
                violations.append(Violation(f"{path}.{field}", str(error)))
    for field in ("on_failure", "on_cancel"):
        number = getattr(message, field)
        if number not in _KNOWN_WISHES:
            violations.append(Violation(f"{path}.{field}", f"is no value of OnFailure: {number}"))
    if violations:
        first = violations[0]
        metadata = {"field": first.field}
        raise InvalidArgument("INVALID_ARGUMENT", f"{first.field} {first.description}", metadata, violations)
    return Policy(
        on_failure=OnFailure(message.on_failure),
        on_cancel=OnFailure(message.on_cancel),
        max_attempts=message.max_attempts,
        max_lost_attempts=message.max_lost_attempts,
        max_undo_attempts=message.max_undo_attempts,
        priority=message.priority,
        concurrency_key=message.concurrency_key,
        max_hourly_cost=message.max_hourly_cost.amount,
        max_hourly_currency=message.max_hourly_cost.currency_code,
        allow_unpriced=message.allow_unpriced,
        **times,
    )


def policy_message(policy: Policy) -> policy_pb2.Policy:
    """Return the policy with its defaults filled in, as a task shows it."""
    message = policy_pb2.Policy(
        on_failure=policy.on_failure or OnFailure.KEEP,  # type: ignore[arg-type]
        on_cancel=policy.on_cancel or OnFailure.KEEP,  # type: ignore[arg-type]
        max_attempts=policy.attempts,
        max_lost_attempts=policy.losses,
        max_undo_attempts=policy.undos,
        priority=policy.priority,
        concurrency_key=policy.concurrency_key,
        allow_unpriced=policy.allow_unpriced,
    )
    fill_duration(message.retry_backoff, policy.retry_backoff or SECOND)
    if policy.attempt_timeout:
        fill_duration(message.attempt_timeout, policy.attempt_timeout)
    if policy.total_timeout:
        fill_duration(message.total_timeout, policy.total_timeout)
    if policy.undo_timeout:
        fill_duration(message.undo_timeout, policy.undo_timeout)
    if policy.not_before:
        fill_time(message.not_before, policy.not_before)
    if policy.max_hourly_cost:
        message.max_hourly_cost.amount = policy.max_hourly_cost
        message.max_hourly_cost.currency_code = policy.max_hourly_currency
    return message


_shown = lru_cache(maxsize=_KEPT)(policy_message)


def fill_policy(message: policy_pb2.Policy, policy: Policy) -> None:
    """Set `message` to the policy as a task shows it."""
    message.CopyFrom(_shown(policy))
