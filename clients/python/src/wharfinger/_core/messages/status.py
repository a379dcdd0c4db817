"""gRPC's errors in the client's words, with the details that ride in the trailers."""

from __future__ import annotations

from typing import TypeVar

import grpc
from google.protobuf import message as protobuf_message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from wharfinger import errors
from wharfinger._core.connection.causes import cause
from wharfinger._core.connection.settings import Settings
from wharfinger._core.messages.times import seconds

_DETAILS = "grpc-status-details-bin"
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
# What a broken connection, or something between here and the server, answers.
_NO_ANSWER = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")

D = TypeVar("D", bound=protobuf_message.Message)


def translate(error: grpc.RpcError, settings: Settings, *, answered: bool = False) -> errors.WharfingerError:
    """Return the error of a call that failed, sync or of asyncio.

    `settings` are those of its client; `answered`: the server did answer that client before.
    """
    call: grpc.Call = error  # type: ignore[assignment]  # every RpcError of a call is one; the types don't say so
    code = call.code().name
    trailers = dict(call.trailing_metadata() or ())
    raw = trailers.get(_DETAILS)
    status = status_pb2.Status()
    if isinstance(raw, bytes):
        try:
            status.ParseFromString(raw)
        except protobuf_message.DecodeError:
            status.Clear()
    text = status.message or call.details() or ""
    if code in _NO_ANSWER and not status.details:
        why, hint = cause(text, settings, answered=answered)
        return errors.Unreachable(settings.server, why or code, code, hint=hint)
    return refused(code, text, status)


def refused(code: str, text: str, status: status_pb2.Status) -> errors.Refused:
    """Return the refusal that `status` and its details tell."""
    info = detail(status, error_details_pb2.ErrorInfo)
    bad = detail(status, error_details_pb2.BadRequest)
    retry = detail(status, error_details_pb2.RetryInfo)
    violations = tuple(errors.Violation(v.field, v.description) for v in bad.field_violations) if bad else ()
    return _CLASSES.get(code, errors.Refused)(
        code,
        info.reason if info else "",
        text,
        dict(info.metadata) if info else {},
        violations,
        seconds(retry.retry_delay) if retry else None,
    )


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
