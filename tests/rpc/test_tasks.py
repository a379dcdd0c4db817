"""TaskService over the wire."""

import contextlib
import threading
import time

import grpc
import pytest
from google.protobuf import json_format
from tests.rpc.wire import create_request, refused

from wharfinger.v1 import event_pb2, ledger_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1


def test_a_task_is_created_runs_and_is_got(stubs, project):
    created = stubs.create(project, "harbour.count", params={"steps": 3}, labels={"env": "prod"}, task_id="first")
    assert created.name == f"projects/{project}/tasks/first"
    assert created.params["steps"] == 3
    assert created.creator == "anonymous"
    ended = stubs.wait(created.name)
    assert ended.state == task_pb2.TASK_STATE_SUCCEEDED
    assert json_format.MessageToDict(ended.result) == {"steps": 3}
    assert stubs.tasks.GetTask(v1.GetTaskRequest(name=created.name)) == ended


def test_what_create_answers_is_what_get_shows_of_a_task_that_waits(stubs, project):
    request = create_request(project, "harbour.noop", labels={"a": "b"}, params={"x": [1, {"y": None}], "z": 2.5})
    request.task.policy.not_before_time.GetCurrentTime()
    request.task.policy.not_before_time.seconds += 3600
    created = stubs.tasks.CreateTask(request)
    got = stubs.tasks.GetTask(v1.GetTaskRequest(name=created.name))
    assert got.waiting_reason
    got.waiting_reason = created.waiting_reason
    assert created == got
    assert stubs.tasks.CancelTask(v1.CancelTaskRequest(name=created.name)).state == task_pb2.TASK_STATE_CANCELLED


def test_the_same_request_id_returns_the_same_task_and_another_request_is_refused(stubs, project):
    first = stubs.create(project, "harbour.noop", request_id="r-1", params={"n": 1})
    again = stubs.create(project, "harbour.noop", request_id="r-1", params={"n": 1})
    assert (again.name, again.uid) == (first.name, first.uid)
    told = refused(stubs.create, project, "harbour.noop", request_id="r-1", params={"n": 2})
    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert told.metadata["task"] == first.name


def test_validate_only_creates_nothing(stubs, project):
    shown = stubs.create(project, "harbour.noop", task_id="ghost", validate_only=True)
    assert not shown.uid
    told = refused(stubs.tasks.GetTask, v1.GetTaskRequest(name=shown.name))
    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND")


