"""Watching one task: a snapshot, every event once and in order, progress, heartbeats, a final snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from wharfinger_server.domain.errors import NotFound, ResourceExhausted, Unavailable, invalid
from wharfinger_server.domain.progress import Progress
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.hub import Frames, Hub, Topic, one_batch
from wharfinger_server.engine.shown import Shown
from wharfinger_server.store.store import Store

SECOND = 1_000_000
HEARTBEAT = 15 * SECOND
LEAST_HEARTBEAT, MOST_HEARTBEAT = SECOND // 10, 300 * SECOND
PAGE = 500
"""How many events are read from the database at a time for a watcher that is behind."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The task as it is. `sequence`: up to which all events have been told."""

    shown: Shown
    sequence: int


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Serialised events, in order, up to `sequence`. The same tuple may go to many watchers."""

    frames: Frames
    sequence: int


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """The latest progress."""

    progress: Progress
    sequence: int


@dataclass(frozen=True, slots=True)
class Beat:
    """Nothing happened; the connection lives."""

    caught_up: bool
    sequence: int


Update = Snapshot | EventBatch | ProgressUpdate | Beat


def draining() -> Unavailable:
    """Return how a watch ends when the server does."""
    return Unavailable(
        "SERVER_DRAINING", "the server is ending; watch again from the last position, it goes on after the restart"
    )


def heartbeat_seconds(asked: int) -> float:
    """Return the heartbeat in seconds for the interval asked for (microseconds, 0: the default)."""
    return min(max(asked or HEARTBEAT, LEAST_HEARTBEAT), MOST_HEARTBEAT) / SECOND


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

    async def watch(self, project: str, task_id: str, after: int, heartbeat: float) -> AsyncIterator[Update]:
        """Yield what happens to a task after sequence `after`, until it rests.

        A watch is mostly idle and there may be thousands, so between two updates it keeps no task, and little else.

        Raises NotFound, InvalidArgument for a sequence the task has not reached, ResourceExhausted WATCH_LIMIT, and
        Unavailable (SERVER_DRAINING) when the server ends.
        """
        with self._door:
            id_ = (await self._show(project, task_id)).task.id
            bell = self._hub.bell()
            topic = self._hub.join_task(id_, bell)  # subscribe first, then read, so that nothing falls between
            try:
                shown = await self._show(project, task_id)
                newest, resting = _standing(shown.task)
                if after > newest:
                    raise invalid("after_sequence", f"{after} is ahead of the task's last event {newest}")
                told_progress = shown.progress
                yield Snapshot(shown, after)
                del shown
                while True:
                    if topic.newest is not None and topic.newest.last_sequence >= newest:
                        newest, resting = _standing(topic.newest)
                    if after < newest:
                        frames, after = await _next_events(topic, self._store, id_, after)
                        yield EventBatch(frames, after)
                        del frames
                        continue
                    if resting:
                        shown = await self._show(project, task_id)
                        if shown.task.last_sequence == after:
                            yield Snapshot(shown, after)
                            return
                        newest, resting = _standing(shown.task)
                        continue
                    progress = next(iter(topic.progress.values()), None)
                    if progress is not None and progress is not told_progress:
                        told_progress = progress
                        yield ProgressUpdate(progress, after)
                        continue
                    if topic.closing:
                        yield Beat(True, after)
                        raise draining()
                    if not await bell.wait(heartbeat):
                        yield Beat(True, after)
            finally:
                self._hub.leave_task(id_, bell)


def _standing(task: Task) -> tuple[int, bool]:
    """Return the number of the task's newest event, and whether it is at rest."""
    return task.last_sequence, task.state.resting


async def _next_events(topic: Topic, store: Store, task_id: int, after: int) -> tuple[Frames, int]:
    told = topic.frames(after)
    if told is not None:
        return told
    stored = one_batch(await store.events(task_id, after, PAGE))
    if not stored:
        raise NotFound("TASK_NOT_FOUND", "the task was deleted and purged while it was watched")
    return tuple(event.body for event in stored), stored[-1].sequence
