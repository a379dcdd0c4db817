"""Assignments as they travel: in pages, so that no message is larger than a peer takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from wharfinger.ledger.states import Phase
from wharfinger.runtime.protocol import Assignment, Context, Environment
from wharfinger.runtime.redaction import Redactor
from wharfinger.v1 import worker_pb2
from wharfinger.worker.values import Malformed, entry_message, entry_of, in_pages

PAGE = 1 << 20
"""Bytes of ledger, memos and targets in one message, if none of them is larger by itself."""

LeaseKey = tuple[str, int]
"""What tells an attempt from all others: its task's uid and its epoch."""


def lease_message(assignment: Assignment) -> worker_pb2.WorkLease:
    """Return the lease of an attempt."""
    return worker_pb2.WorkLease(task=assignment.task, uid=assignment.uid, epoch=assignment.epoch)


def key_of(lease: worker_pb2.WorkLease) -> LeaseKey:
    """Return what tells an attempt from all others."""
    return (lease.uid, lease.epoch)


def messages_of(assignment: Assignment, version: str) -> Iterator[worker_pb2.WorkerAssignment]:
    """Yield the messages that tell an assignment, whose script is to run in `version`."""
    context = assignment.context
    lease = lease_message(assignment)
    message = worker_pb2.WorkerAssignment(
        lease=lease,
        phase=int(assignment.phase),  # type: ignore[arg-type]  # the numbers are the wire's
        script=assignment.script,
        script_version=version,
        attempt=assignment.attempt,
        params_json=json.dumps(dict(assignment.params), separators=(",", ":")).encode(),
        erased=assignment.erased,
        project=context.project,
        creator=context.creator,
        labels=dict(context.labels),
        traceparent=context.traceparent,
    )
    if context.deadline is not None:
        deadline = Timestamp()
        deadline.FromMicroseconds(round(context.deadline * 1e6))
        message.deadline.CopyFrom(deadline)
    for page in in_pages(_parts(assignment), PAGE):
        if message.ByteSize() + sum(_size(part) for _, part in page) > PAGE and _has_parts(message):
            message.more = True
            yield message
            message = worker_pb2.WorkerAssignment(lease=lease)
        for field, part in page:
            getattr(message, field).append(part)
    yield message


def _parts(assignment: Assignment) -> Iterator[tuple[tuple[str, Any], int]]:
    for entry in assignment.ledger:
        told = entry_message(entry)
        yield ("ledger", told), told.ByteSize()
    for key, value in assignment.memos.items():
        yield ("memos", worker_pb2.WorkMemo(key=key, json=value)), len(key) + len(value)
    for target in assignment.targets:
        yield ("targets", target), len(target)


def _size(part: Any) -> int:
    return len(part) if isinstance(part, str) else int(part.ByteSize())


def _has_parts(message: worker_pb2.WorkerAssignment) -> bool:
    return bool(message.ledger or message.memos or message.targets)


class Arriving:
    """Puts assignments together from their pages. Several may arrive by turns."""

    def __init__(self) -> None:
        self._begun: dict[LeaseKey, worker_pb2.WorkerAssignment] = {}

    def take(self, page: worker_pb2.WorkerAssignment) -> worker_pb2.WorkerAssignment | None:
        """Take a page; return the assignment when it is whole."""
        key = key_of(page.lease)
        whole = self._begun.get(key)
        if whole is None:
            whole = page
        else:
            whole.ledger.extend(page.ledger)
            whole.memos.extend(page.memos)
            whole.targets.extend(page.targets)
            whole.more = page.more
        if whole.more:
            self._begun[key] = whole
            return None
        self._begun.pop(key, None)
        return whole


def assignment_of(
    message: worker_pb2.WorkerAssignment, environment: Environment, redactor: Redactor | None = None
) -> Assignment:
    """Return the assignment that a whole message tells, for a place that has `environment`. Raises Malformed."""
    try:
        params = json.loads(message.params_json)
        phase = Phase(int(message.phase))
    except ValueError:
        raise Malformed("the assignment has params or a phase that can't be read") from None
    if not isinstance(params, Mapping):
        raise Malformed("the params of the assignment are no JSON object")
    deadline = message.deadline.ToMicroseconds() / 1e6 if message.HasField("deadline") else None
    context = Context(message.project, message.creator, deadline, dict(message.labels), message.traceparent)
    return Assignment(
        task=message.lease.task,
        uid=message.lease.uid,
        epoch=message.lease.epoch,
        phase=phase,
        script=message.script,
        attempt=message.attempt,
        params=params,
        context=context,
        ledger=tuple(map(entry_of, message.ledger)),
        memos={memo.key: memo.json for memo in message.memos},
        targets=tuple(message.targets),
        environment=environment,
        redactor=redactor if redactor is not None else Redactor(),
        erased=tuple(message.erased),
    )
