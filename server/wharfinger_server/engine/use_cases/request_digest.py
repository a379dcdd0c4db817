"""What two requests under one request id must share: everything that the caller chose.

A request is told from another by every field of `CreateRequest`, `NewTask` and `Policy`, also those that are added
after today, except the few that `_APART` names. The bytes have the form that they began with, so that a request of
before an upgrade is still known by the digest that was stored then: the fields of that time are always told, a field
that came later where it was chosen.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any

import orjson

from wharfinger_server.domain.policy import Policy
from wharfinger_server.engine.interface.requests import CreateRequest

_APART = ("project", "request_id", "validate_only", "traceparent")
"""What is no part of the choice: where and under which id it is looked up, whether it is meant, and who traces it."""
_OF_REQUEST = (*_APART, "task", "task_id")
_OF_TASK = ("script", "script_version", "executor", "labels", "policy", "params")
_OF_POLICY = (
    "on_failure",
    "on_cancel",
    "max_attempts",
    "max_lost_attempts",
    "retry_backoff",
    "attempt_timeout",
    "total_timeout",
    "undo_timeout",
    "not_before",
    "priority",
    "concurrency_key",
    "max_hourly_cost",
    "max_hourly_currency",
    "allow_unpriced",
)
"""The fields that the form began with. Never add one: it would change the digest of requests that did not choose it."""


def told(request: CreateRequest, params: bytes) -> bytes:
    """Return what the caller chose, as bytes to make a digest of; `params` are the whole ones, as canonical JSON."""
    new = request.task
    policy = orjson.Fragment(_policy(new.policy))
    first: list[Any] = [request.task_id, new.script, new.script_version, new.executor, new.labels, policy]
    later = _later(request, _OF_REQUEST) | _later(new, _OF_TASK)
    if later:
        first.append(later)
    return orjson.dumps(first, option=orjson.OPT_SORT_KEYS) + b"\0" + params


@lru_cache(maxsize=256)
def _policy(policy: Policy) -> bytes:
    return orjson.dumps({name: getattr(policy, name) for name in _OF_POLICY} | _later(policy, _OF_POLICY))


def _later(value: Any, first: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of a dataclass beside the `first`, where they are not what they are by default."""
    cls: Any = type(value)
    return {name: chosen for name, default in _names(cls, first) if (chosen := getattr(value, name)) != default}


@lru_cache(maxsize=16)
def _names(cls: Any, first: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    made = ((one.name, one.default, one.default_factory) for one in fields(cls) if one.name not in first)
    return tuple((name, default if factory is MISSING else factory()) for name, default, factory in made)
