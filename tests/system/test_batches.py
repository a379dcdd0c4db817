"""BatchCreateTasks at its limit: a thousand requests, each of which answers for itself."""

from __future__ import annotations

import pytest
from google.protobuf.any_pb2 import Any
from google.rpc import error_details_pb2, status_pb2
from tests.rpc.wire import Stubs, create_request

from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1

KINDS = ("fine", "no script", "bad params", "taken", "repeated", "only checked", "another project")


def reason_of(status: status_pb2.Status) -> str:
    """Return the reason that a status names."""
    info = error_details_pb2.ErrorInfo()
    details: list[Any] = list(status.details)
    assert any(detail.Unpack(info) for detail in details)
    return info.reason


def one_of(kind: str, project: str, number: int) -> v1.CreateTaskRequest:
    """Return a request that is wrong, or fine, in a certain way."""
    requests = {
        "no script": create_request(project, "harbour.nothing"),
        "bad params": create_request(project, "harbour.count", params={"steps": -number}),
        "taken": create_request(project, "harbour.noop", task_id="taken"),
        "repeated": create_request(project, "harbour.noop", request_id="again"),
        "only checked": create_request(project, "harbour.noop", validate_only=True),
        "another project": create_request("elsewhere", "harbour.noop"),
        "fine": create_request(project, "harbour.noop", labels={"n": str(number)}),
    }
    return requests[kind]


def test_a_thousand_requests_are_each_answered_in_order(stubs: Stubs, project: str) -> None:
    stubs.create(project, "harbour.noop", task_id="taken")
    kinds = [KINDS[i % len(KINDS)] for i in range(1000)]
    batch = v1.BatchCreateTasksRequest(parent=f"projects/{project}")
    batch.requests.extend(one_of(kind, project, i + 1) for i, kind in enumerate(kinds))
    outcomes = stubs.tasks.BatchCreateTasks(batch, timeout=60).outcomes
    assert len(outcomes) == 1000
    refusals = {
        "no script": "UNKNOWN_SCRIPT",
        "bad params": "PARAMS_INVALID",
        "taken": "TASK_EXISTS",
        "another project": "INVALID_ARGUMENT",
    }
    for i, (kind, outcome) in enumerate(zip(kinds, outcomes, strict=True)):
        if kind in refusals:
            assert reason_of(outcome.error) == refusals[kind], (i, kind)
        elif kind == "only checked":
            assert (outcome.task.uid, outcome.task.script) == ("", "harbour.noop")
        elif kind == "fine":
            assert outcome.task.labels["n"] == str(i + 1)
    repeated = {outcome.task.uid for kind, outcome in zip(kinds, outcomes, strict=True) if kind == "repeated"}
    assert len(repeated) == 1
    fine = [outcome.task.name for kind, outcome in zip(kinds, outcomes, strict=True) if kind == "fine"]
    assert stubs.wait(fine[-1], 30).state == task_pb2.TASK_STATE_SUCCEEDED
    listed = stubs.tasks.ListTasks(v1.ListTasksRequest(parent=f"projects/{project}", page_size=1000), timeout=10)
    assert len(listed.tasks) == len(set(fine)) + 2  # the repeated one, and the one that was there


@pytest.mark.parametrize("kind", ["no script", "taken", "only checked"])
def test_a_batch_in_which_nothing_is_to_be_made_is_answered_too(stubs: Stubs, project: str, kind: str) -> None:
    stubs.create(project, "harbour.noop", task_id="taken")
    batch = v1.BatchCreateTasksRequest(parent=f"projects/{project}")
    batch.requests.extend(one_of(kind, project, i) for i in range(3))
    outcomes = stubs.tasks.BatchCreateTasks(batch, timeout=20).outcomes
    assert [outcome.WhichOneof("outcome") for outcome in outcomes] == [
        "task" if kind == "only checked" else "error"
    ] * 3
