"""A watch: what it tells, and how it waits. Of one task or of one project: see `task_watch` and `project_watch`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass

from wharfinger.ledger.progress import Progress
from wharfinger_server.domain.errors import ResourceExhausted, Unavailable
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.watching.broadcast import Frames, Topic
from wharfinger_server.engine.watching.wakeup import Bell

HEARTBEAT = 15 * SECOND
LEAST_HEARTBEAT, MOST_HEARTBEAT = SECOND // 10, 300 * SECOND
PAGE = 500
"""How many events are read from the database at a time for a watcher that is behind."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where a watch is with an update: all events up to the number `position` are told, and `token` goes on from there.

    The number is one of the task's events or, in a project's watch, one of the project's feed.
    """

    position: int
    token: bytes


@dataclass(frozen=True, slots=True)
class Snapshot(Told):
    """A task as it is."""

    shown: TaskView


@dataclass(frozen=True, slots=True)
class Events(Told):
    """Serialised events, in order, up to `position`. The same tuple may go to many watchers."""

    frames: Frames


@dataclass(frozen=True, slots=True)
class ProgressChanged(Told):
    """The latest progress of one task, by its resource name."""

    task: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class Heartbeat(Told):
    """Nothing happened; the connection lives."""

    caught_up: bool = True


Update = Snapshot | Events | ProgressChanged | Heartbeat


def draining() -> Unavailable:
    """Return how a watch ends when the server does."""
    return Unavailable(
        "SERVER_DRAINING", "the server is ending; watch again from the last position, it goes on after the restart"
    )


def heartbeat_interval(asked: int) -> int:
    """Return the heartbeat's interval where `asked` is asked for (microseconds, 0: the usual one)."""
    return min(max(asked or HEARTBEAT, LEAST_HEARTBEAT), MOST_HEARTBEAT)


class WatchLimit:
    """Counts the watchers, so that they cannot be more than the server bears."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self.closing = False

    @property
    def inside(self) -> int:
        """How many watches are open."""
        return self._inside

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


class Watch(ABC):
    """One open watch. A watch is mostly idle and there may be thousands: between two updates it keeps no task."""

    __slots__ = ("_bell", "over", "position", "token")

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self.position = 0
        self.token = b""
        self.over = False

    @abstractmethod
    def begin(self) -> AsyncIterator[Update]:
        """Find where to begin, and yield the snapshots with which the watch does."""

    @abstractmethod
    async def following(self) -> Update | None:
        """Return the next update, None while there is nothing new. Sets `over` with the last one."""

    @abstractmethod
    async def join(self) -> Topic:
        """Subscribe to what is watched."""

    @abstractmethod
    def leave(self) -> None:
        """Subscribe no more."""

    async def updates(self, door: WatchLimit, heartbeat: int) -> AsyncIterator[Update]:
        """Yield what happens, with a heartbeat after so many microseconds in which nothing does.

        Raises as `begin`, ResourceExhausted WATCH_LIMIT, and Unavailable SERVER_DRAINING when the server ends.
        """
        with door:
            topic = await self.join()  # subscribe first, then read, so that nothing falls between
            try:
                async for first in self.begin():
                    yield first
                    del first
                while not self.over:
                    update = await self.following()
                    if update is not None:
                        yield update
                        del update
                    elif topic.closing:
                        yield Heartbeat(self.position, self.token)
                        raise draining()
                    elif not await self._bell.wait(heartbeat):
                        yield Heartbeat(self.position, self.token)
            finally:
                self.leave()
