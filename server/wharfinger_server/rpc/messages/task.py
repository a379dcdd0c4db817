"""A task: what a caller asks for, and what is shown of it."""

from __future__ import annotations

from dataclasses import fields

from google.api import field_behavior_pb2

from wharfinger.ledger.states import TaskState
from wharfinger.v1 import task_pb2
from wharfinger_server.domain.errors import InvalidArgument
from wharfinger_server.domain.task import AttemptRecord, Task
from wharfinger_server.domain.task_spec import TaskSpec
from wharfinger_server.engine.interface.requests import NewTask
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.lifecycle.causes import found_since, told_error
from wharfinger_server.rpc.messages import policy
from wharfinger_server.rpc.messages.failure import fill_failure
from wharfinger_server.rpc.messages.leftovers import fill_partial_failure, fill_summary
from wharfinger_server.rpc.messages.params import UnfitNumber, faults, fill_struct_json, struct_to_python
from wharfinger_server.rpc.messages.price import fill_estimate
from wharfinger_server.rpc.messages.progress import fill_progress
from wharfinger_server.rpc.messages.times import fill_time
from wharfinger_server.rpc.required import behaviours

_FIELDS = task_pb2.Task.DESCRIPTOR.fields
_PLAIN = frozenset(field.name for field in _FIELDS if field.message_type is None and not field.is_repeated)
_ASKED = tuple(field.name for field in fields(NewTask) if field.name in _PLAIN)
"""The texts and numbers that callers ask for, named in NewTask as in the API."""
_OF_SPEC = tuple(sorted(name for name in _PLAIN if hasattr(TaskSpec, name)))
_OF_TASK = tuple(sorted(name for name in _PLAIN if hasattr(Task, name)))
_SHOWN = (*_OF_SPEC, *_OF_TASK)
"""The texts and numbers that are shown as they are, named in the domain as in the API."""
_NOT_THE_CALLERS = frozenset(
    field.name for field in _FIELDS if field_behavior_pb2.OUTPUT_ONLY in behaviours(field) and field.name not in _SHOWN
)
"""What a client may have set though only the server does, and what may stay unset here."""


def new_task(message: task_pb2.Task, path: str) -> NewTask:
    """Return what the caller wants run.

    Raises:
        InvalidArgument: PARAMS_INVALID or INVALID_ARGUMENT, naming every field at fault below `path`.
    """
    try:
        params = struct_to_python(message.params)
    except UnfitNumber:
        violations = faults(message.params, f"{path}.params")
        first = violations[0]
        said = f"{first.field} {first.description}"
        raise InvalidArgument("PARAMS_INVALID", said, {"script": message.script}, violations) from None
    wishes = policy.policy_of(message.policy, f"{path}.policy") if message.HasField("policy") else policy.DEFAULT
    labels = dict(message.labels) if message.labels else {}
    return NewTask(params=params, labels=labels, policy=wishes, **{name: getattr(message, name) for name in _ASKED})


def complete(message: task_pb2.Task, shown: TaskView) -> None:
    """Turn the task of a CreateTaskRequest into the one that was created: labels and open params are there already."""
    for field, _ in message.ListFields():
        if field.name in _NOT_THE_CALLERS:
            message.ClearField(field.name)  # type: ignore[arg-type]
    if shown.task.spec.sealed:  # the caller's own have what must not be shown
        message.ClearField("params")
        fill_struct_json(message.params, shown.task.spec.params)
    _fill(message, shown)


def task_message(shown: TaskView) -> task_pb2.Task:
    """Return the task as it is shown: in full, or in the basic view."""
    message = task_pb2.Task()
    fill_task(message, shown)
    return message


def fill_task(message: task_pb2.Task, shown: TaskView) -> None:
    """Set an empty `message` to the task."""
    task = shown.task
    if task.spec.labels:
        message.labels.update(task.spec.labels)
    if shown.full:
        fill_struct_json(message.params, task.spec.params)
    _fill(message, shown)


def _fill(message: task_pb2.Task, shown: TaskView) -> None:
    """Set all but params and labels."""
    task = shown.task
    for name in _OF_SPEC:
        setattr(message, name, getattr(task.spec, name))
    for name in _OF_TASK:
        setattr(message, name, getattr(task, name))
    policy.fill_policy(message.policy, task.spec.policy)
    fill_time(message.create_time, task.create_time)
    fill_time(message.update_time, task.update_time or task.create_time)
    if shown.waiting_reason:
        message.waiting_reason = shown.waiting_reason
    if task.state is not TaskState.QUEUED or task.start_time:
        _fill_begun(message, task, shown)
    if shown.progress is not None:
        fill_progress(message.progress, shown.progress)
    if task.counts.owned or task.counts.foreign:
        fill_summary(message.ledger, task)
    if shown.estimate is not None:
        fill_estimate(message.estimate, shown.estimate)
    if shown.full and task.attempts:
        for attempt in task.attempts:
            _fill_attempt(message.attempts.add(), attempt, task)


def _fill_begun(message: task_pb2.Task, task: Task, shown: TaskView) -> None:
    """Set what only a task that left the queue once can have."""
    if task.start_time:
        fill_time(message.start_time, task.start_time)
    if task.end_time and task.state.resting:
        fill_time(message.end_time, task.end_time)
    if task.expire_time:
        fill_time(message.expire_time, task.expire_time)
    if task.result and shown.full:
        fill_struct_json(message.result, task.result)
    _fill_errors(message, task, shown)


def _fill_errors(message: task_pb2.Task, task: Task, shown: TaskView) -> None:
    error = told_error(task, shown.left_over if shown.full else None)
    if error is not None:
        fill_failure(message.failure, error)
        if shown.full and task.state.half_done:
            fill_partial_failure(message.partial_failure, shown)
    if task.rollback_error is not None:
        fill_failure(message.rollback_failure, task.rollback_error)


def _fill_attempt(message: task_pb2.Attempt, attempt: AttemptRecord, task: Task) -> None:
    message.epoch = attempt.epoch
    message.phase = int(attempt.phase)  # type: ignore[assignment]
    message.executor = attempt.executor
    message.worker = attempt.worker
    fill_time(message.start_time, attempt.start_time)
    if attempt.end_time:
        fill_time(message.end_time, attempt.end_time)
    if attempt.error is not None:
        fill_failure(message.failure, found_since(task, attempt.error))
