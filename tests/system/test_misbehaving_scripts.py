"""Scripts that do what no script should: the task says what happened, and nobody else is harmed for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from google.protobuf.json_format import MessageToDict
from google.rpc import code_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.rpc.wire import Stubs, connected, create_request
from tests.servers.serving import Serving
from tests.system.documented import promises

from wharfinger.v1 import event_pb2, executor_service_pb2, failure_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

SUCCEEDED, FAILED = task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_FAILED
CANCELLED = task_pb2.TASK_STATE_CANCELLED
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Return a server that fences scripts soon."""
    serving = Serving(tmp_path_factory.mktemp("harbour"), environ={"WHARFINGER_LIMITS__CANCEL_GRACE": "500ms"})
    try:
        yield serving
        assert serving.process.poll() is None, "a script has ended the server"
    finally:
        serving.kill()


@pytest.fixture
def stubs(harbour: Serving) -> Iterator[Stubs]:
    with connected(harbour.address) as stubs:
        yield stubs


def run(
    stubs: Stubs, script: str, policy: Callable[[task_pb2.Task], object] | None = None, **params: object
) -> task_pb2.Task:
    """Run a task to its end."""
    request = create_request("quay", script, params=params)
    if policy:
        policy(request.task)
    return stubs.wait(stubs.tasks.CreateTask(request, timeout=10).name)


def why(task: task_pb2.Task) -> failure_pb2.Failure:
    """Return why a task failed, checked against what the API promises of the reason."""
    failure = task.failure
    promise = promises().get(failure.reason)
    assert failure.domain == "wharfinger.dev"
    if promise:
        assert code_pb2.Code.Name(failure.code) == promise.code
        assert set(failure.metadata) <= promise.keys
    return failure


def log_of(stubs: Stubs, name: str) -> list[event_pb2.LogLine]:
    """Return the lines of a task's log."""
    lines, token = [], ""
    while True:
        page = stubs.tasks.ListTaskEvents(v1.ListTaskEventsRequest(parent=name, page_size=1000, page_token=token))
        lines += [event.log for event in page.events if event.HasField("log")]
        token = page.next_page_token
        if not token:
            return lines


@pytest.mark.parametrize(
    ("how", "reason", "phrase"),
    [
        ("raise", "SCRIPT_RAISED", "RuntimeError: the rope broke (harbour/fail.py:"),
        ("exit", "SCRIPT_RAISED", "SystemExit: 3"),
        ("failed", "CRANE_BROKEN", "the crane is broken"),
        ("not json", "SCRIPT_RESULT_INVALID", "result.when"),
        ("huge", "RESULT_TOO_LARGE", "result.text alone takes"),
    ],
)
def test_a_script_that_fails_says_why(stubs: Stubs, how: str, reason: str, phrase: str) -> None:
    task = run(stubs, "harbour.fail", how=how)
    assert (task.state, why(task).reason) == (FAILED, reason)
    assert phrase in task.failure.message
    assert not task.HasField("result")
    if how == "raise":
        assert dict(why(task).metadata) == {"exception": "RuntimeError"}
        assert any("Traceback" in line.text for line in log_of(stubs, task.name))


def test_a_result_is_held_against_what_the_script_promises(stubs: Stubs) -> None:
    assert MessageToDict(run(stubs, "harbour.promise", berth=3).result) == {"berth": 3}
    task = run(stubs, "harbour.promise", berth=0, quay="north")
    assert (task.state, why(task).reason) == (FAILED, "SCRIPT_RESULT_INVALID")
    assert why(task).metadata["script"] == "harbour.promise"
    said = task.failure.message
    assert "result.quay there is no such field" in said or "result.berth must be" in said
    assert "(and 1 more)" in said


