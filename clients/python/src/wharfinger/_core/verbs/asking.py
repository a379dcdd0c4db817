"""Requests about half-done tasks, and the ids under which a request is made once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message

from wharfinger import errors, models
from wharfinger._core.connection.transport import Transport
from wharfinger._core.messages import build, convert, fields
from wharfinger._core.messages.ids import new_request_id
from wharfinger._core.messages.jsonvalues import from_struct
from wharfinger._core.messages.reading import enum_words
from wharfinger.requests import NewTask
from wharfinger.v1 import task_pb2, task_service_pb2

A = TypeVar("A", bound=Message)


def leftover_grouping(by: str) -> task_service_pb2.LeftoverGrouping.ValueType:
    """Return the API's value for what makes a group of leftovers. Raises ValueError for a word that is none."""
    words = enum_words(task_service_pb2.LeftoverGrouping.DESCRIPTOR)
    for number, word in words.items():
        if word.lower() == by:
            return number  # type: ignore[return-value]  # a number of the enumeration's own
    raise ValueError(f"by is {by!r}; it must be one of {', '.join(sorted(word.lower() for word in words.values()))}")


async def once(transport: Transport, request: Any, answer: type[A]) -> A:
    """Return the answer to a request with an id; where none comes the error tells it, to ask again under."""
    try:
        return await transport.unary(request, answer)
    except errors.Unreachable as error:
        error.request_id = request.request_id
        raise


_NOT_AGAIN = frozenset({"script", "script_version"})
"""What a task that is asked for again does not take over by itself: it runs in the version that is installed now."""


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


async def rerun(
    transport: Transport, project: str, name: str, changed: Mapping[str, Any], task_id: str, request_id: str
) -> models.Task:
    """Ask for a task like that one, in the same project as the client's."""
    found = await transport.unary(fields.message(task_service_pb2.GetTaskRequest, name=name), task_pb2.Task)
    new = NewTask(
        found.script,
        {**from_struct(found.params), **changed},
        task_id=task_id,
        request_id=request_id,
        **{name: _plain(getattr(found, name)) for name in build.OF_TASK if name not in _NOT_AGAIN},
    )
    request = build.create_request(project, new)
    request.task.policy.CopyFrom(found.policy)
    # The total timeout would be counted from then.
    request.task.policy.ClearField("not_before_time")
    return convert.task(await once(transport, request, task_pb2.Task))


async def cancel(transport: Transport, name: str, reason: str, etag: str, request_id: str) -> models.Task:
    """Ask a task to stop."""
    request = fields.message(
        task_service_pb2.CancelTaskRequest,
        name=name,
        reason=reason,
        etag=etag,
        request_id=request_id or new_request_id(),
    )
    return convert.task(await once(transport, request, task_pb2.Task))


async def resume(transport: Transport, name: str, script_version: str, etag: str, request_id: str) -> models.Task:
    """Let a half-done task run again."""
    request = fields.message(
        task_service_pb2.ResumeTaskRequest,
        name=name,
        script_version=script_version,
        etag=etag,
        request_id=request_id or new_request_id(),
    )
    return convert.task(await once(transport, request, task_pb2.Task))


async def rollback(
    transport: Transport, name: str, only: Iterable[str], retain: Iterable[str], etag: str, request_id: str
) -> models.Task:
    """Undo what a task made."""
    request = _rollback(name, only, retain)
    request.etag = etag
    request.request_id = request_id or new_request_id()
    return convert.task(await once(transport, request, task_pb2.Task))


async def rollback_plan(
    transport: Transport, name: str, only: Iterable[str], retain: Iterable[str]
) -> models.RollbackPlan:
    """Return what a rollback would do."""
    request = _rollback(name, only, retain)
    request.validate_only = True
    return convert.rollback_plan((await transport.unary(request, task_pb2.Task)).rollback_plan)


def _rollback(name: str, only: Iterable[str], retain: Iterable[str]) -> task_service_pb2.RollbackTaskRequest:
    return fields.message(
        task_service_pb2.RollbackTaskRequest,
        name=name,
        only=build.keys("only", only),
        retain=build.keys("retain", retain),
    )


async def resolve(
    transport: Transport,
    name: str,
    key: str,
    verdict: str,
    *,
    external_id: str,
    reason: str,
    etag: str,
    request_id: str,
) -> models.Task:
    """Tell a person's verdict on one entry of a ledger."""
    request = fields.message(
        task_service_pb2.ResolveLedgerEntryRequest,
        name=name,
        key=key,
        verdict=build.verdict(verdict),
        external_id=external_id,
        reason=reason,
        etag=etag,
        request_id=request_id or new_request_id(),
    )
    return convert.task(await once(transport, request, task_pb2.Task))
