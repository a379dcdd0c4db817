"""Every refusal, mapped once to a status code with its details."""

from __future__ import annotations

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from wharfinger.v1 import error_reason_pb2, task_pb2
from wharfinger_server.domain import errors
from wharfinger_server.rpc.messages.failure import DOMAIN
from wharfinger_server.rpc.messages.text import clean

CODES: dict[type[errors.Refused], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Aborted: grpc.StatusCode.ABORTED,
    errors.OutOfRange: grpc.StatusCode.OUT_OF_RANGE,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.Unimplemented: grpc.StatusCode.UNIMPLEMENTED,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
}
# Milliseconds until it is worth to ask again.
_RETRY_AFTER = {
    "SERVER_DRAINING": 1000,
    "DATABASE_BUSY": 200,
    "DATABASE_UNAVAILABLE": 1000,
    "IDENTITY_UNAVAILABLE": 5000,
    "CALL_LIMIT": 500,
    "WATCH_LIMIT": 5000,
    "PRICES_BUSY": 5000,
}
# Many clients take 8 KiB of trailers; details travel as base64, and the message a second time, percent-encoded.
MOST_DETAIL_BYTES = 3072
_MOST_MESSAGE = 1000
_MOST_VALUE = 256
_MOST_CHOICES = 1024
# Reasons whose documented facts begin with the field at fault.
_NAMES_FIELD = frozenset({"INVALID_ARGUMENT", "MISSING_FIELD", "INVALID_NAME"})
STATUS_KEY = "grpc-status-details-bin"
_TYPES = "type.googleapis.com/"


def add_detail(status: status_pb2.Status, detail: Message) -> None:
    """Add a detail to the status."""
    packed = status.details.add()
    packed.type_url = _TYPES + detail.DESCRIPTOR.full_name
    packed.value = detail.SerializeToString()


def code_of(refused: errors.Refused) -> grpc.StatusCode:
    """Return the status code of a refusal."""
    for kind in type(refused).__mro__:
        if kind in CODES:
            return CODES[kind]
    return grpc.StatusCode.UNKNOWN


def status_of(refused: errors.Refused) -> status_pb2.Status:
    """Return the refusal as google.rpc.Status with ErrorInfo, BadRequest and RetryInfo: 3 KiB at most."""
    status = status_pb2.Status(code=code_of(refused).value[0], message=_cut(refused.message, _MOST_MESSAGE))
    metadata = {key: _cut(value, _MOST_VALUE) for key, value in refused.metadata.items() if value}
    if refused.violations and refused.reason in _NAMES_FIELD:
        metadata.setdefault("field", _cut(refused.violations[0].field, _MOST_VALUE))
    add_detail(status, error_details_pb2.ErrorInfo(reason=refused.reason, domain=DOMAIN, metadata=metadata))
    if refused.reason in _RETRY_AFTER:
        delay = Duration(
            nanos=_RETRY_AFTER[refused.reason] % 1000 * 1_000_000, seconds=_RETRY_AFTER[refused.reason] // 1000
        )
        add_detail(status, error_details_pb2.RetryInfo(retry_delay=delay))
    if refused.choices:
        _add_choices(status, refused.choices)
    if isinstance(refused, errors.StateForbids) and refused.allowed:
        states = [task_pb2.TaskState.Value(f"TASK_STATE_{name}") for name in refused.allowed]
        now = task_pb2.TaskState.Value(f"TASK_STATE_{refused.metadata['state']}")
        add_detail(status, error_reason_pb2.AllowedStates(state=now, allowed=states))
    if refused.violations:
        _add_violations(status, refused)
    return status


def _add_choices(status: status_pb2.Status, choices: errors.Choices) -> None:
    """Add as many choices as fit."""
    detail = error_reason_pb2.Choices(field=_cut(choices.field, _MOST_VALUE), complete=choices.complete)
    for value in choices.values:
        if detail.ByteSize() > _MOST_CHOICES:
            detail.complete = False
            break
        detail.values.append(_cut(value, _MOST_VALUE))
    add_detail(status, detail)


def _add_violations(status: status_pb2.Status, refused: errors.Refused) -> None:
    """Add as many violations as fit, and say how many do not."""
    room = MOST_DETAIL_BYTES - status.ByteSize() - 200
    bad = error_details_pb2.BadRequest()
    for index, violation in enumerate(refused.violations):
        item = bad.field_violations.add(
            field=_cut(violation.field, _MOST_VALUE), description=_cut(violation.description, _MOST_VALUE)
        )
        if bad.ByteSize() > room:
            item.field, item.description = "", f"and {len(refused.violations) - index} more"
            break
    add_detail(status, bad)


def _cut(text: str, most: int) -> str:
    """Return `text` within `most` bytes of UTF-8."""
    text = clean(text)
    data = text.encode()
    return text if len(data) <= most else data[: most - 3].decode("utf-8", "ignore") + "…"
