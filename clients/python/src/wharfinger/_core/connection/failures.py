"""gRPC's errors in the client's words, with the details that ride in the trailers."""

from __future__ import annotations

import grpc
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from wharfinger import errors
from wharfinger._core.connection.causes import cause
from wharfinger._core.connection.settings import Settings
from wharfinger._core.messages.status import refused

_DETAILS = "grpc-status-details-bin"
# What a broken connection, or something between here and the server, answers.
_NO_ANSWER = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")


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
        except DecodeError:
            status.Clear()
    text = status.message or call.details() or ""
    if code in _NO_ANSWER and not status.details:
        why, hint = cause(text, settings, answered=answered)
        return errors.Unreachable(settings.server, why or code, code, hint=hint)
    return refused(code, text, status)
