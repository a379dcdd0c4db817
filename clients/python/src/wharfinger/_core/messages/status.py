"""A google.rpc.Status with its details as the client's errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from google.protobuf import message as protobuf_message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from wharfinger import errors
from wharfinger._core.messages.rules import may_repeat
from wharfinger._core.messages.times import seconds
from wharfinger.v1 import error_reason_pb2, task_pb2

_CLASSES: dict[str, type[errors.Refused]] = {
    "INVALID_ARGUMENT": errors.InvalidArgument,
    "NOT_FOUND": errors.NotFound,
    "ALREADY_EXISTS": errors.AlreadyExists,
    "FAILED_PRECONDITION": errors.FailedPrecondition,
    "ABORTED": errors.Aborted,
    "OUT_OF_RANGE": errors.OutOfRange,
    "RESOURCE_EXHAUSTED": errors.ResourceExhausted,
    "UNAVAILABLE": errors.Unavailable,
    "UNIMPLEMENTED": errors.Unimplemented,
    "UNAUTHENTICATED": errors.Unauthenticated,
    "PERMISSION_DENIED": errors.PermissionDenied,
    "INTERNAL": errors.InternalError,
    "UNKNOWN": errors.InternalError,
}
D = TypeVar("D", bound=protobuf_message.Message)


def refused(code: str, text: str, status: status_pb2.Status) -> errors.Refused:
    """Return the refusal that `status` and its details tell."""
    info = detail(status, error_details_pb2.ErrorInfo)
    bad = detail(status, error_details_pb2.BadRequest)
    retry = detail(status, error_details_pb2.RetryInfo)
    choices = detail(status, error_reason_pb2.Choices)
    allowed = detail(status, error_reason_pb2.AllowedStates)
    violations = tuple(errors.Violation(v.field, v.description) for v in bad.field_violations) if bad else ()
    return _CLASSES.get(code, errors.Refused)(
        code,
        info.reason if info else "",
        text,
        dict(info.metadata) if info else {},
        violations,
        seconds(retry.retry_delay) if retry else None,
        tuple(choices.values) if choices else (),
        _state_words(allowed.allowed) if allowed else (),
        retryable=may_repeat(info.reason) if info else False,
    )


def _state_words(numbers: Iterable[int]) -> tuple[str, ...]:
    """Return the words of states, without those that this client does not know."""
    known = task_pb2.TaskState.DESCRIPTOR.values_by_number
    return tuple(known[number].name.removeprefix("TASK_STATE_") for number in numbers if number in known)


def refused_status(status: status_pb2.Status) -> errors.Refused:
    """Return the refusal that stands in a message, such as an outcome of a batch."""
    return refused(code_name(status.code), status.message, status)


def detail(status: status_pb2.Status, kind: type[D]) -> D | None:
    """Return the first detail of `kind`, None without one."""
    for packed in status.details:
        found = kind()
        # Unpack answers False for another kind.
        if packed.Unpack(found):
            return found
    return None


def code_name(number: int) -> str:
    """Return the name of a canonical status code, "UNKNOWN" for one that does not exist."""
    return code_pb2.Code.Name(number) if number in code_pb2.Code.values() else "UNKNOWN"
