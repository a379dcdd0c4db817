"""Fields that the server does not know: refused where something would be done, left out where it is only read."""

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor_pb2 import MethodOptions
from tests.rpc.test_every_call import caller
from tests.rpc.test_required import METHODS, filled
from tests.rpc.wire import create_request, refused
from tests.system.documented import as_promised

from wharfinger.v1 import executor_service_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

LATER = b"\xc0\xbb\x01\x01"
"""Field 3000 with the number 1: what a newer API may have."""
READS = [method for method in METHODS if method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS]
CHANGES = [method for method in METHODS if method not in READS]


def by_name(methods):
    return pytest.mark.parametrize("method", methods, ids=lambda method: method.name)


def send(stubs, method, raw):
    """Return the refusal of a request of these bytes."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    return refused(caller(stubs, method)(path), iter([raw]) if method.client_streaming else raw, timeout=10)


def test_the_api_says_of_each_call_whether_it_changes_something():
    """By its option, which agrees with its name: another one would be missed by whoever goes by that."""
    reading = ("Get", "List", "Watch", "Wait", "Estimate", "Summarize", "Diff")
    assert [method.name for method in METHODS if (method in READS) != method.name.startswith(reading)] == []
    assert {"CreateTask", "CancelTask", "DeleteTask", "ImportCatalog"} <= {method.name for method in CHANGES}


@by_name(CHANGES)
def test_a_call_that_changes_something_refuses_what_it_does_not_know(stubs, method):
    told = as_promised(send(stubs, method, filled(method.input_type).SerializeToString() + LATER))
    assert (told.code, told.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_SUPPORTED")
    assert told.metadata == {"feature": "field 3000 of the request"}


@by_name([method for method in READS if method.input_type.fields])
def test_a_call_that_reads_leaves_out_what_it_does_not_know(stubs, method):
    raw = filled(method.input_type).SerializeToString()
    known, newer = send(stubs, method, raw), send(stubs, method, raw + LATER)
    assert (known.code, known.reason, known.fields) == (newer.code, newer.reason, newer.fields)
    assert newer.reason != "NOT_SUPPORTED"


def with_later(kind, **asked):
    """Return a request that has one field more than we know."""
    return kind.FromString(kind(**asked).SerializeToString() + LATER)


def test_what_is_read_is_answered_in_full(stubs, project):
    task = stubs.wait(stubs.create(project, "harbour.noop").name)
    assert stubs.tasks.GetTask(with_later(v1.GetTaskRequest, name=task.name)) == task
    listed = stubs.tasks.ListTasks(with_later(v1.ListTasksRequest, parent=f"projects/{project}")).tasks
    assert [one.name for one in listed] == [task.name]
    *_, last = stubs.tasks.WatchTask(with_later(v1.WatchTaskRequest, name=task.name), timeout=10)
    assert last.snapshot == task
    scripts = stubs.executors.ListScripts(with_later(executor_service_pb2.ListScriptsRequest)).scripts
    assert scripts


def in_policy(request):
    return request.task.policy


def in_cost(request):
    return request.task.policy.max_hourly_cost


def in_params(request):
    return request.task.params.fields["a"]


def in_list(request):
    return request.task.params.fields["b"].list_value.values[1]


@pytest.mark.parametrize(
    ("of", "place"),
    [
        (lambda request: request.task, "task"),
        (in_policy, "task.policy"),
        (in_cost, "task.policy.max_hourly_cost"),
        (in_params, "task.params.fields.a"),
        (in_list, "task.params.fields.b.list_value.values[1]"),
    ],
)
def test_it_is_named_with_its_place_however_deep(stubs, project, of, place):
    request = create_request(project, "harbour.noop", task_id="never", params={"a": 1, "b": [1, 2]})
    of(request).MergeFromString(LATER)
    told = as_promised(refused(stubs.tasks.CreateTask, request))
    assert (told.reason, told.metadata["feature"]) == ("NOT_SUPPORTED", f"field 3000 of {place}")
    assert "older than the client" in told.message
    ghost = v1.GetTaskRequest(name=f"projects/{project}/tasks/never")
    assert refused(stubs.tasks.GetTask, ghost).reason == "TASK_NOT_FOUND"


def test_one_item_of_a_batch_refuses_the_whole_of_it(stubs, project):
    batch = v1.BatchCreateTasksRequest(
        parent=f"projects/{project}",
        requests=[create_request(project, "harbour.noop", task_id=f"t{n}") for n in range(3)],
    )
    batch.requests[1].task.policy.MergeFromString(LATER)
    told = as_promised(refused(stubs.tasks.BatchCreateTasks, batch))
    assert told.metadata["feature"] == "field 3000 of requests[1].task.policy"
    assert not stubs.tasks.ListTasks(v1.ListTasksRequest(parent=f"projects/{project}")).tasks


# ---------------------------------------------------------------------- what else differs between versions


@pytest.mark.parametrize("view", [3, 99, -1])
def test_a_view_that_is_none_is_refused(stubs, project, view):
    name = stubs.create(project, "harbour.noop").name
    for call, request in (
        (stubs.tasks.GetTask, v1.GetTaskRequest(name=name, view=view)),
        (stubs.tasks.ListTasks, v1.ListTasksRequest(parent=f"projects/{project}", view=view)),
    ):
        told = as_promised(refused(call, request))
        assert (told.reason, told.fields) == ("INVALID_ARGUMENT", ["view"])


@pytest.mark.parametrize(
    ("old", "new", "request_"),
    [
        ("ListTaskResources", "ListLedgerEntries", v1.ListLedgerEntriesRequest),
        ("ResolveResource", "ResolveLedgerEntry", v1.ResolveLedgerEntryRequest),
    ],
)
def test_a_call_answers_by_the_name_that_it_had_before(stubs, project, tmp_path, old, new, request_):
    params = {"yard": str(tmp_path), "keys": ["a", "b"], "refuse": ["b"]}
    task = stubs.wait(stubs.create(project, "harbour.build", params=params).name)
    raw = request_(name=task.name, key="thing/a", verdict=v1.LEDGER_VERDICT_RETAIN) if "Resolve" in old else None
    raw = (raw or v1.ListLedgerEntriesRequest(parent=task.name)).SerializeToString()
    first = stubs.channel.unary_unary(f"/wharfinger.v1.TaskService/{old}")(raw, timeout=10)
    # The same again by the new name: neither of them changes anything the second time.
    assert stubs.channel.unary_unary(f"/wharfinger.v1.TaskService/{new}")(raw, timeout=10) == first
    answer = message_factory.GetMessageClass(next(m for m in METHODS if m.name == new).output_type).FromString(first)
    if isinstance(answer, task_pb2.Task):
        assert (answer.name, answer.ledger.retained) == (task.name, 1)
    else:
        assert [entry.key for entry in answer.entries] == ["thing/a", "thing/b"]
