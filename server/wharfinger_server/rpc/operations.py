"""google.longrunning.Operations over tasks, for Google's tooling: translates, and nothing else.

An operation's name is its task's. Its metadata is the task without params and result, with what a half-done one left
over; its response is the result as a google.protobuf.Struct.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf import struct_pb2
from google.protobuf.empty_pb2 import Empty
from google.rpc import error_details_pb2

from wharfinger.v1 import task_pb2
from wharfinger_server.config import Limits
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.use_cases.tasks import Tasks
from wharfinger_server.rpc import names
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.task import task_message
from wharfinger_server.rpc.pages import page
from wharfinger_server.rpc.status import add_detail
from wharfinger_server.rpc.waiting import wait_time


class OperationMethods:
    """The methods of Operations."""

    def __init__(self, tasks: Tasks, limits: Limits) -> None:
        self._tasks = tasks
        self._response_bytes = limits.response_bytes

    async def list_operations(self, request: Any, call: Call) -> bytes:
        """Return a page of a project's tasks; `name` is `projects/{project}`, the filter that of ListTasks."""
        project = names.project_or_all(request.name, "name")

        async def read(size: int) -> tuple[Sequence[TaskView], str]:
            """Read a page of that size."""
            return await self._tasks.list(call.caller, project, request.filter, "", size, request.page_token, True)

        return await page(read, request.page_size, self._response_bytes, _operation_bytes)

    async def get_operation(self, request: Any, call: Call) -> Any:
        """Return a task."""
        return operation(await self._tasks.get(call.caller, *names.task_of(request.name), True))

    async def wait_operation(self, request: Any, call: Call) -> Any:
        """Wait until a task is at rest, no longer than the call may take."""
        project, task_id = names.task_of(request.name)
        timeout = wait_time(request, call)
        if timeout == 0:
            return operation(await self._tasks.get(call.caller, project, task_id, True))
        return operation(await self._tasks.wait(call.caller, project, task_id, timeout))

    async def cancel_operation(self, request: Any, call: Call) -> Empty:
        """Ask a task to stop."""
        await self._tasks.cancel(call.caller, *names.task_of(request.name))
        return Empty()

    async def delete_operation(self, request: Any, call: Call) -> Empty:
        """Delete a task that is at rest with nothing left over."""
        await self._tasks.delete(call.caller, *names.task_of(request.name))
        return Empty()


def operation(shown: TaskView) -> Any:
    """Return a task as an operation."""
    task = task_message(shown)
    told = operations_pb2.Operation(name=task.name, done=task.HasField("end_time"))
    if told.done and task.state == task_pb2.TASK_STATE_SUCCEEDED:
        told.response.Pack(task.result if task.HasField("result") else struct_pb2.Struct())
    elif told.done:
        _fill_error(told.error, task)
    task.ClearField("params")
    task.ClearField("result")
    told.metadata.Pack(task)
    return told


def _fill_error(status: Any, task: task_pb2.Task) -> None:
    """Set an empty `status` to why a task did not succeed: a rollback that failed comes before what it was to undo."""
    failure = task.rollback_failure if task.HasField("rollback_failure") else task.failure
    state = task_pb2.TaskState.Name(task.state).removeprefix("TASK_STATE_")
    # Operations know no states: that what was made is undone, or left over, is told by the message.
    status.code = failure.code or _ABORTED
    status.message = f"{task.name} is {state}" + (f": {failure.message}" if failure.message else "")
    if failure.reason:
        facts = dict(failure.metadata)
        add_detail(status, error_details_pb2.ErrorInfo(reason=failure.reason, domain=failure.domain, metadata=facts))


_ABORTED = 10


def _operation_bytes(shown: TaskView) -> bytes:
    told: bytes = operation(shown).SerializeToString()
    return told
