"""google.longrunning.Operations over tasks, with the future of Google's own library."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.api_core import exceptions, operation, operations_v1
from google.longrunning import operations_pb2
from google.protobuf import struct_pb2
from tests.rpc.wire import Stubs, create_request, refused

from wharfinger.v1 import task_pb2, task_service_pb2


@pytest.fixture
def project() -> str:
    return f"p{uuid.uuid4().hex[:12]}"


class Tools:
    """What somebody with Google's tools has: the client of Operations, and futures over them."""

    def __init__(self, stubs: Stubs, project: str) -> None:
        self.client = operations_v1.OperationsClient(stubs.channel)
        self._stubs = stubs
        self._project = project

    def create(self, script: str, **params: Any) -> str:
        request = create_request(self._project, script, params=params)
        return self._stubs.tasks.CreateTask(request, timeout=10).name

    def future(self, name: str) -> Any:
        return operation.from_gapic(
            self.client.get_operation(name), self.client, struct_pb2.Struct, metadata_type=task_pb2.Task
        )


@pytest.fixture
def tools(stubs: Stubs, project: str) -> Iterator[Tools]:
    return Tools(stubs, project)


def test_the_future_waits_for_the_result(tools: Tools) -> None:
    future = tools.future(tools.create("harbour.count", steps=3, pause=0.01))
    assert dict(future.result(timeout=30)) == {"steps": 3}
    assert future.done()
    assert future.metadata.state == task_pb2.TASK_STATE_SUCCEEDED
    assert future.metadata.script == "harbour.count"
    assert not future.metadata.HasField("params")
    assert not future.metadata.HasField("result")


def test_the_future_of_a_half_done_task_raises_and_its_metadata_tells_what_is_left_over(
    tools: Tools, tmp_path: Any
) -> None:
    future = tools.future(
        tools.create("harbour.build", yard=str(tmp_path / "yard"), keys=["a", "b", "c"], refuse=["c"])
    )
    with pytest.raises(
        exceptions.GoogleAPICallError, match="is PARTIALLY_FAILED: the yard has no room for c"
    ) as caught:
        future.result(timeout=30)
    assert caught.value.grpc_status_code is grpc.StatusCode.RESOURCE_EXHAUSTED
    stands = future.metadata.partial_failure
    assert [entry.key for entry in stands.left_over] == ["thing/a", "thing/b"]
    assert stands.total_left_over == 2


def test_the_future_cancels(tools: Tools) -> None:
    future = tools.future(tools.create("harbour.count", steps=1000, pause=0.05))
    assert future.cancel()
    with pytest.raises(exceptions.Cancelled):
        future.result(timeout=30)
    assert future.cancelled()


def test_operations_are_waited_for_listed_and_deleted(tools: Tools, stubs: Stubs, project: str) -> None:
    name = tools.create("harbour.count", steps=2, pause=0.01)
    waiting = operations_pb2.WaitOperationRequest(name=name)
    waiting.timeout.FromSeconds(20)
    wait = stubs.channel.unary_unary(
        "/google.longrunning.Operations/WaitOperation",
        request_serializer=operations_pb2.WaitOperationRequest.SerializeToString,
        response_deserializer=operations_pb2.Operation.FromString,
    )
    assert wait(waiting, timeout=30).done
    listed = list(tools.client.list_operations(f"projects/{project}", 'script = "harbour.count"'))
    assert [one.name for one in listed] == [name]
    tools.client.delete_operation(name)
    with pytest.raises(exceptions.NotFound):
        tools.client.get_operation(name)
    tools.client.delete_operation(name)  # what is deleted already is no error
    asked = task_service_pb2.GetTaskRequest(name=name)
    assert refused(stubs.tasks.GetTask, asked).reason == "TASK_NOT_FOUND"


def test_an_operation_that_is_at_work_is_not_done(tools: Tools) -> None:
    name = tools.create("harbour.count", steps=1000, pause=0.05)
    found = tools.client.get_operation(name)
    assert not found.done
    assert found.WhichOneof("result") is None
    tools.client.cancel_operation(name)


def test_names_that_are_none_are_refused(tools: Tools) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        tools.client.get_operation("operations/1")
    with pytest.raises(exceptions.NotFound):
        tools.client.get_operation("projects/none/tasks/none")
