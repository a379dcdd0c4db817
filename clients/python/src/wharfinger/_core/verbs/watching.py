"""Watches that outlive their connection: opened again from where they were, each event told once and in order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Generic, TypeVar

from google.protobuf.message import Message

from wharfinger import errors
from wharfinger._core.connection.outage import Outage
from wharfinger._core.connection.retry import Backoff, Deadline, passing
from wharfinger._core.connection.transport import Silence, Stream, Transport
from wharfinger._core.messages import build, convert, fields, watched
from wharfinger.events import Event
from wharfinger.models import Task
from wharfinger.v1 import event_pb2, task_pb2, task_service_pb2

A = TypeVar("A", bound=Message)

DEFAULT_HEARTBEAT = 15.0
# So many heartbeats may be missed before a connection counts as dead.
MISSED = 3
# A server that leaves out events each time it is asked is at fault; asking for ever would hide that.
GAPS_LIMIT = 5


class Reopened(Generic[A]):
    """A server stream that is opened again when it breaks, with a request made anew each time.

    `fresh` tells whether the message last returned was the first of its connection.
    """

    def __init__(
        self,
        transport: Transport,
        request: Callable[[], Message],
        answer: type[A],
        heartbeat: float,
        timeout: float | None,
    ) -> None:
        self.fresh = False
        self._transport = transport
        self._request = request
        self._answer = answer
        self._silence = heartbeat * MISSED
        self._deadline = Deadline(timeout)
        self._timeout = timeout
        self._backoff = Backoff()
        self._stream: Stream[A] | None = None
        self._opened = False
        self._connected = False
        self._broken: errors.WharfingerError | None = None
        self._outage = Outage(transport, "watching")

    async def next(self) -> A | None:
        """Return the next message; None when the server ended the stream well: the next call opens it again.

        Raises:
            TimedOut: the caller's time is over.
            Unreachable: nothing was ever heard from the server.
            Refused: the server will not have it, and trying again would not help.
        """
        while True:
            opening = self._stream is None
            if self._stream is None:
                self._stream = await self._open()
            try:
                message = await self._stream.read(min(self._silence, self._deadline.left()))
            except Silence:
                if not self._deadline.passed:
                    self._transport.renew(self._stream.connection)
                self._stream = None
                self._broken = errors.Unreachable(self._transport.server, f"it said nothing for {self._silence:g} s")
                if not self._deadline.passed:
                    self._outage.bear(self._broken)
                continue
            except errors.WharfingerError as error:
                self._stream = None
                if not passing(error, self._backoff.failures, connected=self._connected):
                    raise
                self._outage.bear(error)
                self._broken = error
                continue
            if message is None:
                self._stream = None
                return None
            self.fresh = opening
            self._connected = True
            self._outage.over()
            # A connection that tells nothing but its first message is half a success.
            self._backoff.ease(keep=3 if opening else 0)
            return message

    def drop(self) -> None:
        """Give up the present connection; the next message comes from a new one."""
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None

    async def _open(self) -> Stream[A]:
        if self._opened:
            pause = min(self._backoff.next(self._broken), self._deadline.left())
            self._outage.tell(self._broken, pause)
            await self._transport.sleep(pause)
        self._opened = True
        if self._deadline.passed:
            why = f": {self._broken}" if self._broken and not self._transport.connected else ""
            raise errors.TimedOut(f"the watch's {self._timeout:g} seconds are over; the task is not affected{why}")
        self._broken = None
        return self._transport.stream(self._request(), self._answer)


class _TaskStory:
    """Where the watch of one task stands: up to which event all was told, and what the task was when last seen."""

    def __init__(self, name: str, after: int) -> None:
        self.name = name
        self.position = after
        self.token = b""
        self.over = False
        self._known: Task | None = None
        self._gaps = 0

    def take(self, message: task_service_pb2.WatchTaskResponse, *, fresh: bool) -> list[Event]:
        """Return what `message` tells that was not told before.

        Raises:
            _Gap: events are missing before those of the message; the connection is to be opened again.
        """
        kind = message.WhichOneof("kind")
        if kind == "events":
            return self._events(message.events.events)
        if kind == "progress":
            return [watched.progress(self.name, self.position, message.progress)]
        if kind == "snapshot":
            return self._snapshot(message.snapshot, fresh=fresh)
        return []

    def end(self) -> list[Event]:
        """Return what is left to tell when the server ended the stream well: the last snapshot, if that was the end."""
        known = self._known
        if known is None or not known.resting or known.last_sequence > self.position:
            return []
        self.over = True
        return [watched.snapshot(self.position, known.raw, final=True)]

    def _snapshot(self, value: task_pb2.Task, *, fresh: bool) -> list[Event]:
        first = self._known is None
        self._known = convert.task(value)
        if not fresh and self._known.resting:
            return self.end()
        # That of a later connection is no news: whatever changed meanwhile comes as events.
        return [watched.snapshot(self.position, value)] if first else []

    def _events(self, values: Iterable[event_pb2.TaskEvent]) -> list[Event]:
        told: list[Event] = []
        for value in values:
            if value.sequence <= self.position:
                continue
            if value.sequence > self.position + 1:
                self._gaps += 1
                if self._gaps > GAPS_LIMIT:
                    what = f"{self.name}: the server tells event {value.sequence} after {self.position} each time"
                    raise errors.InternalError("INTERNAL", "", what)
                raise _Gap(told)
            self.position = value.sequence
            self._gaps = 0
            told.append(watched.event(value))
        return told


class _Gap(Exception):
    """Events are missing; `told` are those before the gap."""

    def __init__(self, told: list[Event]) -> None:
        super().__init__()
        self.told = told


async def watch_task(
    transport: Transport, name: str, after: int, *, heartbeat: float = DEFAULT_HEARTBEAT, timeout: float | None = None
) -> AsyncGenerator[Event, None]:
    """Tell a task's life after event `after`: a snapshot, events, progress, and a final snapshot when it is at rest."""
    story = _TaskStory(name, after)

    def request() -> task_service_pb2.WatchTaskRequest:
        """Ask for what comes after the last event told."""
        return fields.message(
            task_service_pb2.WatchTaskRequest,
            name=name,
            after_sequence=story.position,
            resume_token=story.token,
            heartbeat_interval=build.duration(heartbeat),
        )

    stream = Reopened(transport, request, task_service_pb2.WatchTaskResponse, heartbeat, timeout)
    try:
        while not story.over:
            message = await stream.next()
            try:
                news = story.end() if message is None else story.take(message, fresh=stream.fresh)
            except _Gap as gap:
                news = gap.told
                stream.drop()
            if message is not None:
                # A token is of the message's position: where not all of it was taken, the number alone goes on.
                story.token = message.resume_token if story.position == message.sequence else b""
            for event in news:
                yield event
    finally:
        stream.drop()


