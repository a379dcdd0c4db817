"""The place of a new task, from before it is written until it is known whether it was."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from wharfinger_server.domain.event import EventDetail
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.store.store import MaybeWritten


class Places(Protocol):
    """Who gives places to tasks: the dispatcher."""

    def launch_new(self, queue: ExecutorQueue, task: Task, sealed: Mapping[str, Any]) -> None:
        """Launch the first attempt of a task that was leased as it was created."""
        ...

    def release(self, queue: ExecutorQueue, task: Task) -> None:
        """Take the slot and the key back of a task that gets no attempt after all."""
        ...

    def consider(self, task: Task) -> None:
        """See to a task without a running attempt."""
        ...

    def find_out(self, task: Task, queue: ExecutorQueue | None = None) -> None:
        """See to a task of which nobody heard whether it was written, or changed; with `queue`: it has a slot there."""
        ...


class Reservation:
    """A context for writing one new task; `keep` says that it was written.

    `events` are the details of its first events, with their attempts.
    With a `queue` a slot and the task's concurrency key are taken: it is created and leased in one commit. Left without
    `keep`, the place is given back; by a caller that went away or a lost answer, which do not mean that the task was
    not written, it is found out first.
    """

    __slots__ = ("_kept", "_places", "_queue", "events", "task")

    def __init__(
        self,
        places: Places,
        task: Task,
        queue: ExecutorQueue | None,
        events: tuple[tuple[EventDetail, int], ...],
    ) -> None:
        self.task = task
        self.events = events
        self._places = places
        self._queue = queue
        self._kept = False

    def keep(self, written: Task, sealed: Mapping[str, Any]) -> None:
        """See to the task as it was written; `sealed` are the values of its sealed params, by JSON pointer."""
        self._kept = True
        if self._queue is not None:
            self._places.launch_new(self._queue, written, sealed)
        else:
            self._places.consider(written)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kept:
            return
        if isinstance(error, asyncio.CancelledError | MaybeWritten):
            self._places.find_out(self.task, self._queue)
        elif self._queue is not None:
            self._places.release(self._queue, self.task)
