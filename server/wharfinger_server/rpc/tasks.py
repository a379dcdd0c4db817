"""TaskService: translates, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.empty_pb2 import Empty
from google.rpc import status_pb2

from wharfinger.ledger.ledger import Entry
from wharfinger.ledger.verdict import Verdict
from wharfinger.v1 import task_pb2, task_service_pb2
from wharfinger_server.config import Limits
from wharfinger_server.domain.errors import InvalidArgument, Refused, invalid
from wharfinger_server.engine.interface.requests import CreateRequest
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.use_cases.remediation import Remediation
from wharfinger_server.engine.use_cases.repeats import Ask
from wharfinger_server.engine.use_cases.tasks import Tasks
from wharfinger_server.rpc import names
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.entry import entry_bytes
from wharfinger_server.rpc.messages.event import fitting
from wharfinger_server.rpc.messages.framing import framed, repeated, tag
from wharfinger_server.rpc.messages.plan import fill_plan
from wharfinger_server.rpc.messages.task import complete, new_task, task_message
from wharfinger_server.rpc.pages import page
from wharfinger_server.rpc.required import checker, unchecked
from wharfinger_server.rpc.status import status_of
from wharfinger_server.rpc.waiting import wait_time

_TASK, _ERROR, _OUTCOMES = tag(1), tag(2), tag(1)
_check_create = checker(task_service_pb2.CreateTaskRequest)


class TaskMethods:
    """The unary methods of TaskService."""

    def __init__(self, tasks: Tasks, remediation: Remediation, limits: Limits) -> None:
        self._tasks = tasks
        self._remediation = remediation
        self._response_bytes = limits.response_bytes
        self._batch_bytes = limits.batch_bytes
        self._batch_tasks = limits.batch_tasks

    async def create_task(self, request: task_service_pb2.CreateTaskRequest, call: Call) -> task_pb2.Task:
        """Accept a task. The request's own message is filled in and returned."""
        shown = await self._tasks.create(call.caller, _create_request(request, call.header("traceparent")))
        complete(request.task, shown)
        return request.task

    # The items of a batch answer for themselves.
    @unchecked("requests")
    async def batch_create_tasks(self, request: task_service_pb2.BatchCreateTasksRequest, call: Call) -> bytes:
        """Accept many tasks, each for itself."""
        project = names.project_of(request.parent)
        count, size = len(request.requests), request.ByteSize()
        if count > self._batch_tasks:
            said = f"requests: {count} in one batch; {self._batch_tasks} are the most: send several batches"
            raise InvalidArgument("BATCH_TOO_LARGE", said, {"limit": str(self._batch_tasks), "count": str(count)})
        if size > self._batch_bytes:
            said = f"requests: {size} bytes in one batch; {self._batch_bytes} are the most: send several batches"
            facts = {"limit_bytes": str(self._batch_bytes), "size_bytes": str(size)}
            raise InvalidArgument("BATCH_TOO_LARGE", said, facts)
        traceparent = call.header("traceparent")
        outcomes: list[TaskView | Refused | None] = [None] * len(request.requests)
        asked: list[tuple[int, CreateRequest]] = []
        for index, item in enumerate(request.requests):
            try:
                asked.append((index, _batch_item(item, request.parent, traceparent)))
            except Refused as refused:
                outcomes[index] = refused
        answers = await self._tasks.batch_create(call.caller, project, [created for _, created in asked])
        for (index, _), answer in zip(asked, answers, strict=True):
            outcomes[index] = answer
        return repeated(_OUTCOMES, map(_outcome, request.requests, outcomes))

    async def get_task(self, request: task_service_pb2.GetTaskRequest, call: Call) -> task_pb2.Task:
        """Return a task."""
        full = _full(request.view, otherwise=True)
        return task_message(await self._tasks.get(call.caller, *names.task_of(request.name), full))

    async def list_tasks(self, request: task_service_pb2.ListTasksRequest, call: Call) -> bytes:
        """Return a page of the tasks of a project, or of all."""
        project = names.project_or_all(request.parent)
        full = _full(request.view, otherwise=False)

        async def read(size: int) -> tuple[Sequence[TaskView], str]:
            """Read a page of that size."""
            return await self._tasks.list(
                call.caller, project, request.filter, request.order_by, size, request.page_token, full
            )

        return await page(read, request.page_size, self._response_bytes, _task_bytes)

    async def wait_task(self, request: task_service_pb2.WaitTaskRequest, call: Call) -> task_pb2.Task:
        """Wait until a task is at rest, no longer than the call may take."""
        project, task_id = names.task_of(request.name)
        timeout = wait_time(request, call)
        if timeout == 0:
            return task_message(await self._tasks.get(call.caller, project, task_id, True))
        return task_message(await self._tasks.wait(call.caller, project, task_id, timeout))

    async def list_task_events(self, request: task_service_pb2.ListTaskEventsRequest, call: Call) -> bytes:
        """Return a page of a task's events, as they were stored."""
        project, task_id = names.task_of(request.parent, "parent")

        async def read(size: int) -> tuple[Sequence[bytes], str]:
            """Read a page of that size."""
            return await self._tasks.events(
                call.caller, project, task_id, request.after_sequence, size, request.page_token
            )

        return await page(read, request.page_size, self._response_bytes, fitting)

    async def list_ledger_entries(self, request: task_service_pb2.ListLedgerEntriesRequest, call: Call) -> bytes:
        """Return a page of a task's ledger."""
        project, task_id = names.task_of(request.parent, "parent")

        async def read(size: int) -> tuple[Sequence[Entry], str]:
            """Read a page of that size."""
            return await self._tasks.ledger(call.caller, project, task_id, request.filter, size, request.page_token)

        return await page(read, request.page_size, self._response_bytes, entry_bytes)

    async def cancel_task(self, request: task_service_pb2.CancelTaskRequest, call: Call) -> task_pb2.Task:
        """Ask a task to stop."""
        project, task_id = names.task_of(request.name)
        shown = await self._tasks.cancel(
            call.caller, project, task_id, request.etag, request.reason, request.request_id
        )
        return task_message(shown)

    async def resume_task(self, request: task_service_pb2.ResumeTaskRequest, call: Call) -> task_pb2.Task:
        """Let a half-done task run again."""
        ask = Ask(*names.task_of(request.name), request.etag, request.request_id)
        return task_message(await self._remediation.resume(call.caller, ask, request.script_version))

    async def rollback_task(self, request: task_service_pb2.RollbackTaskRequest, call: Call) -> task_pb2.Task:
        """Undo what a task made, or tell what would be undone."""
        ask = Ask(*names.task_of(request.name), request.etag, request.request_id)
        shown, plan = await self._remediation.roll_back(
            call.caller, ask, request.only, request.retain, validate_only=request.validate_only
        )
        message = task_message(shown)
        if plan is not None:
            fill_plan(message.rollback_plan, plan)
        return message

    async def resolve_ledger_entry(
        self, request: task_service_pb2.ResolveLedgerEntryRequest, call: Call
    ) -> task_pb2.Task:
        """Take a person's verdict on an entry of the ledger."""
        try:
            verdict = Verdict(request.verdict)
        except ValueError:
            raise invalid("verdict", f"{request.verdict} is no verdict") from None
        ask = Ask(*names.task_of(request.name), request.etag, request.request_id)
        shown = await self._remediation.resolve(
            call.caller, ask, request.key, verdict, request.external_id, request.reason
        )
        return task_message(shown)

    async def delete_task(self, request: task_service_pb2.DeleteTaskRequest, call: Call) -> Empty:
        """Delete a task."""
        await self._tasks.delete(
            call.caller, *names.task_of(request.name), request.etag, allow_missing=request.allow_missing
        )
        return Empty()


