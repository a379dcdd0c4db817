"""The client that blocks. `wharfinger.aio.Client` has the same verbs for asyncio; both run the same code."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from wharfinger import aio, errors, models
from wharfinger._core.connection import settings
from wharfinger._core.connection.blocking import BlockingTransport, iterate, run
from wharfinger._core.verbs import watching
from wharfinger.blocking.prices import BlockingPrices
from wharfinger.events import Event, LogLine
from wharfinger.requests import NewTask, Policy

__all__ = ["Client", "Handle"]


class Client(BlockingPrices):
    """A connection to a Wharfinger server, for any number of threads. Nothing is sent before the first call.

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
        chosen = settings.resolve(server, project, token, tls=tls, ca=ca, cert=cert, key=key)
        self._core = aio.Client.over(BlockingTransport(chosen), chosen.project)

    def __repr__(self) -> str:
        return f"<wharfinger.Client of {self.server}, project {self.project}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client has a connection and can't be pickled; make a new one where it is needed")

    @property
    def server(self) -> str:
        """The server's address."""
        return self._core.server

    @property
    def project(self) -> str:
        """The plain name of the project that tasks belong to."""
        return self._core.project

    @property
    def closed(self) -> bool:
        """Whether it was closed, and asks nothing any more."""
        return self._core.closed

    def close(self) -> None:
        """Close the connection. Watches in other threads end with an error."""
        run(self._core.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ asking for tasks

    def submit(  # noqa: PLR0913
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
        return Handle(
            run(
                self._core.submit(
                    script,
                    params,
                    task_id=task_id,
                    labels=labels,
                    executor=executor,
                    script_version=script_version,
                    policy=policy,
                    request_id=request_id,
                    validate_only=validate_only,
                )
            ),
            self,
        )

    def submit_many(self, tasks: Iterable[NewTask]) -> Sequence[Handle | errors.WharfingerError]:
        """Ask for many tasks at once; each is accepted or refused for itself.

        Returns one outcome for each task, in order: its handle, or why there is none. An `Unreachable` carries the
        request id of its task, which may have been accepted.
        """
        outcomes = run(self._core.submit_many(tasks))
        return [Handle(outcome, self) if isinstance(outcome, aio.Handle) else outcome for outcome in outcomes]

    def rerun(
        self, name: str, params: Mapping[str, Any] | None = None, *, task_id: str = "", request_id: str = ""
    ) -> Handle:
        """Ask for another task like that one: with its script, params, labels, executor and policy.

        `params` take the place of those that it had; sealed ones must be given anew, for nobody can read them. The
        script is run in the version that is installed now, and what the task made is not touched. The request carries a
        request id, as that of `submit`, whose errors it raises; NotFound where there is no such task.
        """
        return Handle(run(self._core.rerun(name, params, task_id=task_id, request_id=request_id)), self)

    # ------------------------------------------------------------------ tasks

    def handle(self, name: str) -> Handle:
        """Return a handle of the task with that name or id, without asking the server."""
        return Handle(self._core.handle(name), self)

    def get(self, name: str) -> models.Task:
        """Return the task with that name or id as it stands. Raises NotFound."""
        return run(self._core.get(name))

    def list(
        self,
        filter: str = "",  # noqa: A002  # the API's word
        order_by: str = "",
        *,
        page_size: int = 0,
        full: bool = False,
        all_projects: bool = False,
    ) -> Generator[models.Task, None, None]:
        """Tell the project's tasks, page by page as they are read: newest first unless `order_by` says otherwise.

        `filter` is of comparisons joined by AND, such as `state = FAILED AND labels.env = "prod"`. Without `full` the
        tasks come in brief: without params, result, attempts, estimate and why they wait. With `all_projects` they are
        those of every project that the client's credential opens. Raises InvalidArgument for a filter or order that
        can't be.
        """
        return iterate(self._core.list(filter, order_by, page_size=page_size, full=full, all_projects=all_projects))

    def wait(self, name: str, timeout: float | None = None) -> models.Task:
        """Return the task once it is at rest; broken connections and restarts of the server are waited out.

        Raises:
            TimedOut: it is not at rest after `timeout` seconds.
            Unreachable: there is no answer, and this client never had one: the address is probably wrong.
            NotFound: there is no such task.
        """
        return run(self._core.wait(name, timeout))

    def result_of(self, task: models.Task) -> Mapping[str, Any]:
        """Return the result of a task that is at rest; the ledger is read where something is left over.

        Raises:
            PartialFailure, RolledBack, TaskCancelled, TaskFailed: it did not succeed.
        """
        try:
            return run(self._core.result_of(task))
        except errors.PartialFailure as error:
            error.remember(self)
            raise

    def cancel(self, name: str, reason: str = "", *, etag: str = "") -> models.Task:
        """Ask a task to stop, and return it as it then is; with an `etag` that is no longer its own raise Aborted."""
        return run(self._core.cancel(name, reason, etag=etag))

    def resume(self, name: str, *, script_version: str = "", etag: str = "", request_id: str = "") -> models.Task:
        """Let a half-done task run again with what it made, and return it as it then is: QUEUED.

        What exists is used again, only the rest is made, and attempts are counted anew. `script_version` pins another
        version of the script, which must be the installed one. The request carries a request id, as that of `submit`.

        Raises:
            FailedPrecondition: the task's state forbids it, a whole rollback has begun, or the script's version
                is not installed.
            Aborted: the task no longer has that `etag`.
        """
        return run(self._core.resume(name, script_version=script_version, etag=etag, request_id=request_id))

    def rollback(
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
        return run(self._core.rollback(name, only=only, retain=retain, etag=etag, request_id=request_id))

    def rollback_plan(self, name: str, *, only: Iterable[str] = (), retain: Iterable[str] = ()) -> models.RollbackPlan:
        """Return what `rollback` with these keys would do, and do nothing. Raises as that does."""
        return run(self._core.rollback_plan(name, only=only, retain=retain))

    def resolve(
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
        return run(self._core.resolve(name, key, verdict, external_id=external_id, reason=reason, etag=etag))

    def delete(self, name: str, *, etag: str = "") -> None:
        """Delete a task that is at rest and owns nothing that may be alive; otherwise raise FailedPrecondition."""
        run(self._core.delete(name, etag=etag))

    def events(self, name: str, after: int = 0) -> Generator[Event, None, None]:
        """Tell the task's events so far, those numbered above `after`, in order."""
        return iterate(self._core.events(name, after))

    def resources(self, name: str, filter: str = "") -> Generator[models.Resource, None, None]:  # noqa: A002
        """Tell the task's ledger in the order of intent, filtered such as by `state = UNCERTAIN AND type = "node"`."""
        return iterate(self._core.resources(name, filter))

    def watch(
        self, name: str, after: int = 0, *, timeout: float | None = None, heartbeat: float = watching.DEFAULT_HEARTBEAT
    ) -> Generator[Event, None, None]:
        """Tell a task's life as it happens, from after event `after`: see `Handle.watch`."""
        return iterate(self._core.watch(name, after, timeout=timeout, heartbeat=heartbeat))

    def watch_project(
        self,
        filter: str = "",  # noqa: A002
        resume_token: bytes = b"",
        *,
        timeout: float | None = None,
        heartbeat: float = watching.DEFAULT_HEARTBEAT,
    ) -> Generator[Event, None, None]:
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
        return iterate(self._core.watch_project(filter, resume_token, timeout=timeout, heartbeat=heartbeat))

    # ------------------------------------------------------------------ what the server can run

    def scripts(self) -> Generator[models.Script, None, None]:
        """Tell the scripts that are installed, in the order of their names, broken ones too."""
        return iterate(self._core.scripts())

    def script(self, name: str) -> models.Script:
        """Return the script of that name with its schemas. Raises NotFound, whose metadata has `similar` names."""
        return run(self._core.script(name))

    def executors(self) -> Generator[models.Executor, None, None]:
        """Tell the executors that are installed, in the order of their names."""
        return iterate(self._core.executors())

    def server_info(self) -> models.ServerInfo:
        """Return what the server says of itself beside an answer; what it does not say is empty."""
        return run(self._core.server_info())

    def wait_ready(self, timeout: float = 30.0) -> models.ServerInfo:
        """Return what the server says of itself as soon as it answers: for one that was just started.

        Raises `Unreachable` when it does not within `timeout` seconds.
        """
        return run(self._core.wait_ready(timeout))


class Handle:
    """One task: its full `name`, and what was last seen of it. Made by `Client.submit` and `Client.handle`."""

    def __init__(self, core: aio.Handle, client: Client) -> None:
        self._core = core
        self._client = client
        self.name = core.name

    def __repr__(self) -> str:
        return repr(self._core)

    def __eq__(self, other: object) -> bool:
        return self._core == other._core if isinstance(other, Handle) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._core)

    def __reduce__(self) -> NoReturn:
        self._core.__reduce__()

    @property
    def id(self) -> str:
        """The last part of the name."""
        return self._core.id

    @property
    def task(self) -> models.Task | None:
        """The task as last seen; None before it was."""
        return self._core.task

    @property
    def state(self) -> models.TaskState | None:
        """The task's state as last seen; None before it was."""
        return self._core.state

    def refresh(self) -> models.Task:
        """Ask for the task as it now stands, and return it. Raises NotFound."""
        return run(self._core.refresh())

    def watch(
        self, after: int = 0, *, timeout: float | None = None, heartbeat: float = watching.DEFAULT_HEARTBEAT
    ) -> Generator[Event, None, None]:
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
        return iterate(self._core.watch(after, timeout=timeout, heartbeat=heartbeat))

    def wait(self, timeout: float | None = None) -> models.Task:
        """Return the task once it is at rest. Raises TimedOut after `timeout` seconds."""
        return run(self._core.wait(timeout))

    def result(self, timeout: float | None = None) -> Mapping[str, Any]:
        """Return what the script returned, once the task is at rest.

        Raises:
            PartialFailure: it stopped half-way, or its rollback did; the error holds what is left over.
            RolledBack: what it had made was undone on somebody's request.
            TaskCancelled: it was cancelled and nothing is left over.
            TaskFailed: it failed and nothing is left over. The base of those above.
            TimedOut: it is not at rest after `timeout` seconds.
            Unreachable: there is no answer, and this client never had one: the address is probably wrong.
        """
        try:
            return run(self._core.result(timeout))
        except errors.PartialFailure as error:
            error.remember(self._client)
            raise

    def cancel(self, reason: str = "", *, etag: str = "") -> models.Task:
        """Ask the task to stop, and return it as it then is."""
        return run(self._core.cancel(reason, etag=etag))

    def resume(self, *, script_version: str = "", etag: str = "", request_id: str = "") -> models.Task:
        """Let the half-done task run again with what it made; see `Client.resume`."""
        return run(self._core.resume(script_version=script_version, etag=etag, request_id=request_id))

    def rollback(
        self, *, only: Iterable[str] = (), retain: Iterable[str] = (), etag: str = "", request_id: str = ""
    ) -> models.Task:
        """Undo what the task made, and return it as it then is; see `Client.rollback`."""
        return run(self._core.rollback(only=only, retain=retain, etag=etag, request_id=request_id))

    def rollback_plan(self, *, only: Iterable[str] = (), retain: Iterable[str] = ()) -> models.RollbackPlan:
        """Return what `rollback` with these keys would do, and do nothing."""
        return run(self._core.rollback_plan(only=only, retain=retain))

    def resolve(
        self, key: str, verdict: models.Verdict | str, *, external_id: str = "", reason: str = "", etag: str = ""
    ) -> models.Task:
        """Say how things stand with one entry of the task's ledger; see `Client.resolve`."""
        return run(self._core.resolve(key, verdict, external_id=external_id, reason=reason, etag=etag))

    def delete(self, *, etag: str = "") -> None:
        """Delete the task, which must be at rest and own nothing that may be alive; else FailedPrecondition."""
        run(self._core.delete(etag=etag))

    def events(self, after: int = 0) -> Generator[Event, None, None]:
        """Tell the task's events so far, those numbered above `after`."""
        return iterate(self._core.events(after))

    def resources(self, filter: str = "") -> Generator[models.Resource, None, None]:  # noqa: A002
        """Tell the task's ledger in the order of intent."""
        return iterate(self._core.resources(filter))

    def logs(self, *, follow: bool = False) -> Generator[LogLine, None, None]:
        """Tell the task's log so far, or with `follow` until the task is at rest."""
        return iterate(self._core.logs(follow=follow))
