"""The calls of the API, found by their requests, with the deadline of each and whether repeating it does no harm.

Which calls there are, and what they take and answer, is read from the descriptors. Declared here is only what those do
not say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pb2
from google.protobuf.message import Message

from wharfinger.v1 import (
    access_service_pb2,
    executor_service_pb2,
    pricing_service_pb2,
    schedule_service_pb2,
    task_service_pb2,
)

SERVICES: tuple[Any, ...] = (
    *task_service_pb2.DESCRIPTOR.services_by_name.values(),
    *executor_service_pb2.DESCRIPTOR.services_by_name.values(),
    *schedule_service_pb2.DESCRIPTOR.services_by_name.values(),
    *pricing_service_pb2.DESCRIPTOR.services_by_name.values(),
    *access_service_pb2.DESCRIPTOR.services_by_name.values(),
)

# Default deadlines in seconds; streams have none.
SECONDS = 30.0
OTHER_SECONDS = {"BatchCreateTasks": 60.0}

# Calls that only read, which their `idempotency_level` says, and calls that carry a `request_id` (every request of ours
# does), may be sent again, and these:
REPEATABLE = frozenset({"BatchCreateTasks", "PauseSchedule", "ResumeSchedule"})
"""Each request of a batch carries a `request_id`; pausing what is paused changes nothing."""


@dataclass(frozen=True, slots=True)
class Method:
    """One call: `seconds` is its default deadline, `repeatable` whether it may be sent again when no answer came."""

    service: str
    name: str
    answer: Any
    seconds: float
    repeatable: bool
    streams_requests: bool
    streams_answers: bool

    @property
    def path(self) -> str:
        """Where it is called, such as `/wharfinger.v1.TaskService/GetTask`."""
        return f"/{self.service}/{self.name}"


def _only_reads(method: Any) -> bool:
    level: int = method.GetOptions().idempotency_level
    return level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS


def _read() -> Iterator[tuple[str, Method]]:
    """Tell each call with the full name of its request."""
    for service in SERVICES:
        for found in service.methods:
            name, request = found.name, found.input_type
            yield (
                request.full_name,
                Method(
                    service=service.full_name,
                    name=name,
                    answer=found.output_type,
                    seconds=OTHER_SECONDS.get(name, SECONDS),
                    repeatable=name in REPEATABLE or _only_reads(found) or "request_id" in request.fields_by_name,
                    streams_requests=found.client_streaming,
                    streams_answers=found.server_streaming,
                ),
            )


def _by_request() -> dict[str, Method]:
    known: dict[str, Method] = {}
    for request, method in _read():
        other = known.setdefault(request, method)
        if other is not method:
            raise LookupError(f"{other.name} and {method.name} both take a {request}; each call needs its own request")
    odd = {*REPEATABLE, *OTHER_SECONDS} - {method.name for method in known.values()}
    if odd:
        raise LookupError(f"the API has no calls {', '.join(sorted(odd))}, of which something is declared here")
    return known


METHODS = _by_request()
"""Every call by the full name of its request."""


class Calls:
    """The calls that are made on one channel, each set up when it is first made."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._made: dict[type[Message], Any] = {}

    def of(self, request: type[Message], answer: type[Message]) -> Any:
        """Return gRPC's callable of the call that takes such a request."""
        made = self._made.get(request)
        if made is None:
            made = self._made[request] = self._make(request, answer)
        return made

    def _make(self, request: type[Message], answer: type[Message]) -> Any:
        method = method_of(request)
        assert answer.DESCRIPTOR is method.answer, f"{method.name} does not answer with a {answer.DESCRIPTOR.full_name}"
        if method.streams_requests:
            make = self._channel.stream_stream
        else:
            make = self._channel.unary_stream if method.streams_answers else self._channel.unary_unary
        return make(method.path, request_serializer=request.SerializeToString, response_deserializer=answer.FromString)


def method_of(request: type[Message]) -> Method:
    """Return the call that takes such a request."""
    return METHODS[request.DESCRIPTOR.full_name]


def service_config() -> str:
    """Return gRPC's service config: the repeatable calls are tried up to 5 times, about a second and a half in all.

    Streams are not in it: watches are opened again by what reads them, which knows where to go on.
    """
    names = [
        {"service": m.service, "method": m.name}
        for m in METHODS.values()
        if m.repeatable and not (m.streams_requests or m.streams_answers)
    ]
    retry = {
        "maxAttempts": 5,
        "initialBackoff": "0.1s",
        "maxBackoff": "2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return json.dumps({"methodConfig": [{"name": names, "retryPolicy": retry}]})
