"""The client for asyncio. `wharfinger.Client` has the same verbs, blocking; both run this code."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from wharfinger import errors, models
from wharfinger._core.connection import methods, settings
from wharfinger._core.connection.transport import Transport
from wharfinger._core.messages import build, convert, fields, watched
from wharfinger._core.verbs import arriving, asking, batches, outcome, watching
from wharfinger._core.verbs.paging import pages
from wharfinger.aio.prices import AsyncPrices
from wharfinger.events import Event, LogLine, Snapshot
from wharfinger.requests import NewTask, Policy
from wharfinger.v1 import executor_service_pb2, task_pb2, task_service_pb2

__all__ = ["Client", "Handle"]


class Client(AsyncPrices):
    """A connection to a Wharfinger server, for one event loop: that of its first call. It may be made outside of any.

    Args:
        server: `host:port`, `unix:/path`, or `https://host:port`; else WHARFINGER_SERVER, else `127.0.0.1:7480`.
        project: plain name of the project that tasks belong to; else WHARFINGER_PROJECT, else `default`.
        token: bearer token; else WHARFINGER_TOKEN, else none. Never sent unencrypted to another machine.
        tls: whether to encrypt; None: everything but this machine's own addresses.
        ca: PEM of the authorities to trust, bytes or a file; else the file WHARFINGER_CA, else the system's.
        cert: PEM of a client certificate, with `key`.
        key: PEM of its private key.

    Raises:
        ValueError: the address or a combination of arguments is wrong.

    Every call raises `Unreachable` when no answer comes, after a few tries where repeating does no harm, and one of the
    `Refused` family when the server will not.
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        project: str | None = None,
        token: str | None = None,
        tls: bool | None = None,
        ca: str | Path | bytes | None = None,
        cert: str | Path | bytes | None = None,
        key: str | Path | bytes | None = None,
    ) -> None:
        from wharfinger._core.connection.asynchronous import AsyncTransport

        chosen = settings.resolve(server, project, token, tls=tls, ca=ca, cert=cert, key=key)
        self._project = chosen.project
        self._transport: Transport = AsyncTransport(chosen)

    @classmethod
    def over(cls, transport: Transport, project: str) -> Self:
        """Return a client over a transport of another kind: how the blocking client runs this code."""
        client = cls.__new__(cls)
        client._project = project  # noqa: SLF001  # its own class's
        client._transport = transport  # noqa: SLF001
        return client

    def __repr__(self) -> str:
        return f"<wharfinger.aio.Client of {self.server}, project {self._project}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client has a connection and can't be pickled; make a new one where it is needed")

    @property
    def server(self) -> str:
        """The server's address."""
        return self._transport.server

    @property
    def project(self) -> str:
        """The plain name of the project that tasks belong to."""
        return self._project

    @property
    def closed(self) -> bool:
        """Whether it was closed, and asks nothing any more."""
        return self._transport.closed

    async def close(self) -> None:
        """Close the connection. Watches end with an error."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ------------------------------------------------------------------ asking for tasks

    async def submit(  # noqa: PLR0913
        self,
        script: str,
        params: Mapping[str, Any] | None = None,
        *,
        task_id: str = "",
        labels: Mapping[str, str] | None = None,
        executor: str = "",
        script_version: str = "",
        policy: Policy | Mapping[str, Any] | None = None,
        request_id: str = "",
        validate_only: bool = False,
    ) -> Handle:
        """Ask for a task; when this returns, the task is durable and will be run.

        Every request carries a request id, so that it is repeated safely when an answer is lost; give your own
        (`request_id`) to make repeating safe across restarts of your program too. `task_id` is the last part of the
        task's name, made up by the server if empty. With `validate_only` everything is checked and nothing is created.

        Raises:
            InvalidArgument: the params don't match the script's schema, or a field is wrong; `violations` says which.
            NotFound: no such script or executor.
            AlreadyExists: a task of that id exists, or the request id was used for another request.
            Unreachable: no answer; its `request_id` allows to ask again without making a second task.
        """
        new = NewTask(
            script,
            params or {},
            task_id=task_id,
            labels=labels or {},
            executor=executor,
            script_version=script_version,
            policy=policy,
            request_id=request_id,
            validate_only=validate_only,
        )
        request = build.create_request(self._project, new)
        return Handle(self, convert.task(await asking.once(self._transport, methods.CREATE, request)))

    async def submit_many(self, tasks: Iterable[NewTask]) -> Sequence[Handle | errors.WharfingerError]:
        """Ask for many tasks at once; each is accepted or refused for itself.

        Returns one outcome for each task, in order: its handle, or why there is none. An `Unreachable` carries the
        request id of its task, which may have been accepted.
        """
        requests = [build.create_request(self._project, new, f"tasks[{n}]") for n, new in enumerate(tasks)]
        outcomes: list[Handle | errors.WharfingerError] = []
        for batch in batches.split(f"projects/{self._project}", requests):
            answers = await batches.send(self._transport, batch)
            outcomes += [
                answer if isinstance(answer, errors.WharfingerError) else Handle(self, convert.task(answer, full=False))
                for answer in answers
            ]
        return outcomes

    async def rerun(
        self, name: str, params: Mapping[str, Any] | None = None, *, task_id: str = "", request_id: str = ""
    ) -> Handle:
        """Ask for another task like that one: with its script, params, labels, executor and policy.

        `params` take the place of those that it had; sealed ones must be given anew, for nobody can read them. The
        script is run in the version that is installed now, and what the task made is not touched. The request carries a
        request id, as that of `submit`, whose errors it raises; NotFound where there is no such task.
        """
        full_name = build.task_name(self._project, name)
        made = await asking.rerun(self._transport, self._project, full_name, params or {}, task_id, request_id)
        return Handle(self, made)

    # ------------------------------------------------------------------ tasks

    def handle(self, name: str) -> Handle:
        """Return a handle of the task with that name or id, without asking the server."""
        return Handle(self, build.task_name(self._project, name))

    async def get(self, name: str) -> models.Task:
        """Return the task with that name or id as it stands. Raises NotFound."""
        request = fields.message(task_service_pb2.GetTaskRequest, name=build.task_name(self._project, name))
        return convert.task(await self._transport.unary(methods.GET, request))

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
        async for page in pages(self._transport, methods.LIST, request):
            for task in page.tasks:
                yield convert.task(task, full=full)

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

    async def cancel(self, name: str, reason: str = "", *, etag: str = "") -> models.Task:
        """Ask a task to stop, and return it as it then is; with an `etag` that is no longer its own raise Aborted."""
        request = fields.message(
            task_service_pb2.CancelTaskRequest, name=build.task_name(self._project, name), reason=reason, etag=etag
        )
        return convert.task(await self._transport.unary(methods.CANCEL, request))

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
    ) -> models.Task:
        """Say how things stand with one entry of a task's ledger, and return the task as it then is.

        `verdict` is a `Verdict` or its word; CREATED needs the provider's id as `external_id` where the ledger has
        none. With the last open entry the task comes to its end.

        Raises:
            FailedPrecondition: the entry's state forbids it, the ledger has no such key, or nobody can tell yet.
            InvalidArgument: no such verdict, or the id is missing or another entry's.
            Aborted: the task no longer has that `etag`.
        """
        full_name = build.task_name(self._project, name)
        return await asking.resolve(
            self._transport, full_name, key, verdict, external_id=external_id, reason=reason, etag=etag
        )

    async def delete(self, name: str, *, etag: str = "") -> None:
        """Delete a task that is at rest and owns nothing that may be alive; otherwise raise FailedPrecondition."""
        request = fields.message(
            task_service_pb2.DeleteTaskRequest, name=build.task_name(self._project, name), etag=etag
        )
        await self._transport.unary(methods.DELETE, request)

    async def events(self, name: str, after: int = 0) -> AsyncGenerator[Event, None]:
        """Tell the task's events so far, those numbered above `after`, in order."""
        request = fields.message(
            task_service_pb2.ListTaskEventsRequest,
            name=build.task_name(self._project, name),
            after_sequence=after,
            page_size=1000,
        )
        async for page in pages(self._transport, methods.EVENTS, request):
            for event in page.events:
                yield watched.event(event)

    def resources(self, name: str, filter: str = "") -> AsyncGenerator[models.Resource, None]:  # noqa: A002
        """Tell the task's ledger in the order of intent, filtered such as by `state = UNCERTAIN AND type = "node"`."""
        return outcome.resources(self._transport, build.task_name(self._project, name), filter)

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

    # ------------------------------------------------------------------ what the server can run

    async def scripts(self) -> AsyncGenerator[models.Script, None]:
        """Tell the scripts that are installed, in the order of their names, broken ones too."""
        request = executor_service_pb2.ListScriptsRequest(page_size=1000)
        async for page in pages(self._transport, methods.LIST_SCRIPTS, request):
            for script in page.scripts:
                yield convert.script(script)

    async def script(self, name: str) -> models.Script:
        """Return the script of that name with its schemas. Raises NotFound, whose metadata has `similar` names."""
        request = fields.message(
            executor_service_pb2.GetScriptRequest, name=f"scripts/{fields.text('name', name).removeprefix('scripts/')}"
        )
        return convert.script(await self._transport.unary(methods.GET_SCRIPT, request))

    async def executors(self) -> AsyncGenerator[models.Executor, None]:
        """Tell the executors that are installed, in the order of their names."""
        request = executor_service_pb2.ListExecutorsRequest(page_size=1000)
        async for page in pages(self._transport, methods.LIST_EXECUTORS, request):
            for executor in page.executors:
                yield convert.executor(executor)

    async def server_info(self) -> models.ServerInfo:
        """Return what the server says of itself beside an answer; what it does not say is empty."""
        return await arriving.info(self._transport)

    async def wait_ready(self, timeout: float = 30.0) -> models.ServerInfo:
        """Return what the server says of itself as soon as it answers: for one that was just started.

        Raises `Unreachable` when it does not within `timeout` seconds.
        """
        return await arriving.wait_ready(self._transport, timeout)


