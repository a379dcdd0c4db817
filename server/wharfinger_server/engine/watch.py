"""Watching one task: a snapshot, every event once and in order, progress, heartbeats, a final snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from wharfinger_server.domain.errors import NotFound, ResourceExhausted, Unavailable, invalid
from wharfinger_server.domain.progress import Progress
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.bell import Bell
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


async def watch_task(
    hub: Hub,
    store: Store,
    task: Task,
    show: Callable[[], Awaitable[Shown]],
    after: int,
    heartbeat: float,
) -> AsyncIterator[Update]:
    """Yield what happens to `task` after sequence `after`, until it rests. `show` reads the task afresh.

    Raises InvalidArgument for a sequence the task has not reached, Unavailable (SERVER_DRAINING) when the server ends.
    """
    bell = Bell()
    topic, leave = hub.join_task(task.id, bell)  # subscribe first, then read, so that nothing falls between
    try:
        shown = await show()
        if after > shown.task.last_sequence:
            raise invalid("after_sequence", f"{after} is ahead of the task's last event {shown.task.last_sequence}")
        cursor, told_progress = after, shown.progress
        yield Snapshot(shown, cursor)
        newest = shown.task
        while True:
            if topic.newest is not None and topic.newest.last_sequence >= newest.last_sequence:
                newest = topic.newest
            if cursor < newest.last_sequence:
                frames, cursor = await _next_events(topic, store, task.id, cursor)
                yield EventBatch(frames, cursor)
                continue
            if newest.state.resting:
                shown = await show()
                if shown.task.last_sequence == cursor:
                    yield Snapshot(shown, cursor)
                    return
                newest = shown.task
                continue
            progress = topic.progress.get(task.name)
            if progress is not None and progress is not told_progress:
                told_progress = progress
                yield ProgressUpdate(progress, cursor)
                continue
            if topic.closing:
                yield Beat(True, cursor)
                raise draining()
            if not await bell.wait(heartbeat):
                yield Beat(True, cursor)
    finally:
        leave()


async def _next_events(topic: Topic, store: Store, task_id: int, after: int) -> tuple[Frames, int]:
    told = topic.frames(after)
    if told is not None:
        return told
    stored = one_batch(await store.events(task_id, after, PAGE))
    if not stored:
        raise NotFound("TASK_NOT_FOUND", "the task was deleted and purged while it was watched")
    return tuple(event.body for event in stored), stored[-1].sequence
