"""A server of a later release, or an odd one: what it tells has fields, values and kinds that nobody knows today.

It is a real gRPC server, whose answers are today's messages with bytes appended. What it answers is chosen by the last
part of the task's name: the methods of `_ANSWERS`, with `-` for `_`.
"""

from __future__ import annotations

import collections
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import grpc.aio
from google.protobuf import any_pb2, duration_pb2, timestamp_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from wharfinger.v1 import event_pb2, failure_pb2, ledger_pb2, partial_failure_pb2, price_pb2, task_pb2, task_service_pb2

NEW_STATE = 77
NEW_ENTRY_STATE = 78
NEW_CODE = 79
NEW_ACTION = 80
# Field 900 of any message, as a text: what a later release may add.
NEW_FIELD = b"\xa2\x38\x05later"
# A member that WatchTaskResponse.kind, or TaskEvent.detail, does not have today: field 90, a message with one text.
NEW_MEMBER = b"\xd2\x05\x07\x0a\x05later"
SERVICE = "wharfinger.v1.TaskService"


@dataclass
class NewerServer:
    """A server on loopback; `calls` counts how often each task was asked for, `tokens` has what authorizations came."""

    address: str = ""
    calls: collections.Counter[str] = field(default_factory=collections.Counter)
    tokens: list[str] = field(default_factory=list)
    _server: Any = None

    async def start(self, port: int = 0, credentials: grpc.ServerCredentials | None = None) -> None:
        """Serve on 127.0.0.1, by TLS where there are credentials."""
        # Two that listen on one port would share its callers.
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        place = f"127.0.0.1:{port}"
        bound = (
            self._server.add_secure_port(place, credentials) if credentials else self._server.add_insecure_port(place)
        )
        await self._server.start()
        self.address = f"127.0.0.1:{bound}"

    async def stop(self) -> None:
        """End all calls and stop listening."""
        if self._server is not None:
            await self._server.stop(0)

    async def answer(self, request: Any, context: Any) -> bytes:
        """Answer GetTask or WaitTask."""
        self.calls[request.name] += 1
        if request.name.endswith("/busy") and self.calls[request.name] == 1:
            await _busy(context)
        answer = getattr(_Answers(), request.name.rpartition("/")[2].replace("-", "_"))
        return cast(bytes, await answer(request.name, context))

    async def watch(self, request: task_service_pb2.WatchTaskRequest, context: Any) -> AsyncIterator[bytes]:
        """Answer WatchTask."""
        self.calls[request.name] += 1
        kind = request.name.rpartition("/")[2]
        left_out = {3} if kind == "gap" and self.calls[request.name] == 1 else set()
        end = NEW_STATE if kind == "new-rest" else task_pb2.TASK_STATE_SUCCEEDED
        for message in _watched(request.name, request.after_sequence, left_out, end):
            yield message


class _Handlers(grpc.GenericRpcHandler):
    """Finds what answers a call."""

    def __init__(self, server: NewerServer) -> None:
        self._server = server

    def service(self, handler_call_details: Any) -> Any:
        """Return the handler of a call, None for what this server does not have."""
        service, _, name = handler_call_details.method.lstrip("/").partition("/")
        if service != SERVICE or name not in _REQUESTS:
            return None
        server, request = self._server, _REQUESTS[name]
        server.tokens += [value for key, value in handler_call_details.invocation_metadata if key == "authorization"]
        if name == "WatchTask":
            return grpc.unary_stream_rpc_method_handler(server.watch, request.FromString, _as_it_is)
        return grpc.unary_unary_rpc_method_handler(server.answer, request.FromString, _as_it_is)


_REQUESTS: dict[str, Any] = {
    "GetTask": task_service_pb2.GetTaskRequest,
    "WaitTask": task_service_pb2.WaitTaskRequest,
    "WatchTask": task_service_pb2.WatchTaskRequest,
}


def _as_it_is(raw: bytes) -> bytes:
    return raw


