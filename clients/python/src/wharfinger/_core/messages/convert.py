"""Messages of the API as the client's models."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.rpc import error_details_pb2, status_pb2

from wharfinger import models
from wharfinger._core.messages.jsonvalues import from_struct
from wharfinger._core.messages.status import code_name, detail
from wharfinger._core.messages.times import moment, seconds
from wharfinger.v1 import (
    event_pb2,
    executor_pb2,
    price_pb2,
    resource_pb2,
    script_pb2,
    task_pb2,
)

if TYPE_CHECKING:
    from wharfinger.prices import Estimate


@cache
def enum_word(enum: EnumTypeWrapper, prefix: str, number: int) -> str:
    """Return the API's word for a value without its prefix; "UNKNOWN" for one that this client does not know."""
    known = enum.DESCRIPTOR.values_by_number.get(number)
    return known.name.removeprefix(prefix) if known is not None and number else "UNKNOWN"


def failure(status: status_pb2.Status) -> models.Failure | None:
    """Return why something failed, None for a status that says OK."""
    if not status.code:
        return None
    info = detail(status, error_details_pb2.ErrorInfo)
    return models.Failure(
        code=code_name(status.code),
        reason=info.reason if info else "",
        message=status.message,
        metadata=dict(info.metadata) if info else {},
        raw=status,
    )


def money(value: price_pb2.DecimalMoney) -> models.Money | None:
    """Return an amount, None for one that is no number."""
    try:
        return models.Money(Decimal(value.amount), value.currency_code)
    except InvalidOperation:
        return None


def cost(value: price_pb2.LeftoverCost) -> models.LeftoverCost:
    """Return what leftovers cost."""
    known = tuple(amount for amount in map(money, value.known_hourly) if amount is not None)
    return models.LeftoverCost(known, value.unpriced, value.uncertain, raw=value)


def progress(value: task_pb2.Progress) -> models.Progress:
    """Return how far a task is."""
    return models.Progress(
        step=value.step,
        done=value.done,
        total=value.total if value.HasField("total") else None,
        unit=value.unit,
        message=value.message,
        eta=seconds(value.eta) if value.HasField("eta") else None,
        time=moment(value.update_time),
        raw=value,
    )


def resource(value: resource_pb2.Resource) -> models.Resource:
    """Return one entry of a ledger."""
    return models.Resource(
        key=value.key,
        type=value.type,
        state=models.ResourceState(enum_word(resource_pb2.ResourceState, "RESOURCE_STATE_", value.state)),
        external_id=value.external_id,
        step=value.step,
        owned=value.owned,
        ordinal=value.ordinal,
        generation=value.generation,
        token=value.token,
        profile=value.profile,
        region=value.region,
        attributes=dict(value.attributes),
        depends_on=tuple(value.depends_on),
        failure=failure(value.error),
        undo_attempts=value.undo_attempts,
        blocked_by=value.blocked_by,
        hourly=money(value.hourly) if value.HasField("hourly") else None,
        truncated=value.truncated,
        epoch=value.epoch,
        intent_time=moment(value.intent_time),
        send_by=moment(value.send_by),
        update_time=moment(value.update_time),
        evidence_of=value.evidence_of,
        raw=value,
    )


def summary(value: resource_pb2.ResourceSummary) -> models.ResourceSummary:
    """Return a ledger in numbers."""
    return models.ResourceSummary(
        created=value.created,
        uncertain=value.uncertain,
        undone=value.undone,
        undo_failed=value.undo_failed,
        retained=value.retained,
        missing=value.missing,
        leftover=cost(value.leftover) if value.HasField("leftover") else None,
        raw=value,
    )


def attempt(value: task_pb2.Attempt) -> models.Attempt:
    """Return one go at a task."""
    return models.Attempt(
        epoch=value.epoch,
        phase=enum_word(task_pb2.AttemptPhase, "ATTEMPT_PHASE_", value.phase),
        executor=value.executor,
        worker=value.worker,
        start_time=moment(value.start_time),
        end_time=moment(value.end_time),
        failure=failure(value.error),
        raw=value,
    )


def task_state(number: int) -> models.TaskState:
    """Return the state of that number."""
    return models.TaskState(enum_word(task_pb2.TaskState, "TASK_STATE_", number))


def task(value: task_pb2.Task, *, full: bool = True) -> models.Task:
    """Return a task; without `full` it is one in brief, whose message leaves out what it does."""
    return models.Task(
        name=value.name,
        uid=value.uid,
        etag=value.etag,
        script=value.script,
        state=task_state(value.state),
        script_version=value.script_version,
        executor=value.executor,
        creator=value.creator,
        params=from_struct(value.params) if full else None,
        labels=dict(value.labels),
        waiting_reason=value.waiting_reason if full else None,
        progress=progress(value.progress) if value.HasField("progress") else None,
        result=from_struct(value.result) if value.HasField("result") else None,
        failure=failure(value.error),
        rollback_failure=failure(value.rollback_error),
        resources=summary(value.resources),
        attempts=tuple(map(attempt, value.attempts)) if full else None,
        estimate=_estimate(value.estimate) if value.HasField("estimate") else None,
        create_time=moment(value.create_time),
        update_time=moment(value.update_time),
        start_time=moment(value.start_time),
        end_time=moment(value.end_time),
        expire_time=moment(value.expire_time),
        last_sequence=value.last_sequence,
        full=full,
        raw=value,
    )


def _estimate(value: price_pb2.CostEstimate) -> Estimate:
    from wharfinger._core.messages.price_values import estimate  # which needs this module, and is seldom needed

    return estimate(value)


def rollback_plan(value: task_pb2.RollbackPlan) -> models.RollbackPlan:
    """Return what a rollback would do."""
    return models.RollbackPlan(
        waves=tuple(tuple(wave.keys) for wave in value.waves),
        retained=tuple(value.retained),
        sought=tuple(value.sought),
        blocked={key: value.blocked[key] for key in sorted(value.blocked)},
        raw=value,
    )


def log_level(number: int) -> str:
    """Return the word for how grave a log line is; what is not said counts as INFO."""
    return enum_word(event_pb2.LogLevel, "LOG_LEVEL_", number) if number else "INFO"


def script(value: script_pb2.Script) -> models.Script:
    """Return what the server knows of a script."""
    return models.Script(
        name=value.name.removeprefix("scripts/"),
        version=value.version,
        distribution=value.distribution,
        summary=value.summary,
        params_schema=from_struct(value.params_schema),
        result_schema=from_struct(value.result_schema),
        can_undo=value.can_undo,
        can_find=value.can_find,
        can_look=value.can_look,
        can_estimate=value.can_estimate,
        resumable=value.resumable,
        run_compatible_since=value.run_compatible_since,
        undo_compatible_since=value.undo_compatible_since,
        executors=tuple(value.executors),
        broken_reason=value.broken_reason,
        raw=value,
    )


def executor(value: executor_pb2.Executor) -> models.Executor:
    """Return what the server knows of an executor."""
    return models.Executor(
        name=value.name.removeprefix("executors/"),
        version=value.version,
        summary=value.summary,
        slots=value.slots,
        running=value.running,
        queued=value.queued,
        draining=value.draining,
        workers=tuple(map(worker, value.workers)),
        unavailable_reason=value.unavailable_reason,
        raw=value,
    )


def worker(value: executor_pb2.Worker) -> models.Worker:
    """Return what the server knows of a worker."""
    return models.Worker(
        id=value.id,
        host=value.host,
        language=value.language,
        slots=value.slots,
        running=value.running,
        scripts=tuple(value.scripts),
        connect_time=moment(value.connect_time),
        raw=value,
    )
