"""Request messages, made of a caller's values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from google.protobuf import duration_pb2
from google.protobuf.descriptor import EnumDescriptor

from wharfinger._core.messages.fields import given, message, refuse, text
from wharfinger._core.messages.ids import new_request_id
from wharfinger._core.messages.jsonvalues import to_struct
from wharfinger._core.messages.reading import enum_words
from wharfinger.errors import InvalidArgument, Violation
from wharfinger.models import Verdict
from wharfinger.prices import Money
from wharfinger.requests import NewSchedule, NewTask, Policy
from wharfinger.v1 import (
    policy_pb2,
    price_pb2,
    schedule_pb2,
    schedule_service_pb2,
    task_pb2,
    task_service_pb2,
)

_ASKED = frozenset(one.name for one in fields(NewTask)) - {"params", "policy"}
OF_TASK = sorted(_ASKED & set(task_pb2.Task.DESCRIPTOR.fields_by_name))
_OF_REQUEST = sorted(_ASKED - set(OF_TASK))
"""The fields of a new task by where the API has them: those of the task, and those of the request for it."""


def task_name(project: str, name_or_id: str) -> str:
    """Return the full name for a full name or a task's id in `project`. Raises InvalidArgument: it is neither."""
    return _full_name(project, "task", name_or_id)


def schedule_name(project: str, name_or_id: str) -> str:
    """Return the full name for a full name or a schedule's id in `project`. Raises InvalidArgument: it is neither."""
    return _full_name(project, "schedule", name_or_id)


def _full_name(project: str, kind: str, name_or_id: str) -> str:
    if re.fullmatch(rf"projects/[^/]+/{kind}s/[^/]+", text("name", name_or_id)):
        return name_or_id
    if not name_or_id or "/" in name_or_id:
        description = f"{name_or_id!r} is no {kind}; give its id, or projects/PROJECT/{kind}s/ID"
        raise InvalidArgument(
            "INVALID_ARGUMENT", "INVALID_NAME", f"name: {description}", {}, (Violation("name", description),)
        )
    return f"projects/{project}/{kind}s/{name_or_id}"


def schedule_request(project: str, schedule_id: str, new: NewSchedule) -> schedule_service_pb2.CreateScheduleRequest:
    """Return the request for a schedule, with a request id of its own where the caller gave none.

    Raises:
        InvalidArgument: something in it is of a wrong type.
    """
    wanted = create_request(project, new.task, "schedule").task
    place = "schedule."
    made = message(schedule_pb2.Schedule, place, cron=new.cron, time_zone=new.time_zone, paused=new.paused)
    if not new.cron:
        made.ClearField("cron")
    made.task.CopyFrom(wanted)
    overlap: Any = schedule_pb2.OverlapPolicy.DESCRIPTOR
    made.overlap = _wish(overlap, new.overlap, place + "overlap")  # type: ignore[assignment]
    for name in ("every", "catch_up_window", "jitter"):
        value = getattr(new, name)
        if value is not None:
            if name == "every" and new.cron:
                refuse("schedule.every", "is given beside cron; give one of them")
            if isinstance(value, bool) or not isinstance(value, int | float | timedelta):
                refuse(place + name, f"is {given(value)}; give seconds or a timedelta")
            getattr(made, name).CopyFrom(duration(value))
    request = message(
        schedule_service_pb2.CreateScheduleRequest,
        parent=f"projects/{project}",
        schedule_id=schedule_id,
        request_id=new.request_id or new_request_id(),
        validate_only=new.validate_only,
    )
    request.schedule.CopyFrom(made)
    return request


def create_request(project: str, new: NewTask, place: str = "") -> task_service_pb2.CreateTaskRequest:
    """Return the request for `new`, with a request id of its own where the caller gave none.

    `place` is where it stands among others, such as `tasks[3]`, for errors.

    Raises:
        InvalidArgument: something in it is of a wrong type, or params or policy hold what the API can't.
    """
    if not isinstance(new, NewTask):
        refuse(place or "task", f"is {given(new)}; give a NewTask")
    place = f"{place}." if place else ""
    task = message(task_pb2.Task, f"{place}task.", **{name: getattr(new, name) for name in OF_TASK})
    task.params.CopyFrom(to_struct(new.params, f"{place}task.params"))
    if new.policy is not None:
        task.policy.CopyFrom(policy(new.policy, f"{place}task.policy"))
    made = message(
        task_service_pb2.CreateTaskRequest,
        place,
        parent=f"projects/{project}",
        **{name: getattr(new, name) for name in _OF_REQUEST},
    )
    made.request_id = made.request_id or new_request_id()
    made.task.CopyFrom(task)
    return made


