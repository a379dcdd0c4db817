"""A task's policy: every field by its name in the descriptor, so that a new one needs no code here."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from wharfinger.v1 import policy_pb2, price_pb2
from wharfinger_server.domain.errors import InvalidArgument, Violation
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.rpc.messages.times import duration_of, fill_duration, fill_time, time_of

DEFAULT = Policy()
_KNOWN_WISHES = frozenset(int(wish) for wish in LeftoverPolicy)
_KEPT = 256
"""So many policies are kept as they were read, and as they are shown: requests come with few different ones."""
_DURATION, _TIME = "google.protobuf.Duration", "google.protobuf.Timestamp"
_MONEY = price_pb2.DecimalMoney.DESCRIPTOR.full_name
_WISH = policy_pb2.LeftoverPolicy.DESCRIPTOR.full_name


def _kind(field: Any) -> str:
    """Return the full name of a field's message or enumeration; of a plain one it is empty."""
    inner = field.message_type or field.enum_type
    return inner.full_name if inner else ""


_KEPT_AS = {"not_before_time": "not_before"}
"""What the domain, and so what is stored, calls otherwise than the API."""
_FIELDS = tuple((field.name, _kind(field)) for field in policy_pb2.Policy.DESCRIPTOR.fields)
if _lacking := {_KEPT_AS.get(name, name) for name, _ in _FIELDS} - set(Policy.__dataclass_fields__):
    raise LookupError(f"domain.policy.Policy lacks fields that the API has: {', '.join(sorted(_lacking))}")


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
    values: dict[str, Any] = {}
    for name, kind in _FIELDS:
        try:
            values |= _values(message, name, kind)
        except ValueError as error:
            violations.append(Violation(f"{path}.{name}", str(error)))
    if violations:
        first = violations[0]
        metadata = {"field": first.field}
        raise InvalidArgument("INVALID_ARGUMENT", f"{first.field} {first.description}", metadata, violations)
    return Policy(**values)


def _values(message: Any, name: str, kind: str) -> dict[str, Any]:
    """Return what a field of the message says of the policy. Raises ValueError for what it can't."""
    value = getattr(message, name)
    if kind in (_DURATION, _TIME):
        read = time_of if kind == _TIME else duration_of
        return {_KEPT_AS.get(name, name): read(value)} if message.HasField(name) else {}
    if kind == _MONEY:
        return {name: value.amount, "max_hourly_currency": value.currency_code}
    if kind == _WISH:
        if value not in _KNOWN_WISHES:
            raise ValueError(f"is no value of LeftoverPolicy: {value}")
        return {name: LeftoverPolicy(value)}
    if name == "max_lost_attempts" and not value and message.HasField(name):
        # A task that may be lost as often as this fails with the next loss: 0 times and once are the same.
        return {name: 1}
    return {name: value}


def policy_message(policy: Policy) -> policy_pb2.Policy:
    """Return the policy with its defaults filled in, as a task shows it."""
    message = policy_pb2.Policy()
    whole = policy.whole
    for name, kind in _FIELDS:
        value = getattr(whole, _KEPT_AS.get(name, name))
        if not value:
            continue
        if kind == _DURATION:
            fill_duration(getattr(message, name), value)
        elif kind == _TIME:
            fill_time(getattr(message, name), value)
        elif kind == _MONEY:
            getattr(message, name).amount = value
            getattr(message, name).currency_code = whole.max_hourly_currency
        else:
            setattr(message, name, value)
    return message


_shown = lru_cache(maxsize=_KEPT)(policy_message)


def fill_policy(message: policy_pb2.Policy, policy: Policy) -> None:
    """Set `message` to the policy as a task shows it."""
    message.CopyFrom(_shown(policy))