async def watch_project(
    transport: Transport,
    project: str,
    filter: str,  # noqa: A002  # the API's word
    resume_token: bytes,
    *,
    heartbeat: float = DEFAULT_HEARTBEAT,
    timeout: float | None = None,
) -> AsyncGenerator[Event, None]:
    """Tell what happens in a project, for ever. Within one message only the last event has that message's own token."""
    token = resume_token

    def request() -> task_service_pb2.WatchTasksRequest:
        """Ask for what comes after the last message."""
        return fields.message(
            task_service_pb2.WatchTasksRequest,
            parent=f"projects/{project}",
            filter=filter,
            resume_token=token,
            heartbeat_interval=build.duration(heartbeat),
        )

    stream = Reopened(transport, request, task_service_pb2.WatchTasksResponse, heartbeat, timeout)
    try:
        while True:
            message = await stream.next()
            if message is None:
                continue
            before, token = token, message.resume_token
            kind = message.WhichOneof("kind")
            if kind == "snapshot":
                sequence = message.snapshot.last_sequence
                yield watched.snapshot(sequence, message.snapshot, full=False, resume_token=token)
            elif kind == "events":
                *earlier, last = message.events.events
                for item in earlier:
                    yield watched.event(item, before)
                yield watched.event(last, token)
            elif kind == "progress":
                yield watched.progress(message.progress.task, 0, message.progress.progress, token)
    finally:
        stream.drop()