@pytest.mark.parametrize(
    ("options", "code", "reason", "field"),
    [
        ({"script": "nobody.knows"}, grpc.StatusCode.NOT_FOUND, "UNKNOWN_SCRIPT", None),
        ({"executor": "nowhere"}, grpc.StatusCode.NOT_FOUND, "UNKNOWN_EXECUTOR", None),
        ({"params": {"steps": "many"}}, grpc.StatusCode.INVALID_ARGUMENT, "PARAMS_INVALID", "task.params.steps"),
        ({"params": {"steps": 2.0**60}}, grpc.StatusCode.INVALID_ARGUMENT, "PARAMS_INVALID", "task.params.steps"),
        ({"params": {"steps": float("nan")}}, grpc.StatusCode.INVALID_ARGUMENT, "PARAMS_INVALID", "task.params.steps"),
        ({"task_id": "Not-A-Name"}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_NAME", "task_id"),
        ({"labels": {"BAD KEY": "x"}}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", 'task.labels["BAD KEY"]'),
    ],
)
def test_a_bad_request_is_refused_with_its_reason_and_field(stubs, project, options, code, reason, field):
    told = refused(stubs.create, project, **{"script": "harbour.count", **options})
    assert (told.code, told.reason) == (code, reason)
    if field:
        assert told.fields[0] == field


def test_params_that_are_nested_very_deeply_are_refused(stubs, project):
    raw = stubs.channel.unary_unary("/wharfinger.v1.TaskService/CreateTask")
    told = refused(raw, _deep_request(project, 200))
    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert "nested" in told.message


def test_params_that_are_too_large_are_refused(stubs, project):
    told = refused(stubs.create, project, "harbour.noop", params={"x": "y" * (1 << 20)})
    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PARAMS_TOO_LARGE")
    assert told.metadata["limit_bytes"] == str(1 << 20)


def test_bytes_that_are_no_request_are_refused(stubs):
    told = refused(stubs.channel.unary_unary("/wharfinger.v1.TaskService/GetTask"), b"\xff\xff\xff")
    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")


def test_a_batch_answers_for_each_item(stubs, project):
    batch = v1.BatchCreateTasksRequest(parent=f"projects/{project}")
    batch.requests.add(task_id="good").task.script = "harbour.noop"
    batch.requests.add().task.script = "nobody.knows"
    batch.requests.add(parent="projects/other").task.script = "harbour.noop"
    batch.requests.add(parent=f"projects/{project}").task.SetInParent()
    batch.requests.add().task.script = "harbour.count"
    batch.requests[4].task.params["steps"] = float("inf")
    batch.requests.add(task_id="last").task.script = "harbour.noop"
    batch.requests[5].task.params["x"] = 1
    outcomes = stubs.tasks.BatchCreateTasks(batch).outcomes
    kinds = [outcome.WhichOneof("outcome") for outcome in outcomes]
    assert kinds == ["task", "error", "error", "error", "error", "task"]
    assert [outcome.error.code for outcome in outcomes[1:5]] == [5, 3, 3, 3]
    assert outcomes[3].error.message == "task.script is required"
    assert outcomes[5].task.name == f"projects/{project}/tasks/last"
    assert not outcomes[5].task.HasField("params")
    assert stubs.wait(outcomes[0].task.name).state == task_pb2.TASK_STATE_SUCCEEDED


def test_a_batch_of_too_many_is_refused_as_a_whole(stubs, project):
    batch = v1.BatchCreateTasksRequest(parent=f"projects/{project}")
    for _ in range(1001):
        batch.requests.add().task.script = "harbour.noop"
    assert refused(stubs.tasks.BatchCreateTasks, batch).reason == "BATCH_TOO_LARGE"
    assert not stubs.tasks.ListTasks(v1.ListTasksRequest(parent=batch.parent)).tasks


def test_a_batch_that_is_too_large_is_refused_as_a_whole(stubs, project):
    batch = v1.BatchCreateTasksRequest(parent=f"projects/{project}")
    for _ in range(4):
        batch.requests.add().task.script = "harbour.noop"
        batch.requests[-1].task.params["x"] = "y" * 900_000
    told = refused(stubs.tasks.BatchCreateTasks, batch)
    assert (told.reason, told.metadata["limit_bytes"]) == ("BATCH_TOO_LARGE", str(3 << 20))


def test_a_message_beyond_the_limit_is_refused_by_grpc(stubs, project):
    told = refused(stubs.create, project, "harbour.noop", params={"x": "y" * (5 << 20)})
    assert told.code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_tasks_are_listed_in_pages(stubs, project):
    names = [stubs.create(project, "harbour.noop", task_id=f"t{n}").name for n in range(5)]
    listed, token = [], ""
    while True:
        request = v1.ListTasksRequest(parent=f"projects/{project}", page_size=2, page_token=token)
        page = stubs.tasks.ListTasks(request)
        assert len(page.tasks) <= 2
        listed += [task.name for task in page.tasks]
        token = page.next_page_token
        if not token:
            break
    assert sorted(listed) == names


def test_a_page_stays_below_three_megabytes_whatever_was_asked_for(stubs, project):
    batch = v1.BatchCreateTasksRequest(parent=f"projects/{project}")
    for _ in range(3):
        batch.requests.add().task.script = "harbour.noop"
        batch.requests[-1].task.params["x"] = "y" * 700_000
    names = []
    for _ in range(2):
        names += [outcome.task.name for outcome in stubs.tasks.BatchCreateTasks(batch).outcomes]
    listed, token, pages = [], "", 0
    while token or not pages:
        request = v1.ListTasksRequest(
            parent=batch.parent, page_size=1000, page_token=token, view=task_pb2.TASK_VIEW_FULL
        )
        page = stubs.tasks.ListTasks(request)
        assert page.ByteSize() <= 3 << 20
        listed += [task.name for task in page.tasks]
        token, pages = page.next_page_token, pages + 1
    assert sorted(listed) == sorted(names)
    assert pages == 2


@pytest.mark.parametrize(
    ("request_fields", "reason"),
    [
        ({"filter": "colour = red"}, "INVALID_FILTER"),
        ({"order_by": "colour"}, "INVALID_ORDER_BY"),
        ({"page_token": "x"}, "INVALID_PAGE_TOKEN"),
        ({"page_size": -1}, "INVALID_ARGUMENT"),
        ({"parent": "projects/NOT A NAME"}, "INVALID_NAME"),
    ],
)
def test_a_listing_that_cannot_be_is_refused(stubs, project, request_fields, reason):
    request = v1.ListTasksRequest(**{"parent": f"projects/{project}", **request_fields})
    assert refused(stubs.tasks.ListTasks, request).reason == reason


def test_events_are_listed_in_pages_without_a_gap(stubs, project):
    task = stubs.wait(stubs.create(project, "harbour.count", params={"steps": 20, "pause": 0}).name)
    sequences, token = [], ""
    while True:
        page = stubs.tasks.ListTaskEvents(v1.ListTaskEventsRequest(parent=task.name, page_size=7, page_token=token))
        sequences += [event.sequence for event in page.events]
        token = page.next_page_token
        if not token:
            break
    assert sequences == list(range(1, task.last_sequence + 1))


def test_the_ledger_is_listed(stubs, project, tmp_path):
    params = {"yard": str(tmp_path), "keys": ["a", "b", "c"]}
    task = stubs.wait(stubs.create(project, "harbour.build", params=params).name)
    page = stubs.tasks.ListLedgerEntries(v1.ListLedgerEntriesRequest(parent=task.name, page_size=2))
    assert [resource.key for resource in page.entries] == ["thing/a", "thing/b"]
    rest = v1.ListLedgerEntriesRequest(parent=task.name, page_size=2, page_token=page.next_page_token)
    page = stubs.tasks.ListLedgerEntries(rest)
    assert [(r.key, r.state, r.owned) for r in page.entries] == [
        ("thing/c", ledger_pb2.LEDGER_ENTRY_STATE_CREATED, True)
    ]
    assert task.ledger.created == 3


def test_a_watch_tells_every_event_once_between_two_snapshots(stubs, project):
    name = stubs.create(project, "harbour.count", params={"steps": 30, "pause": 0.005}).name
    messages = list(stubs.tasks.WatchTask(v1.WatchTaskRequest(name=name), timeout=20))
    assert messages[0].HasField("snapshot")
    assert messages[-1].snapshot.state == task_pb2.TASK_STATE_SUCCEEDED
    events = [event for message in messages for event in message.events.events]
    assert [event.sequence for event in events] == list(range(1, messages[-1].snapshot.last_sequence + 1))
    position = 0
    for message in messages:
        if message.events.events:
            position = message.events.events[-1].sequence
        assert message.sequence == position


def test_a_watch_goes_on_from_where_another_was_cut_off(stubs, project):
    name = stubs.create(project, "harbour.count", params={"steps": 40, "pause": 0.01}).name
    seen, after, ended = [], 0, False
    for _ in range(100):
        call = stubs.tasks.WatchTask(v1.WatchTaskRequest(name=name, after_sequence=after), timeout=20)
        for number, message in enumerate(call):
            seen += [event.sequence for event in message.events.events]
            after = message.sequence
            ended = number > 0 and message.HasField("snapshot")
            if number == 2:
                break
        call.cancel()
        if ended:
            break
    task = stubs.tasks.GetTask(v1.GetTaskRequest(name=name))
    assert seen == list(range(1, task.last_sequence + 1))


def test_a_silent_watch_beats(stubs, project):
    request = create_request(project, "harbour.noop")
    request.task.policy.not_before_time.GetCurrentTime()
    request.task.policy.not_before_time.seconds += 3600
    name = stubs.tasks.CreateTask(request).name
    watch = v1.WatchTaskRequest(name=name)
    watch.heartbeat_interval.seconds = 1
    call = stubs.tasks.WatchTask(watch, timeout=20)
    kinds = []
    for message in call:
        kinds.append(message.WhichOneof("kind"))
        if kinds[-1] == "heartbeat":
            assert message.heartbeat.caught_up
            break
    call.cancel()
    assert kinds == ["snapshot", "events", "heartbeat"]
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name))


