"""The broadcast of committed events to watchers: recent events of the tasks and projects that somebody watches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from wharfinger.ledger.progress import Progress
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.watching.positions import Position, mark_of
from wharfinger_server.engine.watching.wakeup import Alarms, Bell
from wharfinger_server.store.store import Committed

KEPT_EVENTS = 2_000
"""How many recent events a topic keeps; who is further behind reads the database."""

MOST_TOLD = 1 << 20
"""Bytes of events that are told in one batch: well below what a message may hold."""

Frames = tuple[bytes, ...]
K = TypeVar("K")


class _Event(Protocol):
    @property
    def body(self) -> bytes: ...


E = TypeVar("E", bound=_Event)


def one_batch(events: Sequence[E]) -> Sequence[E]:
    """Return the first of `events` that make one batch: MOST_TOLD bytes, or a single event that is larger."""
    size = 0
    for count, event in enumerate(events):
        size += len(event.body)
        if size > MOST_TOLD and count:
            return events[:count]
    return events


@dataclass(frozen=True, slots=True)
class Recent:
    """One committed event: its number in the topic's order, its serialised form, and the task as it then stood."""

    number: int
    body: bytes
    task: Task


def position_of(event: Recent) -> Position:
    """Return where a watcher is that was told `event`."""
    return Position(event.number, mark_of(event.body))


class Topic:
    """The recent events of one task (numbered by sequence) or of one project (numbered by feed position).

    There may be as many as watchers, and in most of them nothing happens: what holds events is made with the first.
    """

    __slots__ = ("_events", "_told", "bells", "closing", "newest", "progress")

    def __init__(self) -> None:
        self.bells: set[Bell] = set()
        self.newest: Task | None = None
        self.progress: dict[str, Progress] = {}
        self.closing = False
        self._events: Sequence[Recent] | deque[Recent] = ()
        self._told: dict[int, tuple[Frames, Position]] | None = None

    def add(self, events: Iterable[Recent]) -> None:
        """Take committed events, in order."""
        if not isinstance(self._events, deque):
            self._events = deque(maxlen=KEPT_EVENTS)
        self._events.extend(events)
        self._told = {}

    def ring(self) -> None:
        """Wake every watcher."""
        for bell in self.bells:
            bell.ring()

    @property
    def last(self) -> int:
        """The number of the newest event held, 0 for none."""
        return self._events[-1].number if self._events else 0

    def recent(self, after: int) -> Sequence[Recent] | None:
        """Return a batch of the events after number `after`; None where this topic does not hold all of them."""
        if not self._events or self._events[0].number > after + 1:
            return None
        skip = max(0, after + 1 - self._events[0].number)
        return one_batch([event for event in list(self._events)[skip:] if event.number > after])

    def frames(self, after: int) -> tuple[Frames, Position] | None:
        """Return a batch of serialised events after number `after` and the last one's position; None as for `recent`.

        The same tuple for every watcher that is as far: what is built from it can be shared.
        """
        if self._told is None:
            return None
        told = self._told.get(after)
        if told is None:
            events = self.recent(after)
            if not events:
                return None
            told = self._told[after] = (tuple(event.body for event in events), position_of(events[-1]))
        return told


class Broadcast:
    """Routes commits from the store's writer thread to the topics that have watchers, on the server's loop."""

    def __init__(self, alarms: Alarms) -> None:
        self.tasks: dict[int, Topic] = {}
        self.projects: dict[str, Topic] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.clock = alarms.clock
        self._alarms = alarms

    def start(self) -> None:
        """Begin to deliver on the running loop."""
        self._loop = asyncio.get_running_loop()

    def committed(self, batch: Sequence[Committed]) -> None:
        """Take a commit; called on the writer's thread right after it."""
        loop = self._loop
        if loop is not None and (self.tasks or self.projects) and not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, batch)

    def _deliver(self, batch: Sequence[Committed]) -> None:
        stirred: set[Topic] = set()
        for commit in batch:
            topic = self.tasks.get(commit.task.id)
            if topic is not None and commit.events:
                topic.add(Recent(event.sequence, event.body, commit.task) for event in commit.events)
                topic.newest = commit.task
                stirred.add(topic)
        self._deliver_feeds(batch, stirred)
        for topic in stirred:
            topic.ring()

    def _deliver_feeds(self, batch: Sequence[Committed], stirred: set[Topic]) -> None:
        if not self.projects:
            return
        feeds: dict[str, list[Recent]] = {}
        for commit in batch:
            feed = self.projects.get(commit.task.project)
            if feed is not None:
                if commit.task.state.resting:
                    feed.progress.pop(commit.task.name, None)
                feeds.setdefault(commit.task.project, []).extend(
                    Recent(event.position, event.body, commit.task) for event in commit.events
                )
        for project, events in feeds.items():
            topic = self.projects[project]
            topic.add(sorted(events, key=lambda event: event.number))
            stirred.add(topic)

    def show_progress(self, task: Task, progress: Progress) -> None:
        """Tell a task's watchers how far it is; only the latest is told to a slow one."""
        for topic in (self.tasks.get(task.id), self.projects.get(task.project)):
            if topic is not None:
                topic.progress[task.name] = progress
                topic.ring()

    def bell(self) -> Bell:
        """Return a new bell."""
        return Bell(self._alarms)

    def join_task(self, task_id: int, bell: Bell) -> Topic:
        """Watch a task; return its topic. `leave_task` is to be called at the end."""
        return _join(self.tasks, task_id, bell)

    def leave_task(self, task_id: int, bell: Bell) -> None:
        """Watch a task no more."""
        _leave(self.tasks, task_id, bell)

    def join_project(self, project: str, bell: Bell) -> Topic:
        """Watch a project; return its topic. `leave_project` is to be called at the end."""
        return _join(self.projects, project, bell)

    def leave_project(self, project: str, bell: Bell) -> None:
        """Watch a project no more."""
        _leave(self.projects, project, bell)

    def close(self) -> None:
        """Tell every watcher that the server is ending."""
        for topic in (*self.tasks.values(), *self.projects.values()):
            topic.closing = True
            topic.ring()


def _join(topics: dict[K, Topic], key: K, bell: Bell) -> Topic:
    topic = topics.get(key)
    if topic is None:
        topic = topics[key] = Topic()
    topic.bells.add(bell)
    return topic


def _leave(topics: dict[K, Topic], key: K, bell: Bell) -> None:
    topic = topics[key]
    topic.bells.discard(bell)
    if not topic.bells:
        del topics[key]
