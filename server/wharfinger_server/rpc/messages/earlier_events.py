"""Events that servers before 1.0 stored, with a google.rpc.Status where there is a Failure now.

They stay in the database as they are, since positions in a feed hold by their bytes, and are turned into today's when
they are sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from google.protobuf import unknown_fields
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from wharfinger.v1 import event_pb2, failure_pb2

_MARK = b"type.googleapis.com/google.rpc.ErrorInfo"
"""Stands in every such Status, and in hardly anything else."""
_EVENT_ERROR, _ENTRY_ERROR = 7, 14
"""The fields that held a Status: of TaskEvent, and of what is LedgerEntry now."""


def is_earlier(body: bytes) -> bool:
    """Whether a stored event may be of such a server; cheap, for it is asked of every event that is sent."""
    return _MARK in body


def todays(body: bytes) -> bytes:
    """Return a stored event as today's clients know it."""
    message = event_pb2.TaskEvent.FromString(body)
    for status in _statuses(message, _EVENT_ERROR):
        _fill(message.failure, status)
    if message.WhichOneof("detail") == "entry":
        for status in _statuses(message.entry, _ENTRY_ERROR):
            _fill(message.entry.failure, status)
    message.DiscardUnknownFields()
    return message.SerializeToString()


def _statuses(message: Message, number: int) -> list[status_pb2.Status]:
    found = cast("Iterable[Any]", unknown_fields.UnknownFieldSet(message))
    return [status_pb2.Status.FromString(field.data) for field in found if field.field_number == number]


def _fill(failure: failure_pb2.Failure, status: status_pb2.Status) -> None:
    failure.code, failure.message = status.code, status.message
    info = error_details_pb2.ErrorInfo()
    if any(detail.Unpack(info) for detail in status.details):
        failure.reason, failure.domain = info.reason, info.domain
        failure.metadata.update(info.metadata)
        failure.step = info.metadata.get("step", "")
