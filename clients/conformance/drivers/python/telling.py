"""The Python client's values in the words of the drivers."""

from __future__ import annotations

from typing import Any

from wharfinger import errors, models
from wharfinger.aio.handle import Handle
from wharfinger.events import EntryChanged, ErrorEvent, Event, LogLine, ProgressUpdate, Snapshot, StateChanged
from wharfinger.models import LeftoverGroup
from wharfinger.prices import Budget, Money, Price, PriceChange

Told = dict[str, Any]


def task(value: models.Task) -> Told:
    """Return TASK."""
    return {
        "name": value.name,
        "state": str(value.state),
        "script": value.script,
        "script_version": value.script_version,
        "params": value.params,
        "result": value.result,
        "failure": failure(value.failure) if value.failure else None,
        "labels": dict(value.labels),
        "creator": value.creator,
        "last_sequence": value.last_sequence,
    }


def failure(value: models.Failure) -> Told:
    """Return why something failed."""
    return {
        "code": value.code,
        "reason": value.reason,
        "message": value.message,
        "metadata": dict(value.metadata),
    }


def money(value: Money) -> Told:
    """Return an amount as it is, no digit more or less."""
    return {"amount": f"{value.amount:f}", "currency": value.currency}


def amount(price: Price | None) -> str | None:
    """Return what a price amounts to, None where that is unknown."""
    return None if price is None or price.amount is None else f"{price.amount.amount:f}"


def change(value: PriceChange) -> Told:
    """Return what is not the same in two catalogues."""
    one = value.after or value.before
    return {"sku": one.sku if one else None, "before": amount(value.before), "after": amount(value.after)}


def budget(value: Budget) -> Told:
    """Return a budget."""
    limit, use = (list(map(money, sums)) for sums in (value.hourly_limit, value.hourly_use))
    return {"project": value.project, "limit": limit, "use": use}


def group(value: LeftoverGroup) -> Told:
    """Return a group of leftovers."""
    assert value.cost is not None, "a server tells it always"
    cost = {
        "known_hourly": list(map(money, value.cost.known_hourly)),
        "unpriced": value.cost.unpriced,
        "uncertain": value.cost.uncertain,
    }
    return {"key": value.key, "tasks": value.task_count, "alive": value.alive_count, "cost": cost}


def event(value: Event) -> Told:
    """Return EVENT."""
    told: Told = {"kind": "unknown", "task": value.name, "sequence": value.sequence}
    match value:
        case Snapshot():
            told |= {"kind": "snapshot", "state": str(value.task.state), "final": value.final}
        case StateChanged():
            told |= {"kind": "state", "state": str(value.state), "reason": value.reason}
        case EntryChanged():
            told |= {"kind": "entry", "key": value.entry.key, "entry_state": str(value.entry.state)}
        case LogLine():
            told |= {"kind": "log", "text": value.text}
        case ErrorEvent():
            told |= {"kind": "failure", "reason": value.failure.reason, "text": value.failure.message}
        case ProgressUpdate():
            told |= {"kind": "progress", "text": value.progress.message}
    if value.resume_token:
        told["resume_token"] = value.resume_token.hex()
    return told


def outcome(value: Handle | errors.WharfingerError) -> Told:
    """Return what became of one task of a batch."""
    if isinstance(value, errors.WharfingerError):
        return {"error": error(value)}
    assert value.task is not None, "a batch tells what it made"
    return {"task": task(value.task)}


def error(value: Exception) -> Told:
    """Return ERROR."""
    match value:
        case errors.PartialFailure():
            return _failed(value) | {
                "created": [entry.key for entry in value.created],
                "uncertain": [entry.key for entry in value.uncertain],
                "not_attempted": list(value.not_attempted),
                "allowed_actions": list(value.allowed_actions),
                "cost": cost(value.cost) if value.cost else None,
                "failed_step": value.failed_step,
                "retryable": value.retryable,
            }
        case errors.TaskFailed():
            return _failed(value)
        case errors.Refused():
            return {
                "kind": "Refused",
                "message": str(value),
                "code": value.code,
                "reason": value.reason,
                "metadata": value.metadata,
                "violations": [violation.field for violation in value.violations],
                "choices": list(value.choices),
                "retryable": value.retryable,
            }
        case errors.TimedOut():
            return {"kind": "TimedOut", "message": str(value)}
        case errors.Unreachable():
            return {"kind": "Unreachable", "message": str(value), "code": value.code}
        case _:
            return {"kind": "Invalid", "message": str(value)}


def _failed(value: errors.TaskFailed) -> Told:
    told = failure(value.failure) if value.failure else {}
    return told | {"kind": type(value).__name__, "message": str(value)}


def cost(value: models.LeftoverCost) -> Told:
    """Return what leftovers cost."""
    return {
        "known_hourly": [money(sum_) for sum_ in value.known_hourly],
        "unpriced": value.unpriced,
        "uncertain": value.uncertain,
    }


def schedule(value: models.Schedule) -> Told:
    """Return a schedule."""
    return {"name": value.name, "cron": value.cron, "time_zone": value.time_zone, "paused": value.paused}
