"""Messages of the API as the client's values."""

from __future__ import annotations

from dataclasses import replace

from wharfinger import models, prices
from wharfinger._core.messages.reading import enum_word, read
from wharfinger.v1 import (
    access_service_pb2,
    catalog_pb2,
    event_pb2,
    executor_pb2,
    failure_pb2,
    ledger_pb2,
    price_pb2,
    pricing_service_pb2,
    schedule_pb2,
    script_pb2,
    task_pb2,
    task_service_pb2,
)

_BRIEF = {**dict.fromkeys(models.LEFT_OUT), "full": False}


def task(value: task_pb2.Task, *, full: bool = True) -> models.Task:
    """Return a task; without `full` it is one in brief, whose message leaves out what it does."""
    return read(models.Task, value) if full else read(models.Task, value, **_BRIEF)


def task_state(number: int) -> models.TaskState:
    """Return the state of that number."""
    return models.TaskState(enum_word(task_pb2.TaskState.DESCRIPTOR, number))


def progress(value: task_pb2.Progress) -> models.Progress:
    """Return how far a task is."""
    return read(models.Progress, value)


def failure(value: failure_pb2.Failure) -> models.Failure:
    """Return why something failed."""
    return read(models.Failure, value)


def entry(value: ledger_pb2.LedgerEntry) -> models.LedgerEntry:
    """Return one entry of a ledger."""
    return read(models.LedgerEntry, value)


def cost(value: price_pb2.LeftoverCost) -> models.LeftoverCost:
    """Return what leftovers cost."""
    return read(models.LeftoverCost, value)


def rollback_plan(value: task_pb2.RollbackPlan) -> models.RollbackPlan:
    """Return what a rollback would do."""
    return read(models.RollbackPlan, value)


def log_level(number: int) -> str:
    """Return the word for how grave a log line is; what is not said counts as INFO."""
    return enum_word(event_pb2.LogLevel.DESCRIPTOR, number) if number else "INFO"


def script(value: script_pb2.Script) -> models.Script:
    """Return what the server knows of a script."""
    return read(models.Script, value)


def executor(value: executor_pb2.Executor) -> models.Executor:
    """Return what the server knows of an executor."""
    return read(models.Executor, value)


def schedule(value: schedule_pb2.Schedule) -> models.Schedule:
    """Return a schedule."""
    return read(models.Schedule, value)


def price(value: price_pb2.Price) -> prices.Price:
    """Return a price."""
    return read(prices.Price, value)


def estimate(value: price_pb2.CostEstimate) -> prices.Estimate:
    """Return an estimate."""
    return read(prices.Estimate, value)


def catalog(value: catalog_pb2.Catalog) -> prices.Catalog:
    """Return a catalogue."""
    return read(prices.Catalog, value)


def activation(value: catalog_pb2.Activation) -> prices.Activation:
    """Return that a catalogue became active."""
    return read(prices.Activation, value)


def leftovers(value: task_service_pb2.SummarizeLeftoversResponse) -> models.Leftovers:
    """Return the sums of what is left over."""
    return read(models.Leftovers, value)


def price_change(value: pricing_service_pb2.PriceChange) -> prices.PriceChange:
    """Return what is not the same in two catalogues."""
    return read(prices.PriceChange, value)


def price_point(value: pricing_service_pb2.PricePoint) -> prices.PricePoint:
    """Return from when on a thing had a price."""
    return read(prices.PricePoint, value)


def budget(value: pricing_service_pb2.Budget) -> prices.Budget:
    """Return a budget, with the plain name of its project."""
    return read(prices.Budget, value, project=value.project.removeprefix("projects/"))


def caller(value: access_service_pb2.Caller) -> models.Caller:
    """Return who calls."""
    roles = {
        name: models.Role(enum_word(access_service_pb2.Role.DESCRIPTOR, number))
        for name, number in sorted(value.project_roles.items())
    }
    identity = enum_word(access_service_pb2.CallerIdentity.DESCRIPTOR, value.identity)
    return replace(read(models.Caller, value, identity=identity), project_roles=roles)
