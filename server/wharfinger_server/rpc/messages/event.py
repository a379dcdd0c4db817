"""A task's events. They are serialised once, when they are stored, and framed by concatenation ever after."""

from __future__ import annotations

from wharfinger.v1 import event_pb2
from wharfinger_server.domain.event import Event, LogLine, ResourceChange, StateChange
from wharfinger_server.rpc.messages.failure import fill_status
from wharfinger_server.rpc.messages.resource import fill_resource
from wharfinger_server.rpc.messages.text import clean
from wharfinger_server.rpc.messages.times import fill_time


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
    elif isinstance(detail, ResourceChange):
        fill_resource(message.resource, detail.entry)
    else:
        fill_status(message.error, detail)
    return message.SerializeToString()
