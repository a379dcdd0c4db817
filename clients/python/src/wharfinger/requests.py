"""A caller's requests: a new task and its policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from wharfinger.prices import Money


@dataclass(frozen=True, slots=True)
class Policy:
    """How hard a task tries, how long, and what becomes of half-done work. What is not set takes the server's default.

    `on_failure` and `on_cancel`: "keep" leaves what was made for somebody to decide, "roll_back" undoes it at once.
    Durations are seconds or timedeltas. `max_attempts` counts retryable failures, `max_lost_attempts` executors that
    were lost, `max_undo_attempts` the undos of one thing that begin in a rollback. `total_timeout` runs from creation
    (or `not_before`, an aware datetime) to the end of the last attempt. A higher `priority` runs first, from -1000 to
    1000. Tasks that share a `concurrency_key` run one at a time. With `max_hourly_cost` a task whose estimate is dearer
    is refused, and so is one with unpriced items unless `allow_unpriced`.
    """

    on_failure: Literal["", "keep", "roll_back", "rollback"] = ""
    on_cancel: Literal["", "keep", "roll_back", "rollback"] = ""
    max_attempts: int = 0
    max_lost_attempts: int = 0
    max_undo_attempts: int = 0
    retry_backoff: float | timedelta | None = None
    attempt_timeout: float | timedelta | None = None
    total_timeout: float | timedelta | None = None
    undo_timeout: float | timedelta | None = None
    not_before: datetime | None = None
    priority: int = 0
    concurrency_key: str = ""
    max_hourly_cost: Money | None = None
    allow_unpriced: bool = False


@dataclass(frozen=True, slots=True)
class NewTask:
    """One task of `Client.submit_many`; the fields are the arguments of `Client.submit`."""

    script: str
    params: Mapping[str, Any] = field(default_factory=dict)
    task_id: str = field(default="", kw_only=True)
    labels: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    executor: str = field(default="", kw_only=True)
    script_version: str = field(default="", kw_only=True)
    policy: Policy | Mapping[str, Any] | None = field(default=None, kw_only=True)
    request_id: str = field(default="", kw_only=True)
    validate_only: bool = field(default=False, kw_only=True)
