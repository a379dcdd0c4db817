"""The use cases of watches: follow one task, or all tasks of a project."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from wharfinger_server.domain.errors import invalid
from wharfinger_server.engine.interface.filters import FEED_FIELDS, parse
from wharfinger_server.engine.interface.id_checks import check_project
from wharfinger_server.engine.interface.requests import Caller, task_not_found
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.use_cases.views import TaskViews
from wharfinger_server.engine.watching.broadcast import Broadcast
from wharfinger_server.engine.watching.positions import FeedTokens
from wharfinger_server.engine.watching.project_watch import ProjectWatch
from wharfinger_server.engine.watching.task_watch import TaskWatch
from wharfinger_server.engine.watching.watch import Update, WatchLimit, heartbeat_interval
from wharfinger_server.store.store import Store

READING = 32
"""How many watches read their task at once."""


class Watches:
    """Opens watches and ends them when the server does. Heartbeats are in microseconds, 0 for the usual one."""

    def __init__(self, store: Store, hub: Broadcast, showing: TaskViews, doorkeeper: WatchLimit) -> None:
        self._store = store
        self._hub = hub
        self._showing = showing
        self._door = doorkeeper
        self._reading = asyncio.Semaphore(READING)

    @property
    def open(self) -> int:
        """How many watches are open."""
        return self._door.inside

    def watch_task(
        self, caller: Caller, project: str, task_id: str, after_sequence: int, heartbeat: int, resume_token: bytes = b""
    ) -> AsyncIterator[Update]:
        """Watch a task until it rests, after a sequence or a resume token. Raises as `TaskWatch`, and NotFound."""
        if after_sequence < 0:
            raise invalid("after_sequence", "it is negative")
        if not caller.may_see(project):
            raise task_not_found(project, task_id)

        async def show() -> TaskView:
            """Read the task afresh."""
            return await self._show(project, task_id)

        watch = TaskWatch(self._hub, self._store, show, after_sequence, resume_token)
        return watch.updates(self._door, heartbeat_interval(heartbeat))

    async def _show(self, project: str, task_id: str) -> TaskView:
        """Read a task afresh, for a few watches at a time: thousands may begin at once."""
        async with self._reading:
            task = await self._store.task(project, task_id)
            if task is None:
                raise task_not_found(project, task_id)
            return await self._showing.show(task)

    def watch_project(
        self,
        caller: Caller,
        project: str,
        filter: str,  # noqa: A002 - the API's own word
        resume_token: bytes,
        heartbeat: int,
    ) -> AsyncIterator[Update]:
        """Watch all tasks of a project that match a filter, from now on or after a resume token."""
        check_project(caller, project)
        tokens = FeedTokens(self._store.incarnation, project, filter)
        conditions = parse(filter, FEED_FIELDS)
        watch = ProjectWatch(self._hub, self._store, self._showing.show, project, conditions, tokens, resume_token)
        return watch.updates(self._door, heartbeat_interval(heartbeat))

    async def close(self) -> None:
        """End every watch with its position, and open no more."""
        self._door.closing = True
        self._hub.close()
