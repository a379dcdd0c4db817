"""Watching one task: a snapshot, every event once and in order, progress, heartbeats, a final snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from wharfinger.ledger.progress import Progress
from wharfinger_server.domain.errors import NotFound, ResourceExhausted, Unavailable, invalid
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.interface.task_view import Shown
from wharfinger_server.engine.watching.broadcast import Frames, Hub, Topic, one_batch
from wharfinger_server.engine.watching.positions import Position, TaskTokens, mark_of, too_old
from wharfinger_server.store.store import Store

HEARTBEAT = 15 * SECOND
LEAST_HEARTBEAT, MOST_HEARTBEAT = SECOND // 10, 300 * SECOND
PAGE = 500
"""How many events are read from the database at a time for a watcher that is behind."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The task as it is. `sequence`: up to which all events have been told; `token` goes on from there."""

    shown: Shown
    sequence: int
    token: bytes


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Serialised events, in order, up to `sequence`. The same tuple may go to many watchers."""

    frames: Frames
    sequence: int
    token: bytes


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """The latest progress."""

    progress: Progress
    sequence: int
    token: bytes


@dataclass(frozen=True, slots=True)
class Beat:
    """Nothing happened; the connection lives."""

    caught_up: bool
    sequence: int
    token: bytes


Update = Snapshot | EventBatch | ProgressUpdate | Beat


def draining() -> Unavailable:
    """Return how a watch ends when the server does."""
    return Unavailable(
        "SERVER_DRAINING", "the server is ending; watch again from the last position, it goes on after the restart"
    )


def heartbeat_interval(asked: int) -> int:
    """Return the heartbeat's interval where `asked` is asked for (microseconds, 0: the usual one)."""
    return min(max(asked or HEARTBEAT, LEAST_HEARTBEAT), MOST_HEARTBEAT)


class Doorkeeper:
    """Counts the watchers, so that they cannot be more than the server bears."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self.closing = False

    def __enter__(self) -> None:
        if self.closing:
            raise draining()
        if self._inside >= self._limit:
            raise ResourceExhausted(
                "WATCH_LIMIT", f"{self._limit} watches are open, which is this server's limit; try again later"
            )
        self._inside += 1

    def __exit__(self, *_: object) -> None:
        self._inside -= 1


class TaskWatches:
    """Watches of single tasks. `show` reads a task afresh, by its project and id, or raises NotFound."""

    def __init__(self, hub: Hub, store: Store, show: Callable[[str, str], Awaitable[Shown]], door: Doorkeeper) -> None:
        self._hub = hub
        self._store = store
        self._show = show
        self._door = door
        self._tokens = TaskTokens(store.incarnation)

    async def watch(
        self, project: str, task_id: str, after_sequence: int, heartbeat: int, resume_token: bytes
    ) -> AsyncIterator[Update]:
        """Yield what happens to a task after a sequence, or after a token, until it rests.

        A watch is mostly idle and there may be thousands, so between two updates it keeps no task, and little else.

        Raises NotFound, OutOfRange RESUME_TOKEN_TOO_OLD for a sequence the task has not reached or a token whose event
        is not there any more, InvalidArgument RESUME_TOKEN_INVALID for a token of something else, ResourceExhausted
        WATCH_LIMIT, and Unavailable (SERVER_DRAINING) when the server ends.
        """
        with self._door:
            id_ = (await self._show(project, task_id)).task.id
            bell = self._hub.bell()
            topic = self._hub.join_task(id_, bell)  # subscribe first, then read, so that nothing falls between
            try:
                shown = await self._show(project, task_id)
                newest, resting = _standing(shown.task)
                at = await self._start(shown.task, after_sequence, resume_token)
                after, token = at.number, self._tokens.make(id_, at)
                told_progress = shown.progress
                yield Snapshot(shown, after, token)
                del shown
                while True:
                    if topic.newest is not None and topic.newest.last_sequence >= newest:
                        newest, resting = _standing(topic.newest)
                    if after < newest:
                        frames, at = await _next_events(topic, self._store, id_, after)
                        after, token = at.number, self._tokens.make(id_, at)
                        yield EventBatch(frames, after, token)
                        del frames
                        continue
                    if resting:
                        shown = await self._show(project, task_id)
                        if shown.task.last_sequence == after:
                            yield Snapshot(shown, after, token)
                            return
                        newest, resting = _standing(shown.task)
                        continue
                    progress = next(iter(topic.progress.values()), None)
                    if progress is not None and progress is not told_progress:
                        told_progress = progress
                        yield ProgressUpdate(progress, after, token)
                        continue
                    if topic.closing:
                        yield Beat(True, after, token)
                        raise draining()
                    if not await bell.wait(heartbeat):
                        yield Beat(True, after, token)
            finally:
                self._hub.leave_task(id_, bell)

    async def _start(self, task: Task, after_sequence: int, resume_token: bytes) -> Position:
        """Return the position to begin after, checked against the event that stands there."""
        meant = self._tokens.read(task.id, resume_token) if resume_token else Position(after_sequence)
        if after_sequence not in (0, meant.number):
            raise invalid("after_sequence", f"it is {after_sequence}, and resume_token says {meant.number}; send one")
        again = "read the task and its events again from the first"
        if meant.number > task.last_sequence:
            why = f"the task has {task.last_sequence} events, and none of the number {meant.number}"
            raise too_old(f"{why} (a backup from before it was restored, perhaps); {again}")
        if not meant.number:
            return meant
        found = await self._store.events(task.id, meant.number - 1, 1)
        if not found:
            return meant
        if not meant.agrees(found[0].body):
            why = f"the task's event {meant.number} is another one than was told (a backup from before it was restored)"
            raise too_old(f"{why}; {again}")
        return Position(meant.number, mark_of(found[0].body))


def _standing(task: Task) -> tuple[int, bool]:
    """Return the number of the task's newest event, and whether it is at rest."""
    return task.last_sequence, task.state.resting


async def _next_events(topic: Topic, store: Store, task_id: int, after: int) -> tuple[Frames, Position]:
    told = topic.frames(after)
    if told is not None:
        return told
    stored = one_batch(await store.events(task_id, after, PAGE))
    if not stored:
        raise NotFound("TASK_NOT_FOUND", "the task was deleted and purged while it was watched")
    return tuple(event.body for event in stored), Position(stored[-1].sequence, mark_of(stored[-1].body))
