"""Watching a project: snapshots of what is unfinished, then every event of the project in commit order, resumable."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from wharfinger.ledger.progress import Progress
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.interface.filters import Comparison, matches
from wharfinger_server.engine.interface.task_view import Shown
from wharfinger_server.engine.watching.broadcast import Frames, Hub, Topic, one_batch, position_of
from wharfinger_server.engine.watching.positions import FeedTokens, Position, mark_of, too_old
from wharfinger_server.engine.watching.task_watch import PAGE, draining
from wharfinger_server.store.store import Store

REMEMBERED_TASKS = 4096
"""How many tasks a watcher that is behind remembers while it filters old events."""


@dataclass(frozen=True, slots=True)
class FeedSnapshot:
    """An unfinished task, as the watch begins. `token` resumes the watch after this message."""

    shown: Shown
    token: bytes


@dataclass(frozen=True, slots=True)
class FeedEvents:
    """Serialised events of any tasks of the project, in commit order."""

    frames: Frames
    token: bytes


@dataclass(frozen=True, slots=True)
class FeedProgress:
    """The latest progress of one task."""

    task_name: str
    progress: Progress
    token: bytes


@dataclass(frozen=True, slots=True)
class FeedBeat:
    """Nothing happened; the connection lives."""

    caught_up: bool
    token: bytes


FeedUpdate = FeedSnapshot | FeedEvents | FeedProgress | FeedBeat


class _Sieve:
    """Keeps the events whose tasks match; remembers tasks, since old events name them only by number."""

    def __init__(self, store: Store, conditions: tuple[Comparison, ...]) -> None:
        self._store = store
        self._conditions = conditions
        self._verdicts: OrderedDict[int, bool] = OrderedDict()

    async def stored(self, topic_project: str, after: int) -> tuple[Frames, Position] | None:
        """Return the matching events after position `after` and the position read up to; None where there are none."""
        events = one_batch(await self._store.feed(topic_project, after, PAGE))
        if not events:
            return None
        frames = [event.body for event in events if not self._conditions or await self._passes(event.task)]
        return tuple(frames), Position(events[-1].position, mark_of(events[-1].body))

    def live(self, topic: Topic, after: int) -> tuple[Frames, Position] | None:
        """Return the matching events that the topic still holds; None where it does not reach back to `after`."""
        if not self._conditions:
            return topic.frames(after)
        recent = topic.recent(after)
        if not recent:
            return None
        return tuple(event.body for event in recent if matches(self._conditions, event.task)), position_of(recent[-1])

    def wants(self, task: Task) -> bool:
        """Whether the watch is about `task`."""
        return matches(self._conditions, task)

    async def _passes(self, task_id: int) -> bool:
        verdict = self._verdicts.get(task_id)
        if verdict is None:
            task = await self._store.task_by_id(task_id)
            verdict = self._verdicts[task_id] = task is not None and matches(self._conditions, task)
            if len(self._verdicts) > REMEMBERED_TASKS:
                self._verdicts.popitem(last=False)
        return verdict


@dataclass(frozen=True, slots=True)
class Feed:
    """What a watch of a project is about: the project, the filter's conditions, and its resume tokens."""

    project: str
    conditions: tuple[Comparison, ...]
    tokens: FeedTokens


async def watch_project(
    hub: Hub,
    store: Store,
    feed: Feed,
    resume_token: bytes,
    show: Callable[[Task], Awaitable[Shown]],
    heartbeat: int,
) -> AsyncIterator[FeedUpdate]:
    """Yield what happens in a project: after `resume_token`, or from now on with a snapshot of each unfinished task.

    Raises OutOfRange RESUME_TOKEN_TOO_OLD where events after the token's position are no longer kept or another event
    stands there than the one that was told, InvalidArgument RESUME_TOKEN_INVALID for a token of another watch,
    Unavailable SERVER_DRAINING when the server ends.
    """
    bell = hub.bell()
    sieve = _Sieve(store, feed.conditions)
    topic = hub.join_project(feed.project, bell)
    try:
        cursor, newest, shown = await _start(store, feed, resume_token)
        if shown is not None:
            async for task, after in _there(store, feed.project, cursor, shown, sieve):
                yield FeedSnapshot(await show(task), feed.tokens.make(cursor, after))
        told: dict[str, Progress] = {}
        while True:
            read = sieve.live(topic, cursor.number)
            if read is None and max(newest, topic.last) > cursor.number:
                # Nothing there: what was there has been purged.
                read = await sieve.stored(feed.project, cursor.number) or ((), Position(max(newest, topic.last)))
            if read is not None:
                frames, cursor = read
                if frames:
                    yield FeedEvents(frames, feed.tokens.make(cursor))
                continue
            for name, progress in _news(topic, told):
                yield FeedProgress(name, progress, feed.tokens.make(cursor))
            if topic.closing:
                yield FeedBeat(True, feed.tokens.make(cursor))
                raise draining()
            if not await bell.wait(heartbeat):
                yield FeedBeat(True, feed.tokens.make(cursor))
    finally:
        hub.leave_project(feed.project, bell)


async def _start(store: Store, feed: Feed, resume_token: bytes) -> tuple[Position, int, int | None]:
    """Return the position to begin after, the newest one's number, and after which task to show those that are there.

    That is None where all were shown: before the position of the token.
    """
    floor, newest = await store.feed_bounds(feed.project)
    if not resume_token:
        body = await _event_at(store, feed.project, newest)
        return Position(newest, mark_of(body)) if body is not None else Position(newest), newest, 0
    cursor, shown = feed.tokens.read(resume_token)
    again = "begin without one, with a snapshot of what is unfinished"
    if cursor.number + 1 < floor or cursor.number > newest:
        raise too_old(f"events after this token are not kept any more; {again}")
    if not cursor.agrees(await _event_at(store, feed.project, cursor.number)):
        why = "the event that this token was given out with is not there any more: a backup from before it was restored"
        raise too_old(f"{why}; {again}")
    return cursor, newest, shown


async def _event_at(store: Store, project: str, position: int) -> bytes | None:
    """Return the event at a position of the feed, None where none is kept there."""
    found = await store.feed(project, position - 1, 1) if position else []
    return found[0].body if found and found[0].position == position else None


def _news(topic: Topic, told: dict[str, Progress]) -> list[tuple[str, Progress]]:
    news = [(name, progress) for name, progress in topic.progress.items() if told.get(name) is not progress]
    for name in told.keys() - topic.progress.keys():
        del told[name]
    told.update(news)
    return news


async def _there(
    store: Store, project: str, at: Position, after: int, sieve: _Sieve
) -> AsyncIterator[tuple[Task, int]]:
    """Yield what was unfinished at a position of the feed, and where to go on: the tasks of ids above `after`."""
    while page := await store.unfinished(after, PAGE, project):
        for task in page:
            after = task.id
            if sieve.wants(task):
                yield task, after
    async for task in _ended_since(store, project, at.number, sieve):
        yield task, after


async def _ended_since(store: Store, project: str, position: int, sieve: _Sieve) -> AsyncIterator[Task]:
    """Yield the tasks that were unfinished at a position of the feed, and are at rest by now."""
    known: set[int] = set()
    while events := await store.feed(project, position, PAGE):
        for event in events:
            if event.task in known:
                continue
            known.add(event.task)
            if event.sequence == 1:
                continue  # all of it is told
            task = await store.task_by_id(event.task)
            if task is not None and task.state.resting and not task.delete_time and sieve.wants(task):
                yield task
        position = events[-1].position
