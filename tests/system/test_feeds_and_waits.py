"""Watching a project and waiting for tasks, as callers with deadlines and filters do it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from tests.rpc.wire import Stubs, create_request, refused
from tests.system.documented import as_promised

from wharfinger.v1 import event_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

SUCCEEDED, CANCELLED = task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_CANCELLED
QUEUED, RUNNING = task_pb2.TASK_STATE_QUEUED, task_pb2.TASK_STATE_RUNNING


def events_of(messages: Iterator[v1.WatchTasksResponse], ended: set[str]) -> list[event_pb2.TaskEvent]:
    """Return the events of a feed until every task of `ended` has come to rest, and that nothing else came."""
    open_tasks, seen = set(ended), []
    for message in messages:
        for event in message.events.events:
            assert event.task in ended, f"{event.task} does not match the filter"
            seen.append(event)
            if event.state_change.state >= SUCCEEDED:
                open_tasks.discard(event.task)
        if not open_tasks:
            break
    return seen


def assert_each_once_in_order(events: list[event_pb2.TaskEvent], tasks: set[str]) -> None:
    """Check that every event of every task is there, in its order."""
    for task in tasks:
        sequences = [event.sequence for event in events if event.task == task]
        assert sequences == list(range(1, len(sequences) + 1)), task


# ---------------------------------------------------------------------- feeds


def test_filtered_feeds_tell_just_what_matches(stubs: Stubs, project: str) -> None:
    parent = f"projects/{project}"
    feeds = {}
    for text in ('labels.quay = "north"', 'script = "harbour.plain"', 'labels.quay != "north"'):
        request = v1.WatchTasksRequest(parent=parent, filter=text, heartbeat_interval={"nanos": 100_000_000})
        feeds[text] = stubs.tasks.WatchTasks(request, timeout=30)
        assert next(iter(feeds[text])).HasField("heartbeat")  # from here on it tells everything
    north = {
        stubs.create(project, script, labels={"quay": "north"}).name for script in ("harbour.noop", "harbour.plain")
    }
    south = {stubs.create(project, script).name for script in ("harbour.noop", "harbour.plain")}
    plain = {name for name in north | south if stubs.wait(name).script == "harbour.plain"}
    for text, wanted in zip(feeds, (north, plain, south), strict=True):
        seen = events_of(iter(feeds[text]), wanted)
        assert_each_once_in_order(seen, wanted)
        feeds[text].cancel()


def test_a_feed_goes_on_after_any_of_its_tokens(stubs: Stubs, project: str) -> None:
    parent = f"projects/{project}"
    watch = stubs.tasks.WatchTasks(v1.WatchTasksRequest(parent=parent, heartbeat_interval={"nanos": 100_000_000}))
    start = next(iter(watch)).resume_token
    watch.cancel()
    names = {stubs.create(project, "harbour.count", params={"steps": 5, "pause": 0.01}).name for _ in range(4)}
    for name in names:
        stubs.wait(name)
    token, seen = start, []
    until = time.monotonic() + 20
    while len([event for event in seen if event.state_change.state >= SUCCEEDED]) < len(names):
        assert time.monotonic() < until
        watch = stubs.tasks.WatchTasks(v1.WatchTasksRequest(parent=parent, resume_token=token), timeout=10)
        message = next(iter(watch))  # one message of each connection
        watch.cancel()
        seen += message.events.events
        token = message.resume_token
    assert_each_once_in_order(seen, names)
    told = as_promised(
        refused(
            stubs.tasks.WatchTasks,
            v1.WatchTasksRequest(parent=parent, resume_token=token, filter='script = "harbour.noop"'),
            timeout=10,
        )
    )
    assert (told.reason, told.fields) == ("RESUME_TOKEN_INVALID", ["resume_token"])
    assert "another parent or filter" in told.message


def test_a_feed_begins_with_what_is_unfinished_and_tells_its_progress(stubs: Stubs, project: str) -> None:
    name = stubs.create(project, "harbour.count", params={"steps": 200, "pause": 0.01, "lines": False}).name
    watch = iter(stubs.tasks.WatchTasks(v1.WatchTasksRequest(parent=f"projects/{project}"), timeout=30))
    first = next(watch)
    assert (first.snapshot.name, first.snapshot.state) == (name, RUNNING)
    progress = []
    for message in watch:
        if message.HasField("progress"):
            assert message.progress.task == name
            progress.append(message.progress.progress.done)
        if any(event.state_change.state == SUCCEEDED for event in message.events.events):
            break
    assert len(progress) > 2
    assert progress == sorted(progress)


# ---------------------------------------------------------------------- waits


def test_a_wait_answers_before_the_callers_deadline_whatever_it_asks_for(stubs: Stubs, project: str) -> None:
    name = stubs.create(project, "harbour.once", params={"seconds": 1000}).name
    request = v1.WaitTaskRequest(name=name)
    request.timeout.FromSeconds(3600)
    began = time.monotonic()
    assert stubs.tasks.WaitTask(request, timeout=1.5).state == RUNNING
    assert time.monotonic() - began < 1.5
    request.timeout.FromMilliseconds(200)
    began = time.monotonic()
    assert stubs.tasks.WaitTask(request, timeout=30).state == RUNNING
    assert 0.15 < time.monotonic() - began < 5
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name))
    assert stubs.wait(name).state == CANCELLED


def test_a_deadline_that_is_over_before_the_answer_is_the_callers_own(stubs: Stubs, project: str) -> None:
    name = stubs.create(project, "harbour.once", params={"seconds": 1000}).name
    codes = set()
    until = time.monotonic() + 20
    while not codes and time.monotonic() < until:
        # The answer is there first now and then: gRPC rounds a deadline up, and the server waits for none that is over.
        asked = [stubs.tasks.WaitTask.future(v1.WaitTaskRequest(name=name), timeout=0.0001) for _ in range(50)]
        codes = {call.code() for call in asked} - {grpc.StatusCode.OK}
    assert codes == {grpc.StatusCode.DEADLINE_EXCEEDED}
    assert stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name)).state in (task_pb2.TASK_STATE_CANCELLING, CANCELLED)


def test_many_who_wait_for_one_task_are_all_answered_when_it_ends(stubs: Stubs, project: str) -> None:
    name = stubs.create(project, "harbour.once", params={"seconds": 0.5}).name
    calls = [stubs.tasks.WaitTask.future(v1.WaitTaskRequest(name=name), timeout=20) for _ in range(50)]
    leaving = [stubs.tasks.WaitTask.future(v1.WaitTaskRequest(name=name), timeout=20) for _ in range(50)]
    threading.Timer(0.1, lambda: [call.cancel() for call in leaving]).start()
    assert {call.result().state for call in calls} == {SUCCEEDED}


# ---------------------------------------------------------------------- tasks that wait for their time


def later(project: str, seconds: int) -> v1.CreateTaskRequest:
    """Return a request for a task that begins so much later."""
    request = create_request(project, "harbour.noop")
    begin = Timestamp()
    begin.GetCurrentTime()
    begin.seconds += seconds
    request.task.policy.not_before_time.CopyFrom(begin)
    return request


def test_a_task_that_waits_for_its_time_says_so_and_can_be_cancelled(stubs: Stubs, project: str) -> None:
    task = stubs.tasks.CreateTask(later(project, 3600))
    shown = stubs.tasks.GetTask(v1.GetTaskRequest(name=task.name))
    assert shown.state == QUEUED
    assert shown.waiting_reason.startswith("not before ")
    ended = stubs.tasks.CancelTask(v1.CancelTaskRequest(name=task.name, reason="too late"))
    assert ended.state == CANCELLED
    assert ended.HasField("end_time")
    assert not ended.HasField("start_time")
    assert not ended.attempts
    assert ended.failure.message == "cancelled by anonymous: too late"


def test_a_task_that_waits_for_its_next_attempt_can_be_cancelled(stubs: Stubs, project: str) -> None:
    request = create_request(project, "harbour.fail", params={"how": "retry"})
    request.task.policy.max_attempts = 5
    request.task.policy.retry_backoff.FromSeconds(3600)
    name = stubs.tasks.CreateTask(request).name
    until = time.monotonic() + 10
    while (shown := stubs.tasks.GetTask(v1.GetTaskRequest(name=name))).state != QUEUED:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert shown.waiting_reason.startswith("to be tried again at ")
    assert stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name)).state == CANCELLED


def test_a_task_that_waits_for_a_key_names_who_holds_it_and_follows_when_that_is_cancelled(
    stubs: Stubs, project: str
) -> None:
    names = []
    for seconds in (1000, 0, 0):
        request = create_request(project, "harbour.once", params={"seconds": seconds})
        request.task.policy.concurrency_key = "crane"
        names.append(stubs.tasks.CreateTask(request).name)
    shown = stubs.tasks.GetTask(v1.GetTaskRequest(name=names[1]))
    assert shown.state == QUEUED
    assert names[0] in shown.waiting_reason
    assert stubs.tasks.CancelTask(v1.CancelTaskRequest(name=names[2])).state == CANCELLED
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=names[0]))
    assert [stubs.wait(name).state for name in names] == [CANCELLED, SUCCEEDED, CANCELLED]


def test_a_task_whose_time_is_over_before_it_begins_fails_with_that(stubs: Stubs, project: str) -> None:
    request = later(project, 3600)
    request.task.policy.total_timeout.FromMilliseconds(300)
    task = stubs.wait(stubs.tasks.CreateTask(request).name)
    assert task.state == task_pb2.TASK_STATE_FAILED
    assert "total_timeout of 0.3s ended before it could run" in task.failure.message
