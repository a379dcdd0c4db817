"""Requests that can't be: each is refused with the right status, a documented reason, the field, and help."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from tests.rpc.wire import Stubs, Told, create_request, refused
from tests.system.documented import as_promised

from wharfinger.v1 import executor_service_pb2 as executors
from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1

PROJECT = "projects/wrong"
TASK = f"{PROJECT}/tasks/there-is-none"


def create(**fields: Any) -> v1.CreateTaskRequest:
    """Return a request for a task with something wrong in it."""
    script = fields.pop("script", "harbour.count")
    return create_request("wrong", script, **fields)


def with_policy(**fields: Any) -> v1.CreateTaskRequest:
    """Return a request for a task with something wrong in its policy."""
    request = create()
    for name, value in fields.items():
        if isinstance(value, dict):
            for part, number in value.items():
                setattr(getattr(request.task.policy, name), part, number)
        else:
            setattr(request.task.policy, name, value)
    return request


def nested(depth: int) -> dict[str, Any]:
    """Return params that are nested `depth` deep."""
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"a": inner}
    return inner


def forged_page(after: int, *question: object) -> str:
    """Return a page token with the right digest and a position that no server gave out."""
    digest = hashlib.sha256(repr(question).encode()).digest()[:8]
    return base64.urlsafe_b64encode(struct.pack(">B8sQ", 1, digest, after)).decode().rstrip("=")


def called(stubs: Stubs, request: Message) -> Callable[..., Any]:
    """Return the method that takes such a request."""
    name = type(request).__name__.removesuffix("Request")
    return getattr(stubs.executors if hasattr(stubs.executors, name) else stubs.tasks, name)  # type: ignore[no-any-return]


LIST = {"parent": PROJECT}
CASES: dict[str, tuple[Message, str, str, str]] = {
    # what is not there
    "a script that is not there": (create(script="harbor.count"), "UNKNOWN_SCRIPT", "", "harbour.count"),
    "a script without likeness": (create(script="x" * 1_000_000), "UNKNOWN_SCRIPT", "", "wharfinger scripts"),
    "an executor that is not there": (create(executor="asyncoi"), "UNKNOWN_EXECUTOR", "", "asyncio, "),
    "a version that is not there": (create(script_version="0.1"), "SCRIPT_VERSION_GONE", "", "1.0 is installed"),
    "a task that is not there": (v1.GetTaskRequest(name=TASK), "TASK_NOT_FOUND", "", TASK),
    "a watch of nothing": (v1.WatchTaskRequest(name=TASK), "TASK_NOT_FOUND", "", TASK),
    "waiting for nothing": (v1.WaitTaskRequest(name=TASK), "TASK_NOT_FOUND", "", TASK),
    "cancelling nothing": (v1.CancelTaskRequest(name=TASK), "TASK_NOT_FOUND", "", TASK),
    "deleting nothing": (v1.DeleteTaskRequest(name=TASK), "TASK_NOT_FOUND", "", TASK),
    "events of nothing": (v1.ListTaskEventsRequest(parent=TASK), "TASK_NOT_FOUND", "", TASK),
    "resources of nothing": (v1.ListLedgerEntriesRequest(parent=TASK), "TASK_NOT_FOUND", "", TASK),
    "a script to be shown": (executors.GetScriptRequest(name="scripts/harbour.cuont"), "UNKNOWN_SCRIPT", "", "count"),
    "an executor to be shown": (executors.GetExecutorRequest(name="executors/tread"), "UNKNOWN_EXECUTOR", "", "thread"),
    # params
    "a param of the wrong type": (
        create(params={"steps": "ten"}),
        "PARAMS_INVALID",
        "task.params.steps",
        "must be a whole number, not a string",
    ),
    "a param that there is not": (
        create(params={"stpes": 1}),
        "PARAMS_INVALID",
        "task.params.stpes",
        "did you mean steps?",
    ),
    "a param with an endless name": (
        create(params={"s" * 500_000: 1}),
        "PARAMS_INVALID",
        "",
        "the fields are steps, pause",
    ),
    "a param below its least": (create(params={"pause": -1}), "PARAMS_INVALID", "task.params.pause", "at least 0"),
    "a param left out": (
        create(script="harbour.build", params={"yard": "/"}),
        "PARAMS_INVALID",
        "task.params.keys",
        "is missing; it is required and must be a list",
    ),
    "not a number": (create(params={"pause": float("nan")}), "PARAMS_INVALID", "task.params.pause", "finite"),
    "infinity": (create(params={"pause": float("inf")}), "PARAMS_INVALID", "task.params.pause", "finite"),
    "a number beyond 2^53": (create(params={"steps": 2**53}), "PARAMS_INVALID", "task.params.steps", "as a string"),
    "params beyond 1 MiB": (
        create(script="harbour.noop", params={"text": "x" * (1 << 20)}),
        "PARAMS_TOO_LARGE",
        "task.params",
        "1048576",
    ),
    "params 25 deep where the schema has none": (
        create(params=nested(25)),
        "PARAMS_INVALID",
        "task.params.a",
        "no such field",
    ),
    # names and labels
    "no project": (create_request("Wrong", "harbour.noop"), "INVALID_NAME", "parent", "lower-case"),
    "a project too long": (create_request("a" * 64, "harbour.noop"), "INVALID_NAME", "parent", "1 to 63"),
    "a task_id with a slash": (create(task_id="a/b"), "INVALID_NAME", "task_id", "lower-case"),
    "a task_id that ends with a hyphen": (create(task_id="a-"), "INVALID_NAME", "task_id", "hyphen"),
    "a name without a task": (v1.GetTaskRequest(name=PROJECT), "INVALID_NAME", "name", "projects/{project}/tasks/"),
    "a name with a trick": (v1.GetTaskRequest(name=f"{PROJECT}/tasks/a/../b"), "INVALID_NAME", "name", "letter first"),
    "a name with NUL": (v1.GetTaskRequest(name=f"{PROJECT}/tasks/a\0"), "INVALID_NAME", "name", "letter first"),
    "a name that is empty": (v1.GetTaskRequest(), "MISSING_FIELD", "name", "is required"),
    "a task without a script": (create(script=""), "MISSING_FIELD", "task.script", "is required"),
    "a label that is none": (create(labels={"Env": "x"}), "INVALID_ARGUMENT", "task.labels.Env", "lower-case"),
    "a label too long": (create(labels={"env": "x" * 64}), "INVALID_ARGUMENT", "task.labels.env", "at most 63"),
    "a label with NUL": (create(labels={"env": "x\0"}), "INVALID_ARGUMENT", "task.labels.env", "printable"),
    "too many labels": (create(labels={f"l{i}": "" for i in range(65)}), "INVALID_ARGUMENT", "task.labels", "64"),
    "a request_id too long": (create(request_id="x" * 129), "INVALID_ARGUMENT", "request_id", "128"),
    "a request_id with NUL": (create(request_id="\0"), "INVALID_ARGUMENT", "request_id", "printable"),
    # policies
    "fewer attempts than none": (
        with_policy(max_attempts=-1),
        "INVALID_ARGUMENT",
        "task.policy.max_attempts",
        "between 0",
    ),
    "a negative timeout": (
        with_policy(attempt_timeout={"seconds": -1}),
        "INVALID_ARGUMENT",
        "task.policy.attempt_timeout",
        "negative",
    ),
    "a timeout that is none": (
        with_policy(total_timeout={"nanos": 2_000_000_000}),
        "INVALID_ARGUMENT",
        "task.policy.total_timeout",
        "",
    ),
    "a priority beyond all": (with_policy(priority=2**31 - 1), "INVALID_ARGUMENT", "task.policy.priority", "between"),
    "a key of concurrency too long": (
        with_policy(concurrency_key="k" * 129),
        "INVALID_ARGUMENT",
        "task.policy.concurrency_key",
        "128",
    ),
    "a key of concurrency with NUL": (
        with_policy(concurrency_key="\0"),
        "INVALID_ARGUMENT",
        "task.policy.concurrency_key",
        "printable",
    ),
    "an unknown wish": (with_policy(on_failure=77), "INVALID_ARGUMENT", "task.policy.on_failure", "77"),
    "a limit of cost": (
        with_policy(max_hourly_cost={"currency_code": "EUR", "amount": "1"}),
        "CANNOT_ESTIMATE",
        "",
        "estimate",
    ),
    # filters and orders
    "a filter that breaks off": (v1.ListTasksRequest(filter="state =", **LIST), "INVALID_FILTER", "filter", "it ends"),
    "a filter by what is not there": (
        v1.ListTasksRequest(filter="sate = FAILED", **LIST),
        "INVALID_FILTER",
        "filter",
        "did you mean state?",
    ),
    "a filter with OR": (
        v1.ListTasksRequest(filter="state = FAILED OR state = QUEUED", **LIST),
        "INVALID_FILTER",
        "filter",
        "AND was expected",
    ),
    "a filter with parentheses": (
        v1.ListTasksRequest(filter="script = a AND (state = FAILED)", **LIST),
        "INVALID_FILTER",
        "filter",
        "at character 15",
    ),
    "a filter with a state that is none": (
        v1.ListTasksRequest(filter="state = LOST", **LIST),
        "INVALID_FILTER",
        "filter",
        "the states are QUEUED, ",
    ),
    "a filter with a time that is none": (
        v1.ListTasksRequest(filter='create_time > "yesterday"', **LIST),
        "INVALID_FILTER",
        "filter",
        "2026-11-01T00:00:00Z",
    ),
    "a filter of labels by order": (
        v1.ListTasksRequest(filter="labels.env > a", **LIST),
        "INVALID_FILTER",
        "filter",
        "compared by = and !=",
    ),
    "a filter with NUL": (
        v1.ListTasksRequest(filter='script = "a\0"', **LIST),
        "INVALID_FILTER",
        "filter",
        "NUL",
    ),
    "a filter too long": (v1.ListTasksRequest(filter="x" * 5000, **LIST), "INVALID_FILTER", "filter", "4096"),
    "a filter of a watch by state": (
        v1.WatchTasksRequest(filter="state = FAILED", **LIST),
        "INVALID_FILTER",
        "filter",
        "the fields are script, ",
    ),
    "an order that there is not": (
        v1.ListTasksRequest(order_by="state", **LIST),
        "INVALID_ORDER_BY",
        "order_by",
        "create_time desc",
    ),
    # pages and tokens
    "a page of less than nothing": (
        v1.ListTasksRequest(page_size=-1, **LIST),
        "INVALID_ARGUMENT",
        "page_size",
        "is negative",
    ),
    "a page token that is none": (
        v1.ListTasksRequest(page_token="next", **LIST),
        "INVALID_PAGE_TOKEN",
        "page_token",
        "gave out",
    ),
    "a page token of another list": (
        v1.ListTasksRequest(page_token=forged_page(7, "tasks", "other", "", True), **LIST),
        "INVALID_PAGE_TOKEN",
        "page_token",
        "another request",
    ),
    "a page token beyond all numbers": (
        v1.ListTasksRequest(page_token=forged_page(2**64 - 1, "tasks", "wrong", "", True), **LIST),
        "INVALID_PAGE_TOKEN",
        "page_token",
        "gave out",
    ),
    "a page token of scripts that is none": (
        executors.ListScriptsRequest(page_token="????"),
        "INVALID_PAGE_TOKEN",
        "page_token",
        "gave out",
    ),
    "a resume token that is none": (
        v1.WatchTasksRequest(resume_token=b"x", **LIST),
        "RESUME_TOKEN_INVALID",
        "resume_token",
        "gave out",
    ),
    "a resume token of another database": (
        v1.WatchTasksRequest(resume_token=b"\1" + b"x" * 24, **LIST),
        "RESUME_TOKEN_INVALID",
        "resume_token",
        "another database",
    ),
    # batches
    "a batch of too many": (
        v1.BatchCreateTasksRequest(requests=[v1.CreateTaskRequest()] * 1001, **LIST),
        "BATCH_TOO_LARGE",
        "",
        "1000",
    ),
    "a batch too large": (
        v1.BatchCreateTasksRequest(requests=[create(params={"x": "x" * 900_000})] * 4, **LIST),
        "BATCH_TOO_LARGE",
        "",
        "several batches",
    ),
    # times
    "waiting for less than no time": (
        v1.WaitTaskRequest(name=TASK, timeout={"seconds": -1}),
        "INVALID_ARGUMENT",
        "timeout",
        "negative",
    ),
    "a heartbeat of less than no time": (
        v1.WatchTaskRequest(name=TASK, heartbeat_interval={"seconds": -1}),
        "INVALID_ARGUMENT",
        "heartbeat_interval",
        "negative",
    ),
    "events after less than none": (
        v1.ListTaskEventsRequest(parent=TASK, after_sequence=-1),
        "INVALID_ARGUMENT",
        "after_sequence",
        "negative",
    ),
    "a watch after less than none": (
        v1.WatchTaskRequest(name=TASK, after_sequence=-1),
        "INVALID_ARGUMENT",
        "after_sequence",
        "negative",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_request_is_refused_and_told_what_helps(stubs: Stubs, case: str) -> None:
    request, reason, field, phrase = CASES[case]
    told = as_promised(refused(called(stubs, request), request, timeout=20))
    assert told.reason == reason
    if field:
        assert told.fields[0] == field
    elif told.code is grpc.StatusCode.INVALID_ARGUMENT and reason != "BATCH_TOO_LARGE":
        assert told.fields
    assert phrase in told.message


def test_the_worst_params_are_told_within_trailers_that_every_client_takes(stubs: Stubs) -> None:
    params = {f"{i:02}{'f' * 90}": i for i in range(60)}
    told = as_promised(refused(stubs.tasks.CreateTask, create(params=params), timeout=20))
    assert told.reason == "PARAMS_INVALID"
    assert len(told.fields) > 1


def test_bytes_nested_without_end_are_refused_like_any_other_request(stubs: Stubs) -> None:
    said = refused(stubs.tasks.CreateTask, create(params=nested(40)), timeout=20)
    told = as_promised(said)
    assert (told.reason, told.code) == ("INVALID_ARGUMENT", grpc.StatusCode.INVALID_ARGUMENT)
    assert "nested" in told.message


def told_of(stubs: Stubs, request: Message) -> Told:
    """Make a call that must fail, and return what it says, checked."""
    return as_promised(refused(called(stubs, request), request, timeout=20))


def test_an_old_etag_is_told_with_the_present_one(stubs: Stubs, project: str) -> None:
    task = stubs.create(project, "harbour.count", params={"steps": 10_000})
    wrong = v1.CancelTaskRequest(name=task.name, etag='"0-0"')
    told = told_of(stubs, wrong)
    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert "read it again" in told.message
    ended = stubs.tasks.CancelTask(v1.CancelTaskRequest(name=task.name, etag=told.metadata["etag"], reason="enough"))
    assert ended.state in (task_pb2.TASK_STATE_CANCELLING, task_pb2.TASK_STATE_CANCELLED)


def test_what_the_state_forbids_is_told_with_what_it_allows(stubs: Stubs, project: str) -> None:
    running = stubs.create(project, "harbour.count", params={"steps": 10_000}).name
    told = told_of(stubs, v1.DeleteTaskRequest(name=running))
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "STATE_FORBIDS")
    assert "possible: cancel" in told.message
    assert set(told.allowed) == {"SUCCEEDED", "FAILED", "CANCELLED", "ROLLED_BACK"}
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=running))
    assert stubs.wait(running).state == task_pb2.TASK_STATE_CANCELLED
    told = told_of(stubs, v1.ResumeTaskRequest(name=running))
    assert told.reason == "STATE_FORBIDS"
    assert told.metadata == {"task": running, "state": "CANCELLED"}
    assert told.allowed == ["PARTIALLY_FAILED"]
    ended = stubs.wait(stubs.create(project, "harbour.noop").name)
    told = told_of(stubs, v1.CancelTaskRequest(name=ended.name))
    assert told.metadata == {"task": ended.name, "state": "SUCCEEDED"}
    assert {"QUEUED", "RUNNING"} <= set(told.allowed)


@pytest.mark.parametrize("request_id", ["x" * 129, "a\0b"])
@pytest.mark.parametrize(
    "kind", [v1.CancelTaskRequest, v1.ResumeTaskRequest, v1.RollbackTaskRequest, v1.ResolveLedgerEntryRequest]
)
def test_a_request_id_that_can_not_be_is_refused_by_each_verb(
    stubs: Stubs, project: str, kind: Any, request_id: str
) -> None:
    request = kind(name=stubs.create(project, "harbour.noop").name, request_id=request_id)
    if kind is v1.ResolveLedgerEntryRequest:
        request.key, request.verdict = "k", v1.LEDGER_VERDICT_FORGET
    told = told_of(stubs, request)
    assert (told.reason, told.fields) == ("INVALID_ARGUMENT", ["request_id"])


def test_names_and_request_ids_are_taken_once(stubs: Stubs, project: str) -> None:
    first = stubs.create(project, "harbour.noop", task_id="one", request_id="r1")
    told = told_of(stubs, create_request(project, "harbour.noop", task_id="one"))
    assert (told.reason, told.metadata) == ("TASK_EXISTS", {"task": first.name})
    told = told_of(stubs, create_request(project, "harbour.plain", request_id="r1"))
    assert (told.reason, told.metadata) == ("REQUEST_ID_REUSED", {"request_id": "r1", "task": first.name})
    assert stubs.create(project, "harbour.noop", task_id="one", request_id="r1").uid == first.uid


def test_a_request_that_was_refused_has_left_nothing(stubs: Stubs) -> None:
    assert not stubs.tasks.ListTasks(v1.ListTasksRequest(parent=PROJECT), timeout=20).tasks
