"""A request under a request id that was used is the same one only if all that the caller chose is the same."""

from __future__ import annotations

from dataclasses import MISSING, fields, make_dataclass, replace
from enum import IntEnum
from typing import Any, get_type_hints

import pytest

from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.engine.interface.requests import CreateRequest, NewTask
from wharfinger_server.engine.use_cases.request_digest import told

REQUEST = CreateRequest("p", NewTask("s.x"), request_id="r")
APART = {"project", "request_id", "validate_only", "traceparent"}


def other(cls: Any, name: str, value: Any) -> Any:
    """Return another value for the field `name`."""
    hint = get_type_hints(cls)[name]
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return next(member for member in hint if member != value)
    return {str: "other", int: 7, bool: not value}.get(hint) if hint in (str, int, bool) else {"other": "value"}


def bytes_of(request: CreateRequest) -> bytes:
    """Return what is told of `request`; its params stand for themselves."""
    return told(request, repr(request.task.params).encode())


def variants() -> dict[str, CreateRequest]:
    """Return the request with each of its fields changed, by the field's name."""
    found = {}
    for one in fields(CreateRequest):
        if one.name != "task":
            value = other(CreateRequest, one.name, getattr(REQUEST, one.name))
            found[one.name] = replace(REQUEST, **{one.name: value})
    for one in fields(NewTask):
        if one.name != "policy":
            value = other(NewTask, one.name, getattr(REQUEST.task, one.name))
            found[f"task.{one.name}"] = replace(REQUEST, task=replace(REQUEST.task, **{one.name: value}))
    for one in fields(Policy):
        policy = Policy(**{one.name: other(Policy, one.name, one.default)})
        found[f"task.policy.{one.name}"] = replace(REQUEST, task=replace(REQUEST.task, policy=policy))
    return found


@pytest.mark.parametrize("name", variants())
def test_every_field_that_the_caller_chooses_makes_another_request(name: str) -> None:
    changed = variants()[name]
    assert changed != REQUEST
    assert (bytes_of(changed) == bytes_of(REQUEST)) is (name in APART)


@pytest.mark.parametrize("cls", [CreateRequest, NewTask, Policy])
def test_a_field_of_tomorrow_counts_where_it_is_chosen_and_only_there(cls: Any) -> None:
    tomorrow: Any = make_dataclass("Tomorrow", [("mood", str, "calm")], bases=(cls,), frozen=True)

    def with_mood(mood: str) -> CreateRequest:
        held = {CreateRequest: REQUEST, NewTask: REQUEST.task, Policy: REQUEST.task.policy}[cls]
        made = tomorrow(**{one.name: getattr(held, one.name) for one in fields(cls)}, mood=mood)
        if cls is CreateRequest:
            return made
        return replace(REQUEST, task=made if cls is NewTask else replace(REQUEST.task, policy=made))

    assert bytes_of(with_mood("calm")) == bytes_of(REQUEST)
    assert bytes_of(with_mood("wild")) != bytes_of(REQUEST)


def test_a_request_has_the_bytes_that_servers_of_before_made_their_digests_of() -> None:
    policy = Policy(on_failure=LeftoverPolicy.ROLL_BACK, retry_backoff=5, allow_unpriced=True)
    new = NewTask("s.x", "thread", "2", {"n": 1}, {"b": "2", "a": "1"}, policy)
    assert told(CreateRequest("p", new, "mine", "r", traceparent="00-a"), b'{"n":1}') == (
        b'["mine","s.x","2","thread",{"a":"1","b":"2"},{"on_failure":2,"on_cancel":0,"max_attempts":0,'
        b'"max_lost_attempts":0,"retry_backoff":5,"attempt_timeout":0,"total_timeout":0,"undo_timeout":0,"not_before":0,'
        b'"priority":0,"concurrency_key":"","max_hourly_cost":"","max_hourly_currency":"","allow_unpriced":true}]\0{"n":1}'
    )


def test_every_field_that_may_be_added_has_a_default() -> None:
    without = [one.name for one in fields(CreateRequest) if one.default is MISSING and one.default_factory is MISSING]
    assert without == ["project", "task"]