def _full(view: int, *, otherwise: bool) -> bool:
    """Whether the view is the full one. Raises InvalidArgument for a view that this server does not know."""
    if view not in task_pb2.TaskView.values():
        raise invalid("view", f"{view} is no view")
    return view == task_pb2.TASK_VIEW_FULL if view else otherwise


def _create_request(request: task_service_pb2.CreateTaskRequest, traceparent: str) -> CreateRequest:
    return CreateRequest(
        project=names.project_of(request.parent),
        task=new_task(request.task, "task"),
        task_id=request.task_id,
        request_id=request.request_id,
        validate_only=request.validate_only,
        traceparent=traceparent,
    )


def _batch_item(item: task_service_pb2.CreateTaskRequest, parent: str, traceparent: str) -> CreateRequest:
    """Return one request of a batch, whose parent may be left out and must otherwise be the batch's."""
    if not item.parent:
        item.parent = parent
    elif item.parent != parent:
        raise invalid("parent", f"must be the batch's, {parent}, or be left empty")
    _check_create(item)
    return _create_request(item, traceparent)


def _outcome(item: task_service_pb2.CreateTaskRequest, outcome: TaskView | Refused | None) -> bytes:
    """Return a serialised CreateTaskOutcome: the item's own task filled in, in the basic view, or the refusal."""
    if isinstance(outcome, TaskView):
        complete(item.task, TaskView(outcome.task, outcome.progress, outcome.waiting_reason, full=False))
        item.task.ClearField("params")
        return framed(_TASK, item.task.SerializeToString())
    status = status_pb2.Status() if outcome is None else status_of(outcome)
    return framed(_ERROR, status.SerializeToString())


def _task_bytes(shown: TaskView) -> bytes:
    return task_message(shown).SerializeToString()
