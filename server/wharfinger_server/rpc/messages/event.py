"""A task's events. They are serialised once, when they are stored, and framed by concatenation ever after."""

from __future__ import annotations

from wharfinger.v1 import event_pb2
from wharfinger_server.domain.event import EntryChange, Event, LogLine, StateChange
from wharfinger_server.rpc.messages.earlier_events import is_earlier, todays
from wharfinger_server.rpc.messages.entry import cut, fill_entry
from wharfinger_server.rpc.messages.failure import cut_failure, fill_failure
from wharfinger_server.rpc.messages.text import clean
from wharfinger_server.rpc.messages.times import fill_time

_LINE, _CUT = 8192, " … (cut)"
_ROOM = 1024 * 1024
"""Bytes of an event that go as they are."""


def fitting(body: bytes) -> bytes:
    """Return a stored event as it can be sent: of an earlier server as today's, too large a one cut, which it says.

    A watcher that cannot be told an event would never get past it.
    """
    if is_earlier(body):
        body = todays(body)
    if len(body) <= _ROOM:
        return body
    message = event_pb2.TaskEvent.FromString(body)
    match message.WhichOneof("detail"):
        case "entry":
            cut(message.entry)
        case "failure":
            cut_failure(message.failure)
        case "log":
            message.log.text = message.log.text[:_LINE] + _CUT
        case "state_change":
            message.state_change.reason = message.state_change.reason[:_LINE] + _CUT
        case None:
            pass
    return message.SerializeToString()


def encode_event(event: Event) -> bytes:
    """Return the event as a serialised TaskEvent."""
    message = event_pb2.TaskEvent(
        task=f"projects/{event.project}/tasks/{event.task_id}", sequence=event.sequence, attempt=event.attempt
    )
    fill_time(message.time, event.time)
    detail = event.detail
    if isinstance(detail, StateChange):
        change = message.state_change
        change.state = int(detail.state)  # type: ignore[assignment]
        change.actor = detail.actor
        change.reason = clean(detail.reason)
    elif isinstance(detail, LogLine):
        message.log.level = int(detail.level)  # type: ignore[assignment]
        message.log.text = clean(detail.text)
        message.log.dropped = detail.dropped
    elif isinstance(detail, EntryChange):
        fill_entry(message.entry, detail.entry)
    else:
        fill_failure(message.failure, detail)
    return message.SerializeToString()
