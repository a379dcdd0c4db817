"""One task, and what was last seen of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from wharfinger import models
from wharfinger._core.verbs import watching
from wharfinger.aio.tasks import Tasks
from wharfinger.events import Event, LogLine, Snapshot


class Handle:
    """One task: its full `name`, and what was last seen of it. Made by `Client.submit` and `Client.handle`.

    Handles of one task at one server are equal. A handle pickles as the addresses of its server and its task; where it
    comes out it asks by another connection, which takes what else it needs (token, authorities) from the
    environment.
    """

    def __init__(self, client: Tasks, task: models.Task | str) -> None:
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

    def __reduce__(self) -> tuple[Any, ...]:
        return (unpickled, (type(self._client), self._client.origin, self._client.project, self.name))

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

    async def cancel(self, reason: str = "", *, etag: str = "", request_id: str = "") -> models.Task:
        """Ask the task to stop, and return it as it then is; see `Client.cancel`."""
        self._task = await self._client.cancel(self.name, reason, etag=etag, request_id=request_id)
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
        self,
        key: str,
        verdict: models.Verdict | str,
        *,
        external_id: str = "",
        reason: str = "",
        etag: str = "",
        request_id: str = "",
    ) -> models.Task:
        """Say how things stand with one entry of the task's ledger; see `Client.resolve`."""
        self._task = await self._client.resolve(
            self.name, key, verdict, external_id=external_id, reason=reason, etag=etag, request_id=request_id
        )
        return self._task

    async def delete(self, *, etag: str = "", allow_missing: bool = False) -> None:
        """Delete the task, which must be at rest and own nothing that may be alive; see `Client.delete`."""
        await self._client.delete(self.name, etag=etag, allow_missing=allow_missing)

    def events(self, after: int = 0) -> AsyncGenerator[Event, None]:
        """Tell the task's events so far, those numbered above `after`."""
        return self._client.events(self.name, after)

    def ledger(self, filter: str = "") -> AsyncGenerator[models.LedgerEntry, None]:  # noqa: A002
        """Tell the task's ledger in the order of intent."""
        return self._client.ledger(self.name, filter)

    async def logs(self, *, follow: bool = False) -> AsyncGenerator[LogLine, None]:
        """Tell the task's log so far, or with `follow` until the task is at rest."""
        async with aclosing(self.watch() if follow else self.events()) as told:
            async for event in told:
                if isinstance(event, LogLine):
                    yield event


def unpickled(kind: type[Tasks], server: str, project: str, name: str) -> Handle:
    """Return the handle that came out of a pickle."""
    return Handle(kind.again(server, project), name)
