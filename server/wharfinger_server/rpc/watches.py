"""The streams of TaskService. Batches of events go out as they were stored, framed once for all who watch."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import cast

from google.protobuf.duration_pb2 import Duration

from wharfinger.v1 import task_service_pb2
from wharfinger_server.domain.errors import invalid
from wharfinger_server.engine.use_cases.watches import Watches
from wharfinger_server.engine.watching.watch import Events, Heartbeat, ProgressChanged, Snapshot, Update
from wharfinger_server.rpc import names
from wharfinger_server.rpc.calls import Call, Write
from wharfinger_server.rpc.messages.event import fitting
from wharfinger_server.rpc.messages.framing import FrameCache, framed, repeated, tag, varint
from wharfinger_server.rpc.messages.progress import fill_progress
from wharfinger_server.rpc.messages.task import fill_task
from wharfinger_server.rpc.messages.times import duration_of

_EVENTS_OF_BATCH, _EVENTS, _RESUME_TOKEN = tag(1), tag(2), tag(5)
_SEQUENCE, _TASK_RESUME_TOKEN = varint(5 << 3), tag(6)


class TaskWatches:
    """Translates watches."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._task_frames: FrameCache[int] = FrameCache()
        self._feed_frames: FrameCache[bytes] = FrameCache()

    async def watch_task(self, request: task_service_pb2.WatchTaskRequest, call: Call, write: Write) -> None:
        """Tell one task's life as serialised WatchTaskResponses."""
        project, task_id = names.task_of(request.name)
        beat = _heartbeat(request)
        updates = self._watches.watch_task(
            call.caller, project, task_id, request.after_sequence, beat, request.resume_token
        )
        del request, call
        async with contextlib.aclosing(cast("AsyncGenerator[Update, None]", updates)) as stream:
            async for update in stream:
                if isinstance(update, Events):
                    await write(self._task_events(update.frames, update.position, update.token))
                else:
                    await write(_task_update(update))
                # A watch is mostly idle, and there may be thousands: none keeps the task that it showed last.
                del update

    async def watch_tasks(self, request: task_service_pb2.WatchTasksRequest, call: Call, write: Write) -> None:
        """Tell a project's life as serialised WatchTasksResponses."""
        project = names.project_of(request.parent)
        beat = _heartbeat(request)
        updates = self._watches.watch_project(call.caller, project, request.filter, request.resume_token, beat)
        async with contextlib.aclosing(cast("AsyncGenerator[Update, None]", updates)) as stream:
            async for update in stream:
                if isinstance(update, Events):
                    await write(self._feed_events(update.frames, update.token))
                else:
                    await write(_feed_update(update))
                del update

    def _task_events(self, frames: tuple[bytes, ...], sequence: int, token: bytes) -> bytes:
        """Return the message of a batch that ends with the event `sequence`, after which `token` goes on."""
        built = self._task_frames.get(frames, sequence)
        if built is None:
            position = _SEQUENCE + varint(sequence) + framed(_TASK_RESUME_TOKEN, token)
            built = self._task_frames.put(frames, sequence, _batch(frames) + position)
        return built

    def _feed_events(self, frames: tuple[bytes, ...], token: bytes) -> bytes:
        """Return the message of a batch after which `token` goes on."""
        built = self._feed_frames.get(frames, token)
        if built is None:
            built = self._feed_frames.put(frames, token, _batch(frames) + framed(_RESUME_TOKEN, token))
        return built


def _batch(frames: tuple[bytes, ...]) -> bytes:
    return framed(_EVENTS, repeated(_EVENTS_OF_BATCH, map(fitting, frames)))


def _task_update(update: Update) -> bytes:
    message = task_service_pb2.WatchTaskResponse(sequence=update.position, resume_token=update.token)
    if isinstance(update, Snapshot):
        fill_task(message.snapshot, update.shown)
    elif isinstance(update, ProgressChanged):
        fill_progress(message.progress, update.progress)
    else:
        assert isinstance(update, Heartbeat)
        message.heartbeat.caught_up = update.caught_up
        message.heartbeat.SetInParent()
    return message.SerializeToString()


def _feed_update(update: Update) -> bytes:
    message = task_service_pb2.WatchTasksResponse(resume_token=update.token)
    if isinstance(update, Snapshot):
        fill_task(message.snapshot, update.shown)
    elif isinstance(update, ProgressChanged):
        message.progress.task = update.task
        fill_progress(message.progress.progress, update.progress)
    else:
        assert isinstance(update, Heartbeat)
        message.heartbeat.caught_up = update.caught_up
        message.heartbeat.SetInParent()
    return message.SerializeToString()


def _heartbeat(request: task_service_pb2.WatchTaskRequest | task_service_pb2.WatchTasksRequest) -> int:
    """Return the heartbeat asked for in microseconds, 0 where it is left to the server."""
    if not request.HasField("heartbeat_interval"):
        return 0
    interval: Duration = request.heartbeat_interval
    try:
        return max(1, duration_of(interval))
    except ValueError as error:
        raise invalid("heartbeat_interval", str(error)) from None
