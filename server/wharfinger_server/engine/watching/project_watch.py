"""The watch of a project: snapshots of what is unfinished, then every event of the project in commit order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable

from wharfinger.ledger.progress import Progress
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.interface.filters import Comparison, matches
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.watching.broadcast import Broadcast, Frames, Topic, one_batch, position_of
from wharfinger_server.engine.watching.positions import FeedTokens, Position, mark_of, too_old
from wharfinger_server.engine.watching.watch import PAGE, Events, ProgressChanged, Snapshot, Update, Watch
from wharfinger_server.store.store import Store

REMEMBERED_TASKS = 4096
"""How many tasks a watcher that is behind remembers while it filters old events."""


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


class ProjectWatch(Watch):
    """A watch of the tasks of a project that match `conditions`: after a resume token, or from now on.

    Without a token it begins with a snapshot of each unfinished task.
    """

    __slots__ = (
        "_hub",
        "_newest",
        "_news",
        "_project",
        "_resume",
        "_show",
        "_sieve",
        "_store",
        "_tokens",
        "_told",
        "_topic",
    )

    def __init__(
        self,
        hub: Broadcast,
        store: Store,
        show: Callable[[Task], Awaitable[TaskView]],
        project: str,
        conditions: tuple[Comparison, ...],
        tokens: FeedTokens,
        resume_token: bytes,
    ) -> None:
        super().__init__(hub.bell())
        self._hub = hub
        self._store = store
        self._show = show
        self._project = project
        self._sieve = _Sieve(store, conditions)
        self._tokens = tokens
        self._resume = resume_token
        self._newest = 0
        self._told: dict[str, Progress] = {}
        self._news: list[tuple[str, Progress]] = []

    async def join(self) -> Topic:
        """Subscribe to the project."""
        self._topic = self._hub.join_project(self._project, self._bell)
        return self._topic

    def leave(self) -> None:
        """Subscribe no more."""
        self._hub.leave_project(self._project, self._bell)

    async def begin(self) -> AsyncIterator[Update]:
        """Yield the unfinished tasks, if they were not shown before the token was given out.

        Raises OutOfRange RESUME_TOKEN_TOO_OLD where events after the token's position are no longer kept or another
        event stands there than the one that was told, and InvalidArgument RESUME_TOKEN_INVALID for another's token.
        """
        cursor, shown = await self._start()
        self._is_at(cursor)
        if shown is not None:
            async for task, after in _there(self._store, self._project, cursor, shown, self._sieve):
                yield Snapshot(cursor.number, self._tokens.make(cursor, after), await self._show(task))

    async def following(self) -> Update | None:
        """Return what comes next: events, or progress."""
        while True:
            read = self._sieve.live(self._topic, self.position)
            newest = max(self._newest, self._topic.last)
            if read is None and newest > self.position:
                # Nothing there: what was there has been purged.
                read = await self._sieve.stored(self._project, self.position) or ((), Position(newest))
            if read is None:
                break
            frames, at = read
            self._is_at(at)
            if frames:
                return Events(self.position, self.token, frames)
        if not self._news:
            self._news = self._new_progress()
        if not self._news:
            return None
        name, progress = self._news.pop(0)
        return ProgressChanged(self.position, self.token, name, progress)

    def _is_at(self, at: Position) -> None:
        self.position, self.token = at.number, self._tokens.make(at)

    def _new_progress(self) -> list[tuple[str, Progress]]:
        told = self._told
        news = [(name, progress) for name, progress in self._topic.progress.items() if told.get(name) is not progress]
        for name in told.keys() - self._topic.progress.keys():
            del told[name]
        told.update(news)
        return news

    async def _start(self) -> tuple[Position, int | None]:
        """Return the position to begin after, and after which task to show those that are there.

        That is None where all were shown: before the position of the token.
        """
        floor, self._newest = await self._store.feed_bounds(self._project)
        if not self._resume:
            body = await _event_at(self._store, self._project, self._newest)
            return Position(self._newest, mark_of(body)) if body is not None else Position(self._newest), 0
        cursor, shown = self._tokens.read(self._resume)
        again = "begin without one, with a snapshot of what is unfinished"
        if cursor.number + 1 < floor or cursor.number > self._newest:
            raise too_old(f"events after this token are not kept any more; {again}")
        if not cursor.agrees(await _event_at(self._store, self._project, cursor.number)):
            why = "the event that this token was given out with is not there any more"
            raise too_old(f"{why}: a backup from before it was restored; {again}")
        return cursor, shown


async def _event_at(store: Store, project: str, position: int) -> bytes | None:
    """Return the event at a position of the feed, None where none is kept there."""
    found = await store.feed(project, position - 1, 1) if position else []
    return found[0].body if found and found[0].position == position else None


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