class Handle:
    """One task: its full `name`, and what was last seen of it."""

    def __init__(self, client: Client, task: models.Task | str) -> None:
        self._client = client
        self._task = None if isinstance(task, str) else task
        self.name = task if isinstance(task, str) else task.name

    def __repr__(self) -> str:
        return f"<Handle {self.name} {self.state or 'not seen yet'}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Handle):
            return NotImplemented
        return (self.name, self._client.server) == (other.name, other._client.server)

    def __hash__(self) -> int:
        return hash((self.name, self._client.server))

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a handle has a connection and can't be pickled; send handle.name, and take client.handle(name)"
        )

    @property
    def id(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]

    @property
    def task(self) -> models.Task | None:
        """The task as last seen; None before it was."""
        return self._task

    @property
    def state(self) -> models.TaskState | None:
        """The task's state as last seen; None before it was."""
        return self._task.state if self._task else None

    async def refresh(self) -> models.Task:
        """Ask for the task as it now stands, and return it. Raises NotFound."""
        self._task = await self._client.get(self.name)
        return self._task

    async def watch(
        self, after: int = 0, *, timeout: float | None = None, heartbeat: float = watching.DEFAULT_HEARTBEAT
    ) -> AsyncGenerator[Event, None]:
        """Tell the task's life as it happens.

        First a `Snapshot`, then every event above number `after` once and in order, progress in between, and at last a
        final `Snapshot` when the task is at rest.

        A connection that breaks, or is silent for three times `heartbeat` seconds, is opened again where it ended, for
        as long as it takes. The end is the end for now: late evidence can reopen a task, which `Client.watch_project`
        tells.

        Raises:
            TimedOut: `timeout` seconds are over.
            Unreachable: there is no answer, and this client never had one: the address is probably wrong.
            NotFound: there is no such task.
        """
        async with aclosing(self._client.watch(self.name, after, timeout=timeout, heartbeat=heartbeat)) as told:
            async for event in told:
                if isinstance(event, Snapshot):
                    self._task = event.task
                yield event

    async def wait(self, timeout: float | None = None) -> models.Task:
        """Return the task once it is at rest. Raises TimedOut after `timeout` seconds."""
        self._task = await self._client.wait(self.name, timeout)
        return self._task

    async def result(self, timeout: float | None = None) -> Mapping[str, Any]:
        """Return what the script returned, once the task is at rest.

        Raises:
            PartialFailure: it stopped half-way, or its rollback did; the error holds what is left over.
            RolledBack: what it had made was undone on somebody's request.
            TaskCancelled: it was cancelled and nothing is left over.
            TaskFailed: it failed and nothing is left over. The base of those above.
            TimedOut: it is not at rest after `timeout` seconds.
            Unreachable: there is no answer, and this client never had one: the address is probably wrong.
        """
        self._task = await self._client.wait(self.name, timeout)
        return await self._client.result_of(self._task)

    async def cancel(self, reason: str = "", *, etag: str = "") -> models.Task:
        """Ask the task to stop, and return it as it then is."""
        self._task = await self._client.cancel(self.name, reason, etag=etag)
        return self._task

    async def resume(self, *, script_version: str = "", etag: str = "", request_id: str = "") -> models.Task:
        """Let the half-done task run again with what it made; see `Client.resume`."""
        self._task = await self._client.resume(
            self.name, script_version=script_version, etag=etag, request_id=request_id
        )
        return self._task

    async def rollback(
        self, *, only: Iterable[str] = (), retain: Iterable[str] = (), etag: str = "", request_id: str = ""
    ) -> models.Task:
        """Undo what the task made, and return it as it then is; see `Client.rollback`."""
        self._task = await self._client.rollback(self.name, only=only, retain=retain, etag=etag, request_id=request_id)
        return self._task

    async def rollback_plan(self, *, only: Iterable[str] = (), retain: Iterable[str] = ()) -> models.RollbackPlan:
        """Return what `rollback` with these keys would do, and do nothing."""
        return await self._client.rollback_plan(self.name, only=only, retain=retain)

    async def resolve(
        self, key: str, verdict: models.Verdict | str, *, external_id: str = "", reason: str = "", etag: str = ""
    ) -> models.Task:
        """Say how things stand with one entry of the task's ledger; see `Client.resolve`."""
        self._task = await self._client.resolve(
            self.name, key, verdict, external_id=external_id, reason=reason, etag=etag
        )
        return self._task

    async def delete(self, *, etag: str = "") -> None:
        """Delete the task, which must be at rest and own nothing that may be alive; else FailedPrecondition."""
        await self._client.delete(self.name, etag=etag)

    def events(self, after: int = 0) -> AsyncGenerator[Event, None]:
        """Tell the task's events so far, those numbered above `after`."""
        return self._client.events(self.name, after)

    def resources(self, filter: str = "") -> AsyncGenerator[models.Resource, None]:  # noqa: A002
        """Tell the task's ledger in the order of intent."""
        return self._client.resources(self.name, filter)

    async def logs(self, *, follow: bool = False) -> AsyncGenerator[LogLine, None]:
        """Tell the task's log so far, or with `follow` until the task is at rest."""
        async with aclosing(self.watch() if follow else self.events()) as told:
            async for event in told:
                if isinstance(event, LogLine):
                    yield event