def test_a_watch_from_beyond_the_last_event_is_refused(stubs, project):
    task = stubs.wait(stubs.create(project, "harbour.noop").name)
    request = v1.WatchTaskRequest(name=task.name, after_sequence=task.last_sequence + 1)
    told = refused(stubs.tasks.WatchTask, request)
    assert (told.code, told.reason) == (grpc.StatusCode.OUT_OF_RANGE, "POSITION_AHEAD")
    assert told.metadata == {"task": task.name, "last_sequence": str(task.last_sequence)}


def test_a_feed_tells_what_happens_in_its_project_and_can_be_resumed(stubs, project):
    started = threading.Event()
    messages = []

    def read():
        with contextlib.suppress(grpc.RpcError):  # it ends by being cancelled
            for message in feed:
                messages.append(message)
                started.set()

    request = v1.WatchTasksRequest(parent=f"projects/{project}")
    request.heartbeat_interval.seconds = 1
    feed = stubs.tasks.WatchTasks(request, timeout=30)
    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(10)
    names = [stubs.create(project, "harbour.noop").name for _ in range(3)]
    tasks = [stubs.wait(name) for name in names]
    told = {name: [] for name in names}
    until = time.monotonic() + 10
    while time.monotonic() < until:
        told = {name: [e.sequence for m in messages for e in m.events.events if e.task == name] for name in names}
        if all(told[task.name] == list(range(1, task.last_sequence + 1)) for task in tasks):
            break
        time.sleep(0.02)
    feed.cancel()
    reader.join(10)
    assert all(message.resume_token for message in messages)
    assert told == {task.name: list(range(1, task.last_sequence + 1)) for task in tasks}
    again = v1.WatchTasksRequest(parent=f"projects/{project}", resume_token=messages[0].resume_token)
    resumed = stubs.tasks.WatchTasks(again, timeout=10)
    found = []
    for message in resumed:
        found += [(event.task, event.sequence) for event in message.events.events]
        if len(found) == sum(task.last_sequence for task in tasks):
            break
    resumed.cancel()
    assert sorted(found) == sorted((task.name, n) for task in tasks for n in range(1, task.last_sequence + 1))


