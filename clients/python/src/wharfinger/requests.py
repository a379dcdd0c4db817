"""A caller's requests: a new task and its policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from wharfinger._model import Shown
from wharfinger.prices import Money


class LeftoverPolicy(StrEnum):
    """What becomes of what a task made, when it fails or is cancelled.

    KEEP: it stays, for somebody to decide. ROLL_BACK: it is undone at once, children first.
    """

    KEEP = "KEEP"
    ROLL_BACK = "ROLL_BACK"


class OverlapPolicy(StrEnum):
    """What a schedule does when the task of its firing before has not ended.

    SKIP: it makes no task. QUEUE: the new one waits for those before. CANCEL: the one before is cancelled, and the new
    one begins after its end.
    """

    SKIP = "SKIP"
    QUEUE = "QUEUE"
    CANCEL = "CANCEL"


def _about(words: str, *, least: int | None = None, most: int | None = None, shown: str = "") -> Mapping[str, Any]:
    """Return the metadata of a field that is an option of the command line: what is said of it, and its bounds there.

    `shown` stands for its value, where the type alone does not say enough.
    """
    return {"about": words, "least": least, "most": most, "shown": shown}


@dataclass(frozen=True, slots=True, repr=False)
class Policy(Shown):
    """How hard a task tries, how long, and what becomes of half-done work. What is not set takes the server's default.

    `on_failure` and `on_cancel` are a `LeftoverPolicy` or its word. Durations are seconds or timedeltas. `max_attempts`
    counts retryable failures, `max_lost_attempts` executors that were lost, `max_undo_attempts` the undos of one thing
    that begin in a rollback. `total_timeout` runs from creation (or `not_before_time`, an aware datetime) to the end of
    the last attempt. A higher `priority` runs first, from -1000 to 1000. Tasks that share a `concurrency_key` run one
    at a time, or up to `concurrency_limit`. With `max_hourly_cost` a task whose estimate is dearer is refused, and so
    is one with unpriced items unless `allow_unpriced`.
    """

    on_failure: LeftoverPolicy | str = field(
        default="", metadata=_about("What becomes of what a failed task made. [default: keep]")
    )
    on_cancel: LeftoverPolicy | str = field(
        default="", metadata=_about("What becomes of what a cancelled task made. [default: keep]")
    )
    max_attempts: int = field(
        default=0, metadata=_about("How often to try when it fails retryably. [default: 1]", least=1)
    )
    max_lost_attempts: int | None = field(
        default=None,
        metadata=_about("How often its executor may be lost; 0: it never runs again. [default: 5]", least=0),
    )
    max_undo_attempts: int = field(default=0, metadata=_about("How often to undo a thing. [default: 3]", least=1))
    retry_backoff: float | timedelta | None = field(
        default=None, metadata=_about("The pause before its second attempt.")
    )
    attempt_timeout: float | timedelta | None = field(default=None, metadata=_about("How long one attempt may take."))
    total_timeout: float | timedelta | None = field(
        default=None, metadata=_about("How long it may take altogether, such as 5m.")
    )
    undo_timeout: float | timedelta | None = field(default=None, metadata=_about("How long a rollback may take."))
    not_before_time: datetime | None = field(
        default=None, metadata=_about("When it may begin, such as 2026-12-24T18:00:00Z. [default: at once]")
    )
    priority: int = field(default=0, metadata=_about("Higher runs first. [default: 0]", least=-1000, most=1000))
    concurrency_key: str = field(
        default="", metadata=_about("Of all tasks with this key one runs at a time.", shown="KEY")
    )
    concurrency_limit: int = field(
        default=0, metadata=_about("Of all tasks with the key so many run at once. [default: 1]", least=1, most=10_000)
    )
    max_hourly_cost: Money | None = field(default=None, metadata=_about("Refuse a dearer one, such as: '2.50 USD'"))
    allow_unpriced: bool = field(default=False, metadata=_about("Accept things of no known price."))


@dataclass(frozen=True, slots=True, repr=False)
class NewTask(Shown):
    """One task of `Client.submit_many`; the fields are the arguments of `Client.submit`."""

    script: str
    # Not shown: secrets may be in it.
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    task_id: str = field(
        default="", kw_only=True, metadata=_about("The last part of the task's name. [default: made up]", shown="ID")
    )
    labels: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    executor: str = field(
        default="",
        kw_only=True,
        metadata=_about("Where to run it. [default: what the script prefers]", shown="NAME"),
    )
    script_version: str = field(
        default="",
        kw_only=True,
        metadata=_about("Only in this version; it must be the installed one.", shown="VERSION"),
    )
    policy: Policy | Mapping[str, Any] | None = field(default=None, kw_only=True)
    request_id: str = field(
        default="",
        kw_only=True,
        metadata=_about("The same id makes no second task. [default: a new one]", shown="ID"),
    )
    validate_only: bool = field(default=False, kw_only=True, metadata=_about("Check everything, create nothing."))


@dataclass(frozen=True, slots=True, repr=False)
class NewSchedule(Shown):
    """A schedule to be created: `task` at each instant of `cron` in `time_zone`, or once in `every` seconds.

    `cron` has five fields: minute, hour, day of the month, month, day of the week. `every`, `catch_up_window` and
    `jitter` are seconds or timedeltas.
    """

    task: NewTask
    cron: str = field(default="", metadata=_about("When: minute, hour, day of the month, month, day of the week."))
    every: float | timedelta | None = field(default=None, metadata=_about("Once in so long, instead of --cron."))
    time_zone: str = field(
        default="", metadata=_about("Of --cron, such as Europe/Berlin. [default: UTC]", shown="NAME")
    )
    overlap: OverlapPolicy | str = field(
        default="", metadata=_about("What to do while the task before has not ended. [default: skip]")
    )
    catch_up_window: float | timedelta | None = field(
        default=None, metadata=_about("How late it may fire after downtime. [default: 1h]")
    )
    jitter: float | timedelta | None = field(default=None, metadata=_about("Fire later by a part of this."))
    paused: bool = field(default=False, metadata=_about("Create it paused."))
    request_id: str = ""
    validate_only: bool = field(default=False, metadata=_about("Check everything, create nothing."))