def keys(field: str, wanted: Iterable[str]) -> list[str]:
    """Return the keys of ledger entries that `field` is given.

    Raises:
        InvalidArgument: it is one text, which would be taken for keys of one letter each.
    """
    if isinstance(wanted, str):
        refuse(field, f"is the text {wanted!r}; give a list of keys, such as [{wanted!r}]")
    if not isinstance(wanted, Iterable):
        refuse(field, f"is {given(wanted)}; give a list of keys")
    return list(wanted)


def verdict(word: str) -> task_service_pb2.LedgerVerdict.ValueType:
    """Return the verdict of that word.

    Raises:
        InvalidArgument: there is no such verdict.
    """
    if word not in list(Verdict):
        refuse("verdict", f"{word!r} is no verdict; there are {', '.join(Verdict)}")
    return task_service_pb2.LedgerVerdict.Value(f"LEDGER_VERDICT_{word}")


def policy(wish: Policy | Mapping[str, Any], place: str = "task.policy") -> policy_pb2.Policy:
    """Return the policy message of a `Policy` or of a mapping with its fields; `place` is where it stands.

    Raises:
        InvalidArgument: a field that does not exist, or a value that it can't have.
    """
    wished = wish if isinstance(wish, Policy) else _policy_of(wish, place)
    made = policy_pb2.Policy()
    for name in Policy.__dataclass_fields__:
        value = getattr(wished, name)
        if value is None:
            continue
        try:
            _set(made, name, value, f"{place}.")
        except (TypeError, ValueError, OverflowError, AttributeError) as error:
            refuse(f"{place}.{name}", f"is {given(value)}: {error}")
    return made


def _set(made: policy_pb2.Policy, name: str, value: Any, place: str) -> None:
    """Set a field of a policy, as its kind in the API wants it."""
    field: Any = made.DESCRIPTOR.fields_by_name[name]
    kind = field.message_type.full_name if field.message_type else ""
    if field.enum_type:
        setattr(made, name, _wish(field.enum_type, value, place + name))
    elif kind == "google.protobuf.Duration":
        if isinstance(value, bool) or not isinstance(value, int | float | timedelta):
            refuse(place + name, f"is {given(value)}; give seconds or a timedelta")
        getattr(made, name).CopyFrom(duration(value))
    elif kind == "google.protobuf.Timestamp":
        if not isinstance(value, datetime):
            refuse(place + name, f"is {given(value)}; give a datetime with a time zone")
        if value.tzinfo is None:
            refuse(place + name, "needs a time zone, such as datetime.now(UTC)")
        getattr(made, name).FromDatetime(value)
    elif kind == price_pb2.DecimalMoney.DESCRIPTOR.full_name:
        if not isinstance(value, Money):
            refuse(place + name, f"is {given(value)}; give a Money, such as Money(Decimal(3), 'USD')")
        amount = format(value.amount, "f")
        getattr(made, name).CopyFrom(price_pb2.DecimalMoney(currency_code=value.currency, amount=amount))
    else:
        made.MergeFrom(message(policy_pb2.Policy, place, **{name: value}))


def _wish(enum: EnumDescriptor, word: object, place: str) -> int:
    """Return the number of an enumeration's word; of "" that of what is not specified."""
    known = {"": 0, **{text: number for number, text in enum_words(enum).items()}}
    if not isinstance(word, str) or word not in known:
        refuse(place, f"is {given(word)}; give {' or '.join(text for text in known if text)}")
    return known[word]


def duration(value: float | timedelta) -> duration_pb2.Duration:
    """Return seconds or a timedelta as a Duration."""
    made = duration_pb2.Duration()
    made.FromTimedelta(value if isinstance(value, timedelta) else timedelta(seconds=value))
    return made


def _policy_of(values: Mapping[str, Any], place: str) -> Policy:
    if not isinstance(values, Mapping):
        refuse(place, f"is {given(values)}; give a Policy, or a mapping with its fields")
    unknown = [name for name in values if name not in Policy.__dataclass_fields__]
    if unknown:
        known = ", ".join(Policy.__dataclass_fields__)
        refuse(f"{place}.{unknown[0]}", f"no such field of a policy; there are {known}")
    return Policy(**values)
