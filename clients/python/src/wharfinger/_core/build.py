"""What a caller asks for, as messages of the API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from google.protobuf import duration_pb2

from wharfinger._core.ids import new_request_id
from wharfinger._core.jsonvalues import to_struct
from wharfinger.errors import InvalidArgument, Violation
from wharfinger.models import Verdict
from wharfinger.requests import NewTask, Policy
from wharfinger.v1 import policy_pb2, price_pb2, task_pb2, task_service_pb2

_WISHES = {"": 0, "keep": policy_pb2.ON_FAILURE_KEEP, "roll_back": policy_pb2.ON_FAILURE_ROLL_BACK}
_TASK_NAME = re.compile(r"projects/[^/]+/tasks/[^/]+")


def task_name(project: str, name_or_id: str) -> str:
    """Return the full name for a full name or a task's id in `project`.

    Raises:
        InvalidArgument: it is neither.
    """
    if _TASK_NAME.fullmatch(name_or_id):
        return name_or_id
    if not name_or_id or "/" in name_or_id:
        description = f"{name_or_id!r} is no task; give its id, or projects/PROJECT/tasks/ID"
        raise InvalidArgument(
            "INVALID_ARGUMENT", "INVALID_NAME", f"name: {description}", {}, (Violation("name", description),)
        )
    return f"projects/{project}/tasks/{name_or_id}"


def create_request(project: str, new: NewTask) -> task_service_pb2.CreateTaskRequest:
    """Return the request for `new`, with a request id of its own where the caller gave none.

    Raises:
        InvalidArgument: params or policy hold what the API can't.
    """
    task = task_pb2.Task(
        script=new.script,
        script_version=new.script_version,
        executor=new.executor,
        params=to_struct(new.params, "task.params"),
        labels=new.labels,
    )
    if new.policy is not None:
        task.policy.CopyFrom(policy(new.policy))
    return task_service_pb2.CreateTaskRequest(
        parent=f"projects/{project}",
        task_id=new.task_id,
        task=task,
        request_id=new.request_id or new_request_id(),
        validate_only=new.validate_only,
    )


def keys(field: str, given: Iterable[str]) -> list[str]:
    """Return the keys of ledger entries that `field` is given.

    Raises:
        InvalidArgument: it is one text, which would be taken for keys of one letter each.
    """
    if isinstance(given, str):
        raise _wrong(field, f"is the text {given!r}; give a list of keys, such as [{given!r}]")
    return list(given)


def verdict(word: str) -> task_service_pb2.ResourceVerdict.ValueType:
    """Return the verdict of that word.

    Raises:
        InvalidArgument: there is no such verdict.
    """
    if word not in list(Verdict):
        raise _wrong("verdict", f"{word!r} is no verdict; there are {', '.join(Verdict)}")
    return task_service_pb2.ResourceVerdict.Value(f"RESOURCE_VERDICT_{word}")


def policy(wish: Policy | Mapping[str, Any]) -> policy_pb2.Policy:
    """Return the policy message of a `Policy` or of a mapping with its fields.

    Raises:
        InvalidArgument: a field that does not exist, or a value that it can't have.
    """
    given = wish if isinstance(wish, Policy) else _policy_of(wish)
    message = policy_pb2.Policy()
    for name in Policy.__dataclass_fields__:
        try:
            _set(message, name, getattr(given, name))
        except (TypeError, ValueError, OverflowError) as error:
            raise _refused(name, str(error)) from error
    return message


def _set(message: policy_pb2.Policy, name: str, value: Any) -> None:
    if value is None:
        return
    if name in ("on_failure", "on_cancel"):
        if value not in _WISHES:
            raise ValueError(f'{value!r} is neither "keep" nor "roll_back"')
        setattr(message, name, _WISHES[value])
    elif name in ("retry_backoff", "attempt_timeout", "total_timeout", "undo_timeout"):
        getattr(message, name).CopyFrom(duration(value))
    elif name == "not_before":
        if value.tzinfo is None:
            raise ValueError("needs a time zone, such as datetime.now(UTC)")
        message.not_before.FromDatetime(value)
    elif name == "max_hourly_cost":
        amount = format(value.amount, "f")
        message.max_hourly_cost.CopyFrom(price_pb2.DecimalMoney(currency_code=value.currency, amount=amount))
    else:
        setattr(message, name, value)


def duration(value: float | timedelta) -> duration_pb2.Duration:
    """Return seconds or a timedelta as a Duration."""
    message = duration_pb2.Duration()
    message.FromTimedelta(value if isinstance(value, timedelta) else timedelta(seconds=value))
    return message


def _policy_of(values: Mapping[str, Any]) -> Policy:
    unknown = [name for name in values if name not in Policy.__dataclass_fields__]
    if unknown:
        known = ", ".join(Policy.__dataclass_fields__)
        raise _refused(unknown[0], f"no such field of a policy; there are {known}")
    return Policy(**values)


def _refused(field: str, description: str) -> InvalidArgument:
    return _wrong(f"task.policy.{field}", description)


def _wrong(path: str, description: str) -> InvalidArgument:
    return InvalidArgument(
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        f"{path}: {description}",
        {"field": path},
        (Violation(path, description),),
    )