def test_a_script_that_blocks_the_loop_harms_its_neighbours_only_and_is_named(stubs: Stubs, harbour: Serving) -> None:
    health = health_pb2_grpc.HealthStub(stubs.channel)
    request = health_pb2.HealthCheckRequest(service="executor/asyncio")
    neighbour = stubs.create("quay", "harbour.count", params={"steps": 20, "pause": 0.05}).name
    stranger = stubs.create("elsewhere", "harbour.count", params={"steps": 20, "pause": 0.05}).name
    culprit = stubs.create("quay", "harbour.block", params={"seconds": 3}).name
    until = time.monotonic() + 8
    while health.Check(request).status != NOT_SERVING:
        assert time.monotonic() < until, "the blocked executor is not noticed"
        time.sleep(0.05)
    assert health.Check(health_pb2.HealthCheckRequest()).status == SERVING
    for name in (culprit, neighbour):
        assert stubs.tasks.GetTask(v1.GetTaskRequest(name=name), timeout=1).state == task_pb2.TASK_STATE_RUNNING
    assert stubs.wait(stubs.create("quay", "harbour.plain").name, 3).state == SUCCEEDED
    assert {stubs.wait(name).state for name in (culprit, neighbour, stranger)} == {SUCCEEDED}
    assert health.Check(request).status == SERVING
    told = next(line for line in harbour.log().splitlines() if "held up" in line)
    assert culprit in told
    assert "harbour/block.py:" in told
    for name in (culprit, neighbour):
        assert any("held up" in line.text and culprit in line.text for line in log_of(stubs, name)), name
    (heard,) = [line.text for line in log_of(stubs, stranger) if "held up" in line.text]
    assert heard.endswith("by another task"), "what happens in one project is invisible to another"


def test_a_script_that_never_ends_is_ended_by_its_timeouts(stubs: Stubs) -> None:
    task = run(stubs, "harbour.once", lambda task: task.policy.attempt_timeout.FromMilliseconds(300), seconds=1000)
    assert (task.state, why(task).reason) == (FAILED, "ATTEMPT_TIMEOUT")
    assert dict(why(task).metadata) == {"timeout": "0.3s"}
    assert "attempt_timeout of 0.3s" in task.failure.message

    def twice(task: task_pb2.Task) -> None:
        task.policy.attempt_timeout.FromMilliseconds(200)
        task.policy.total_timeout.FromMilliseconds(700)
        task.policy.max_attempts = 100
        task.policy.retry_backoff.FromMilliseconds(10)

    task = run(stubs, "harbour.once", twice, seconds=1000)
    assert (task.state, why(task).reason) == (FAILED, "TOTAL_TIMEOUT")
    assert len(task.attempts) > 1


def test_a_script_that_never_ends_can_be_cancelled(stubs: Stubs) -> None:
    name = stubs.create("quay", "harbour.once", params={"seconds": 1000}).name
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name, reason="the tide is out"))
    task = stubs.wait(name)
    assert (task.state, why(task).reason) == (CANCELLED, "CANCELLED")
    assert task.failure.message == "cancelled by anonymous: the tide is out"


def test_a_thread_that_cannot_be_stopped_is_fenced_and_keeps_its_slot(stubs: Stubs) -> None:
    get = executor_service_pb2.GetExecutorRequest(name="executors/thread")
    name = stubs.create("quay", "harbour.stubborn", params={"seconds": 3}, executor="thread").name
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name))
    assert stubs.wait(name, 2).state == CANCELLED
    assert stubs.executors.GetExecutor(get).running == 1
    until = time.monotonic() + 8
    while stubs.executors.GetExecutor(get).running:
        assert time.monotonic() < until, "the slot is not given back"
        time.sleep(0.05)


def test_ten_megabytes_of_log_are_cut_and_counted(stubs: Stubs) -> None:
    lines = 100_000
    task = run(stubs, "harbour.chatter", lines=lines)
    assert task.state == SUCCEEDED
    log = log_of(stubs, task.name)
    assert 0.5e6 < sum(len(line.text) for line in log) < 1.2e6
    kept = sum(line.text.startswith("xxx") for line in log)
    # The server may add a line of its own: that the executor is held up.
    assert lines - kept <= log[-1].dropped <= lines - kept + 5
    assert str(log[-1].dropped) in log[-1].text


def test_a_client_that_watches_a_chatterer_sees_everything_once(stubs: Stubs) -> None:
    name = stubs.create("quay", "harbour.chatter", params={"lines": 20_000}).name
    sequences = [
        event.sequence
        for message in stubs.tasks.WatchTask(v1.WatchTaskRequest(name=name), timeout=60)
        for event in message.events.events
    ]
    assert sequences == list(range(1, len(sequences) + 1))
    assert stubs.wait(name).last_sequence == len(sequences)
