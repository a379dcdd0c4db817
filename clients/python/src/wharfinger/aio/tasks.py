"""What `wharfinger.aio.Client` can ask about tasks that there are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from google.protobuf import empty_pb2

from wharfinger import models
from wharfinger._core.messages import build, convert, fields, watched
from wharfinger._core.messages.ids import new_request_id
from wharfinger._core.verbs import asking, outcome, watching
from wharfinger._core.verbs.paging import pages
from wharfinger.aio.connected import Connected
from wharfinger.events import Event
from wharfinger.v1 import task_pb2, task_service_pb2


class Tasks(Connected):
    """The verbs of tasks, by their names or ids."""

    async def get(self, name: str) -> models.Task:
        """Return the task with that name or id as it stands. Raises NotFound."""
        request = fields.message(task_service_pb2.GetTaskRequest, name=build.task_name(self._project, name))
        return convert.task(await self._transport.unary(request, task_pb2.Task))

    async def list(
        self,
        filter: str = "",  # noqa: A002  # the API's word
        order_by: str = "",
        *,
        page_size: int = 0,
        full: bool = False,
        all_projects: bool = False,
    ) -> AsyncGenerator[models.Task, None]:
        """Tell the project's tasks, page by page as they are read: newest first unless `order_by` says otherwise.

        `filter` is of comparisons joined by AND, such as `state = FAILED AND labels.env = "prod"`. Without `full` the
        tasks come in brief: without params, result, attempts, estimate and why they wait. With `all_projects` they are
        those of every project that the client's credential opens. Raises InvalidArgument for a filter or order that
        can't be.
        """
        view = task_pb2.TASK_VIEW_FULL if full else task_pb2.TASK_VIEW_BASIC
        parent = f"projects/{'-' if all_projects else self._project}"
        request = fields.message(
            task_service_pb2.ListTasksRequest,
            parent=parent,
            filter=filter,
            order_by=order_by,
            page_size=page_size,
            view=view,
        )
        async for page in pages(self._transport, request, task_service_pb2.ListTasksResponse):
            for task in page.tasks:
                yield convert.task(task, full=full)

    async def leftovers(self, by: str = "project", *, all_projects: bool = False) -> models.Leftovers:
        """Return what half-done tasks left behind, summed up `by` "project", "script", "provider" or "age".

        With `all_projects` they are those of every project that the client's credential opens. The groups come in the
        order of their keys; the provider of what has no known price is "". Raises ValueError for another `by`.
        """
        request = fields.message(
            task_service_pb2.SummarizeLeftoversRequest,
            parent=f"projects/{'-' if all_projects else self._project}",
            group_by=asking.leftover_grouping(by),
        )
        return convert.leftovers(await self._transport.unary(request, task_service_pb2.SummarizeLeftoversResponse))

    async def wait(self, name: str, timeout: float | None = None) -> models.Task:
        """Return the task once it is at rest; broken connections and restarts of the server are waited out.

        Raises:
            TimedOut: it is not at rest after `timeout` seconds.
            Unreachable: there is no answer, and this client never had one: the address is probably wrong.
            NotFound: there is no such task.
        """
        return convert.task(await outcome.wait(self._transport, build.task_name(self._project, name), timeout))

    async def result_of(self, task: models.Task) -> Mapping[str, Any]:
        """Return the result of a task that is at rest; the ledger is read where something is left over.

        Raises:
            PartialFailure, RolledBack, TaskCancelled, TaskFailed: it did not succeed.
        """
        return await outcome.result(self._transport, task)

    async def cancel(self, name: str, reason: str = "", *, etag: str = "", request_id: str = "") -> models.Task:
        """Ask a task to stop, and return it as it then is; asking again is no error.

        The request carries a request id, as that of `submit`.

        Raises:
            FailedPrecondition: it has ended, otherwise than by being cancelled.
            Aborted: the task no longer has that `etag`.
        """
        full_name = build.task_name(self._project, name)
        return await asking.cancel(self._transport, full_name, reason, etag, request_id)

    async def resume(self, name: str, *, script_version: str = "", etag: str = "", request_id: str = "") -> models.Task:
        """Let a half-done task run again with what it made, and return it as it then is: QUEUED.

        What exists is used again, only the rest is made, and attempts are counted anew. `script_version` pins another
        version of the script, which must be the installed one. The request carries a request id, as that of `submit`.

        Raises:
            FailedPrecondition: the task's state forbids it, a whole rollback has begun, or the script's version
                is not installed.
            Aborted: the task no longer has that `etag`.
        """
        full_name = build.task_name(self._project, name)
        return await asking.resume(self._transport, full_name, script_version, etag, request_id)

    async def rollback(
        self, name: str, *, only: Iterable[str] = (), retain: Iterable[str] = (), etag: str = "", request_id: str = ""
    ) -> models.Task:
        """Undo what a task made, children first, and return it as it then is: ROLLING_BACK.

        `only` undoes some keys, `retain` keeps some with all that they depend on. Also goes on with a rollback that
        failed, and undoes what a task made that SUCCEEDED. The request carries a request id, as that of `submit`.

        Raises:
            FailedPrecondition: the task's state forbids it, or its ledger has no such key.
            Unimplemented: the task's script has no undo.
            Aborted: the task no longer has that `etag`.
        """
        full_name = build.task_name(self._project, name)
        return await asking.rollback(self._transport, full_name, only, retain, etag, request_id)

    async def rollback_plan(
        self, name: str, *, only: Iterable[str] = (), retain: Iterable[str] = ()
    ) -> models.RollbackPlan:
        """Return what `rollback` with these keys would do, and do nothing. Raises as that does."""
        full_name = build.task_name(self._project, name)
        return await asking.rollback_plan(self._transport, full_name, only, retain)

    async def resolve(
        self,
        name: str,
        key: str,
        verdict: models.Verdict | str,
        *,
        external_id: str = "",
        reason: str = "",
        etag: str = "",
        request_id: str = "",
    ) -> models.Task:
        """Say how things stand with one entry of a task's ledger, and return the task as it then is.

        `verdict` is a `Verdict` or its word; CREATED needs the provider's id as `external_id` where the ledger has
        none. With the last open entry the task comes to its end. To say the same again is no error. The request carries
        a request id, as that of `submit`.

        Raises:
            FailedPrecondition: the entry's state forbids it, the ledger has no such key, or nobody can tell yet.
            InvalidArgument: no such verdict, or the id is missing or another entry's.
            Aborted: the task no longer has that `etag`.
        """
        full_name = build.task_name(self._project, name)
        return await asking.resolve(
            self._transport,
            full_name,
            key,
            verdict,
            external_id=external_id,
            reason=reason,
            etag=etag,
            request_id=request_id,
        )

    async def delete(self, name: str, *, etag: str = "", allow_missing: bool = False) -> None:
        """Delete a task that is at rest and owns nothing that may be alive; otherwise raise FailedPrecondition.

        One that is deleted already is no error, for as long as the server remembers it; with `allow_missing` neither is
        one that never was. Otherwise raises NotFound.
        """
        request = fields.message(
            task_service_pb2.DeleteTaskRequest,
            name=build.task_name(self._project, name),
            etag=etag,
            allow_missing=allow_missing,
            request_id=new_request_id(),
        )
        await self._transport.unary(request, empty_pb2.Empty)

    async def events(self, name: str, after: int = 0) -> AsyncGenerator[Event, None]:
        """Tell the task's events so far, those numbered above `after`, in order."""
        request = fields.message(
            task_service_pb2.ListTaskEventsRequest,
            parent=build.task_name(self._project, name),
            after_sequence=after,
            page_size=1000,
        )
        async for page in pages(self._transport, request, task_service_pb2.ListTaskEventsResponse):
            for event in page.events:
                yield watched.event(event)

    def ledger(self, name: str, filter: str = "") -> AsyncGenerator[models.LedgerEntry, None]:  # noqa: A002
        """Tell the task's ledger in the order of intent, filtered such as by `state = UNCERTAIN AND type = "node"`."""
        return outcome.ledger(self._transport, build.task_name(self._project, name), filter)

    def watch(
        self, name: str, after: int = 0, *, timeout: float | None = None, heartbeat: float = watching.DEFAULT_HEARTBEAT
    ) -> AsyncGenerator[Event, None]:
        """Tell a task's life as it happens, from after event `after`: see `Handle.watch`."""
        full_name = build.task_name(self._project, name)
        return watching.watch_task(self._transport, full_name, after, heartbeat=heartbeat, timeout=timeout)

    def watch_project(
        self,
        filter: str = "",  # noqa: A002
        resume_token: bytes = b"",
        *,
        timeout: float | None = None,
        heartbeat: float = watching.DEFAULT_HEARTBEAT,
    ) -> AsyncGenerator[Event, None]:
        """Tell what happens in the project, for ever.

        First a snapshot of each task that is not at rest, then events and progress.

        Broken connections are opened again where they ended. To go on in another process give the `resume_token` of the
        last event that was dealt with; events that came in one message share its token, and all but the last of them
        carry the token before it, so that some may be told again but none is missed.

        Raises:
            OutOfRange: the server no longer holds what came after the token: list the tasks, then watch without one.
            TimedOut: `timeout` seconds are over.
            Unreachable: there is no answer, and this client never had one: the address is probably wrong.
        """
        return watching.watch_project(
            self._transport, self._project, filter, resume_token, heartbeat=heartbeat, timeout=timeout
        )
