"""The messages of a watch as the client's events."""

from __future__ import annotations

from wharfinger import events
from wharfinger._core.messages import convert, times
from wharfinger.v1 import event_pb2, task_pb2


def event(value: event_pb2.TaskEvent, resume_token: bytes = b"") -> events.Event:
    """Return one numbered event."""
    # Written out in full per kind: a common set of keyword arguments would escape the type checker.
    name, sequence, time, epoch = value.task, value.sequence, times.moment(value.time), value.attempt
    kind = value.WhichOneof("detail")
    if kind == "log":
        level = convert.log_level(value.log.level)
        return events.LogLine(
            name,
            sequence,
            time,
            level,
            value.log.text,
            value.log.dropped,
            attempt=epoch,
            resume_token=resume_token,
            raw=value,
        )
    if kind == "entry":
        entry = convert.entry(value.entry)
        return events.EntryChanged(name, sequence, time, entry, attempt=epoch, resume_token=resume_token, raw=value)
    if kind == "state_change":
        change = value.state_change
        state = convert.task_state(change.state)
        return events.StateChanged(
            name,
            sequence,
            time,
            state,
            change.actor,
            change.reason,
            attempt=epoch,
            resume_token=resume_token,
            raw=value,
        )
    if kind == "failure":
        failure = convert.failure(value.failure)
        return events.ErrorEvent(name, sequence, time, failure, attempt=epoch, resume_token=resume_token, raw=value)
    return events.UnknownEvent(name, sequence, time, attempt=epoch, resume_token=resume_token, raw=value)


def progress(name: str, sequence: int, value: task_pb2.Progress, resume_token: bytes = b"") -> events.ProgressUpdate:
    """Return progress as a watch tells it."""
    told = convert.progress(value)
    return events.ProgressUpdate(name, sequence, told.time, told, resume_token=resume_token, raw=value)


def snapshot(
    sequence: int, value: task_pb2.Task, *, final: bool = False, full: bool = True, resume_token: bytes = b""
) -> events.Snapshot:
    """Return a snapshot; `sequence` is up to which events have been told, not what the task knows."""
    told = convert.task(value, full=full)
    return events.Snapshot(told.name, sequence, told.update_time, told, final, resume_token=resume_token, raw=value)
