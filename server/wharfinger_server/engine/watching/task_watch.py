"""The watch of one task: a snapshot, every event once and in order, progress, heartbeats, a final snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from wharfinger.ledger.progress import Progress
from wharfinger_server.domain.errors import NotFound, OutOfRange, invalid
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.watching.broadcast import Broadcast, Topic, one_batch
from wharfinger_server.engine.watching.positions import Position, TaskTokens, mark_of, too_old
from wharfinger_server.engine.watching.watch import PAGE, Events, ProgressChanged, Snapshot, Update, Watch
from wharfinger_server.store.store import Store


class TaskWatch(Watch):
    """A watch of a task until it rests. `show` reads the task afresh, or raises NotFound."""

    __slots__ = ("_after", "_hub", "_newest", "_resting", "_resume", "_show", "_store", "_task", "_told", "_topic")

    def __init__(
        self,
        hub: Broadcast,
        store: Store,
        show: Callable[[], Awaitable[TaskView]],
        after_sequence: int,
        resume_token: bytes,
    ) -> None:
        super().__init__(hub.bell())
        self._hub = hub
        self._store = store
        self._show = show
        self._task = (0, "")
        self._after = after_sequence
        self._resume = resume_token
        self._newest = 0
        self._resting = False
        self._told: Progress | None = None

    async def join(self) -> Topic:
        """Subscribe to the task."""
        task = (await self._show()).task
        self._task = task.id, task.name
        self._topic = self._hub.join_task(task.id, self._bell)
        return self._topic

    def leave(self) -> None:
        """Subscribe no more."""
        self._hub.leave_task(self._task[0], self._bell)

    async def begin(self) -> AsyncIterator[Update]:
        """Yield the task as it is.

        Raises OutOfRange POSITION_AHEAD for a sequence the task has not reached, RESUME_TOKEN_TOO_OLD for a token whose
        event is another one now, and InvalidArgument RESUME_TOKEN_INVALID for a token of something else.
        """
        shown = await self._show()
        self._stands(shown.task)
        self._is_at(await self._start(shown.task))
        self._told = shown.progress
        yield Snapshot(self.position, self.token, shown)

    async def following(self) -> Update | None:
        """Return what comes next: events, the end, or progress."""
        topic = self._topic
        while True:
            if topic.newest is not None and topic.newest.last_sequence >= self._newest:
                self._stands(topic.newest)
            if self.position < self._newest:
                return await self._events()
            if not self._resting:
                break
            shown = await self._show()
            if shown.task.last_sequence == self.position:
                self.over = True
                return Snapshot(self.position, self.token, shown)
            self._stands(shown.task)
        progress = next(iter(topic.progress.values()), None)
        if progress is None or progress is self._told:
            return None
        self._told = progress
        return ProgressChanged(self.position, self.token, self._task[1], progress)

    def _stands(self, task: Task) -> None:
        """Note the number of the task's newest event, and whether it is at rest."""
        self._newest, self._resting = task.last_sequence, task.state.resting

    def _is_at(self, at: Position) -> None:
        self.position, self.token = at.number, TaskTokens(self._store.incarnation).make(self._task[0], at)

    async def _events(self) -> Update:
        told = self._topic.frames(self.position)
        if told is None:
            stored = one_batch(await self._store.events(self._task[0], self.position, PAGE))
            if not stored:
                raise NotFound("TASK_NOT_FOUND", "the task was deleted and purged while it was watched")
            told = tuple(event.body for event in stored), Position(stored[-1].sequence, mark_of(stored[-1].body))
        frames, at = told
        self._is_at(at)
        return Events(self.position, self.token, frames)

    async def _start(self, task: Task) -> Position:
        """Return the position to begin after, checked against the event that stands there."""
        after, token = self._after, self._resume
        meant = TaskTokens(self._store.incarnation).read(task.id, token) if token else Position(after)
        if after not in (0, meant.number):
            raise invalid("after_sequence", f"it is {after}, and resume_token says {meant.number}; send one")
        again = "read the task and its events again from the first"
        if meant.number > task.last_sequence:
            raise OutOfRange(
                "POSITION_AHEAD",
                f"the task has {task.last_sequence} events, and none of the number {meant.number} "
                f"(a backup from before it was restored, perhaps); {again}",
                {"task": task.name, "last_sequence": str(task.last_sequence)},
            )
        if not meant.number:
            return meant
        found = await self._store.events(task.id, meant.number - 1, 1)
        if not found:
            return meant
        if not meant.agrees(found[0].body):
            why = f"the task's event {meant.number} is another one than was told (a backup from before it was restored)"
            raise too_old(f"{why}; {again}")
        return Position(meant.number, mark_of(found[0].body))