def test_a_resume_token_that_is_none_is_refused(stubs, project):
    request = v1.WatchTasksRequest(parent=f"projects/{project}", resume_token=b"nonsense")
    assert refused(stubs.tasks.WatchTasks, request).reason == "RESUME_TOKEN_INVALID"


def test_waiting_ends_before_the_callers_deadline(stubs, project):
    name = stubs.create(project, "harbour.count", params={"steps": 1000, "pause": 1}).name
    began = time.monotonic()
    task = stubs.tasks.WaitTask(v1.WaitTaskRequest(name=name), timeout=2)
    assert time.monotonic() - began < 2
    assert task.state == task_pb2.TASK_STATE_RUNNING
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name))
    assert stubs.wait(name).state == task_pb2.TASK_STATE_CANCELLED


def test_waiting_no_time_answers_at_once(stubs, project):
    name = stubs.create(project, "harbour.count", params={"steps": 1000, "pause": 1}).name
    request = v1.WaitTaskRequest(name=name)
    request.timeout.SetInParent()
    began = time.monotonic()
    assert stubs.tasks.WaitTask(request, timeout=10).state == task_pb2.TASK_STATE_RUNNING
    assert time.monotonic() - began < 1
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name))


def test_waiting_a_negative_time_is_refused(stubs, project):
    request = v1.WaitTaskRequest(name=f"projects/{project}/tasks/t")
    request.timeout.seconds = -1
    assert refused(stubs.tasks.WaitTask, request).fields == ["timeout"]


def test_a_task_that_changed_is_not_cancelled_by_who_saw_it_before(stubs, project):
    name = stubs.create(project, "harbour.count", params={"steps": 1000, "pause": 1}).name
    told = refused(stubs.tasks.CancelTask, v1.CancelTaskRequest(name=name, etag="old"))
    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    task = stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name, etag=told.metadata["etag"], reason="no more"))
    assert task.state == task_pb2.TASK_STATE_CANCELLING
    assert stubs.wait(name).state == task_pb2.TASK_STATE_CANCELLED


def test_a_task_is_deleted_once_it_rests(stubs, project):
    name = stubs.create(project, "harbour.count", params={"steps": 1000, "pause": 1}).name
    told = refused(stubs.tasks.DeleteTask, v1.DeleteTaskRequest(name=name))
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "STATE_FORBIDS")
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name))
    stubs.wait(name)
    stubs.tasks.DeleteTask(v1.DeleteTaskRequest(name=name))
    assert refused(stubs.tasks.GetTask, v1.GetTaskRequest(name=name)).reason == "TASK_NOT_FOUND"


def test_a_failed_task_says_why(stubs, project):
    task = stubs.wait(stubs.create(project, "harbour.fail", params={"how": "failed"}).name)
    assert task.state == task_pb2.TASK_STATE_FAILED
    assert "the crane is broken" in task.failure.message
    events = stubs.tasks.ListTaskEvents(v1.ListTaskEventsRequest(parent=task.name)).events
    assert {event.WhichOneof("detail") for event in events} >= {"state_change"}
    assert all(isinstance(event, event_pb2.TaskEvent) for event in events)


def _length(data: bytes) -> bytes:
    out, number = bytearray(), len(data)
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def _field(number: int, data: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + _length(data) + data


def _deep_request(project: str, depth: int) -> bytes:
    """Return a CreateTaskRequest whose params are nested deeper than the library builds or reads."""
    struct = b""
    for _ in range(depth):
        struct = _field(1, _field(1, b"d") + _field(2, _field(5, struct)))
    task = _field(4, b"harbour.noop") + _field(7, struct)
    return _field(1, f"projects/{project}".encode()) + _field(3, task)