class _Answers:
    """What GetTask and WaitTask answer."""

    async def new_state(self, name: str, context: Any) -> bytes:
        """Return a task in a state that nobody knows, which is at rest."""
        return _task(name, NEW_STATE).SerializeToString() + NEW_FIELD

    async def new_things(self, name: str, context: Any) -> bytes:
        """Return a half-done task with an entry, a code and an action that nobody knows."""
        task = _task(name, task_pb2.TASK_STATE_PARTIALLY_FAILED)
        task.failure.CopyFrom(failure_pb2.Failure(code=NEW_CODE, reason="TIDE_TOO_LOW", message="the tide is too low"))
        half = partial_failure_pb2.PartialFailure(
            total_left_over=2,
            left_over=[
                ledger_pb2.LedgerEntry(key="crate/one", state=ledger_pb2.LEDGER_ENTRY_STATE_CREATED, owned=True),
                ledger_pb2.LedgerEntry(key="crate/two", state=NEW_ENTRY_STATE, owned=True),  # type: ignore[arg-type]
            ],
            allowed_actions=[NEW_ACTION, partial_failure_pb2.PARTIAL_FAILURE_ACTION_ROLL_BACK],  # type: ignore[list-item]
            cost=price_pb2.LeftoverCost(unpriced=1, uncertain=1),
        )
        task.partial_failure.CopyFrom(half)
        return task.SerializeToString() + NEW_FIELD

    async def new_reason(self, name: str, context: Any) -> bytes:
        """Refuse with a reason, and a detail, that nobody knows."""
        info = error_details_pb2.ErrorInfo(reason="TIDE_TOO_LOW", domain="wharfinger.dev", metadata={"tide": "low"})
        status = status_pb2.Status(code=code_pb2.FAILED_PRECONDITION, message="the tide is too low")
        status.details.add().Pack(info)
        status.details.append(any_pb2.Any(type_url="type.googleapis.com/wharfinger.v9.Later", value=NEW_FIELD))
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, status.message)
        raise AssertionError("abort raises")

    async def bare_status(self, name: str, context: Any) -> bytes:
        """Fail as what stands between two programs does: without any detail."""
        await context.abort(grpc.StatusCode.INTERNAL, "stream terminated by something in between")
        raise AssertionError("abort raises")

    async def older(self, name: str, context: Any) -> bytes:
        """Fail as a server does that does not have the call."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        raise AssertionError("abort raises")

    async def new_rest(self, name: str, context: Any) -> bytes:
        """As `new_state`: a task at rest."""
        return await self.new_state(name, context)

    async def busy(self, name: str, context: Any) -> bytes:
        """As `plain`: after the first time."""
        return await self.plain(name, context)

    async def plain(self, name: str, context: Any) -> bytes:
        """Return a task like any other."""
        return _task(name, task_pb2.TASK_STATE_SUCCEEDED).SerializeToString()


def _task(name: str, state: int) -> task_pb2.Task:
    ended = timestamp_pb2.Timestamp(seconds=1_790_000_000)
    return task_pb2.Task(
        name=name,
        uid="u-1",
        script="conformance.echo",
        state=state,  # type: ignore[arg-type]
        last_sequence=5,
        end_time=ended,
        creator="later",
    )


async def _busy(context: Any) -> None:
    """Refuse, and say after how long the same may be asked again."""
    status = status_pb2.Status(code=code_pb2.UNAVAILABLE, message="the database is busy")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="DATABASE_BUSY", domain="wharfinger.dev"))
    status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=300_000_000)))
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(grpc.StatusCode.UNAVAILABLE, status.message)


def _watched(name: str, after: int, left_out: Collection[int], end: int) -> Iterable[bytes]:
    """Tell five events, of which one has a state and one a kind that nobody knows, and the end in the state `end`."""
    running = _task(name, task_pb2.TASK_STATE_RUNNING)
    running.ClearField("end_time")
    yield _message(after, snapshot=running) + NEW_FIELD
    # A kind of message that nobody knows tells no event; its position is that of before.
    yield _message(after) + NEW_MEMBER
    for event in _events(end):
        if event.sequence > after and event.sequence not in left_out:
            event.task = name
            raw = event.SerializeToString() + (NEW_MEMBER if event.sequence == 3 else b"")
            yield _message(event.sequence, events=event_pb2.TaskEvents(events=[event_pb2.TaskEvent.FromString(raw)]))
    yield _message(5, snapshot=_task(name, end))


def _events(end: int) -> list[event_pb2.TaskEvent]:
    state = event_pb2.StateChange(state=NEW_STATE)  # type: ignore[arg-type]
    log = event_pb2.LogLine(text="a line", level=9)  # type: ignore[arg-type]
    last = event_pb2.StateChange(state=end)  # type: ignore[arg-type]
    return [
        event_pb2.TaskEvent(sequence=1, state_change=event_pb2.StateChange(state=task_pb2.TASK_STATE_RUNNING)),
        event_pb2.TaskEvent(sequence=2, state_change=state),
        event_pb2.TaskEvent(sequence=3),
        event_pb2.TaskEvent(sequence=4, log=log),
        event_pb2.TaskEvent(sequence=5, state_change=last),
    ]


def _message(position: int, **kind: Any) -> bytes:
    told = task_service_pb2.WatchTaskResponse(sequence=position, resume_token=b"at-%d" % position, **kind)
    return told.SerializeToString()
