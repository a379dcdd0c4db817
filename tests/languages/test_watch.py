"""The examples of the other languages, built and run against a real server."""

import re

import grpc
import pytest
from tests.languages.conftest import Example

from wharfinger.v1 import event_pb2, ledger_pb2, partial_failure_pb2, task_pb2, task_service_pb2, task_service_pb2_grpc

# The first build fetches and compiles the libraries.
pytestmark = pytest.mark.timeout(600)
PREFIX = re.compile(r"\b(TASK_STATE|LEDGER_ENTRY_STATE|PARTIAL_FAILURE_ACTION)_")


@pytest.fixture
def tasks(server):
    with grpc.insecure_channel(server.address) as channel:
        yield task_service_pb2_grpc.TaskServiceStub(channel)


def watch(example: Example, server, script: str, params: object) -> list[str]:
    """Run an example; return what it printed, in the words that the languages have in common."""
    return [PREFIX.sub("", line).rstrip() for line in example.run(server.address, script, params)]


def task_of(lines: list[str], tasks) -> task_pb2.Task:
    """Return the task that an example told of."""
    ended = next(line for line in lines if line.startswith("ended "))
    return tasks.GetTask(task_service_pb2.GetTaskRequest(name=ended.split()[1]))


def told(event: event_pb2.TaskEvent) -> str:
    """What an example prints of an event."""
    match event.WhichOneof("detail"):
        case "state_change":
            text = task_pb2.TaskState.Name(event.state_change.state)
        case "entry":
            text = f"{ledger_pb2.LedgerEntryState.Name(event.entry.state)} {event.entry.key}"
        case _:
            text = event.failure.message + event.log.text
    return PREFIX.sub("", f"event {event.sequence} {text}").rstrip()


def test_an_example_prints_each_event_once_and_in_order_over_connections_that_it_breaks(example, server, tasks):
    lines = watch(example, server, "harbour.count", {"steps": 30, "pause": 0.05})
    task = task_of(lines, tasks)
    recorded = tasks.ListTaskEvents(task_service_pb2.ListTaskEventsRequest(parent=task.name, page_size=1000)).events
    assert [event.sequence for event in recorded] == list(range(1, task.last_sequence + 1))
    assert [line for line in lines if line.startswith("event ")] == [told(event) for event in recorded]
    broken_after = [int(line.split()[-1]) for line in lines if line.startswith("hung up after ")]
    assert broken_after == sorted(broken_after)
    assert broken_after[0] < task.last_sequence
    assert lines[-1] == f"ended {task.name} SUCCEEDED"


def test_an_example_prints_a_partial_failure_in_full(example, server, tasks):
    lines = watch(example, server, "harbour.half", {"pause": 0.02})
    task = task_of(lines, tasks)
    assert task.state == task_pb2.TASK_STATE_PARTIALLY_FAILED
    half = task.partial_failure
    one, two = half.left_over
    assert one.external_id == "berth-one"
    assert two.failure.message
    actions = " ".join(partial_failure_pb2.PartialFailureAction.Name(action) for action in half.allowed_actions)
    assert lines[lines.index(f"ended {task.name} PARTIALLY_FAILED {task.failure.message}") :] == [
        f"ended {task.name} PARTIALLY_FAILED {task.failure.message}",
        f'failed step "unload", retryable {str(half.retryable).lower()}, left over 2',
        "left over CREATED crate/one yard.crate berth-one",
        f"left over UNCERTAIN crate/two yard.crate  {two.failure.message}",
        "not attempted [crate/three]",
        PREFIX.sub("", f"allowed [{actions}]"),
        "costs [] unpriced 1 uncertain 1",
    ]
