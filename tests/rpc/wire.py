"""Short ways to call a server and to read what it refuses with."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from google.rpc import error_details_pb2, status_pb2

from wharfinger.v1 import (
    error_reason_pb2,
    executor_service_pb2_grpc,
    pricing_service_pb2_grpc,
    schedule_service_pb2_grpc,
    task_pb2,
    task_service_pb2,
    task_service_pb2_grpc,
)


@dataclass
class Told:
    """A refusal as a client sees it."""

    code: grpc.StatusCode
    message: str
    reason: str
    metadata: dict[str, str]
    fields: list[str]
    trailers: dict[str, str | bytes]
    retry_after: float | None = None
    choices: error_reason_pb2.Choices | None = None
    allowed: list[str] = field(default_factory=list)


def told(error: grpc.RpcError) -> Told:
    """Return what a failed call says."""
    trailers = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry, choices, states = error_details_pb2.RetryInfo(), error_reason_pb2.Choices(), error_reason_pb2.AllowedStates()
    kinds = (info, bad, retry, choices, states)
    found = {kind.DESCRIPTOR.name for detail in status.details for kind in kinds if detail.Unpack(kind)}
    if status.details:
        assert info.domain == "wharfinger.dev"
        assert status.code == error.code().value[0]
    fields = [violation.field for violation in bad.field_violations]
    return Told(
        error.code(),
        error.details(),
        info.reason,
        dict(info.metadata),
        fields,
        trailers,
        retry.retry_delay.ToTimedelta().total_seconds() if "RetryInfo" in found else None,
        choices if "Choices" in found else None,
        [task_pb2.TaskState.Name(state).removeprefix("TASK_STATE_") for state in states.allowed],
    )


def refused(call, *arguments, **options) -> Told:
    """Make a call that must fail, and return what it says."""
    try:
        answer = call(*arguments, **options)
        if hasattr(answer, "__iter__") and hasattr(answer, "cancel"):
            list(answer)
    except grpc.RpcError as error:
        return told(error)
    raise AssertionError(f"it was not refused, but answered {answer}")


class Stubs:
    """All services over one channel."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.tasks = task_service_pb2_grpc.TaskServiceStub(channel)
        self.executors = executor_service_pb2_grpc.ExecutorServiceStub(channel)
        self.schedules = schedule_service_pb2_grpc.ScheduleServiceStub(channel)
        self.prices = pricing_service_pb2_grpc.PricingServiceStub(channel)

    def create(self, project: str, script: str, **options) -> task_pb2.Task:
        """Create a task; params and the rest of the request by name."""
        metadata = options.pop("metadata", None)
        return self.tasks.CreateTask(create_request(project, script, **options), timeout=10, metadata=metadata)

    def wait(self, name: str, seconds: float = 20) -> task_pb2.Task:
        """Wait until a task rests."""
        request = task_service_pb2.WaitTaskRequest(name=name)
        request.timeout.FromMilliseconds(int(seconds * 1000))
        return self.tasks.WaitTask(request, timeout=seconds + 5)


def create_request(project: str, script: str, **options) -> task_service_pb2.CreateTaskRequest:
    """Return a request for a task."""
    request = task_service_pb2.CreateTaskRequest(parent=f"projects/{project}")
    request.task.script = script
    request.task.params.update(options.pop("params", {}))
    for name in ("task_id", "request_id", "validate_only"):
        if name in options:
            setattr(request, name, options.pop(name))
    for name, value in options.items():
        if name == "labels":
            request.task.labels.update(value)
        else:
            setattr(request.task, name, value)
    return request


@contextmanager
def connected(address: str, credentials: grpc.ChannelCredentials | None = None) -> Iterator[Stubs]:
    """Connect to a server."""
    channel = grpc.secure_channel(address, credentials) if credentials else grpc.insecure_channel(address)
    with channel:
        yield Stubs(channel)


def a_project() -> str:
    """Return the name of a project that no other test uses."""
    return f"p{uuid.uuid4().hex[:12]}"
