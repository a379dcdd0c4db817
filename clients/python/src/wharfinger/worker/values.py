"""The values of a running script's protocol as the messages between worker and server hold them, in both directions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration

from wharfinger.ledger.failure import Code
from wharfinger.runtime.protocol import Entry, Failure, Intent, Outcome, Progress, Removal, Stopped, Succeeded
from wharfinger.v1 import event_pb2, failure_pb2, ledger_pb2, task_pb2, worker_pb2

_PREFIX = "LEDGER_ENTRY_STATE_"
_DOMAIN = "wharfinger.dev"
_LARGEST_LEVEL = 4


class Malformed(ValueError):
    """A message that no worker, or no server, that keeps to the protocol would send; says what is wrong with it."""


# ---------------------------------------------------------------------- failures


def failure_message(failure: Failure) -> failure_pb2.Failure:
    """Return a failure as a message."""
    return failure_pb2.Failure(
        code=int(failure.code),
        reason=sendable(failure.reason),
        domain=_DOMAIN,
        message=sendable(failure.message),
        metadata={sendable(str(name)): sendable(str(fact)) for name, fact in failure.metadata.items()},
        step=sendable(failure.step),
        retryable=failure.retryable,
    )


def failure_of(message: failure_pb2.Failure) -> Failure:
    """Return the failure that a message holds."""
    try:
        code = Code(int(message.code))
    except ValueError:
        code = Code.UNKNOWN
    if code is Code.OK:
        code = Code.UNKNOWN
    return Failure(code, message.reason, message.message, message.retryable, message.step, dict(message.metadata))


def sendable(text: str) -> str:
    """Return `text` without what no message can hold: lone surrogates become U+FFFD."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


# ---------------------------------------------------------------------- intents and entries


def intent_message(intent: Intent) -> worker_pb2.WorkIntent:
    """Return an intent as a message."""
    return worker_pb2.WorkIntent(
        key=intent.key,
        type=intent.type,
        request_digest=intent.request_digest,
        step=intent.step,
        group=intent.group,
        profile=intent.profile,
        region=intent.region,
        attributes=dict(intent.attributes),
        depends_on=intent.depends_on,
        undo_data=intent.undo_data,
        idempotent=intent.idempotent,
        send_window=duration(intent.send_window),
        call_timeout=duration(intent.call_timeout),
        settling=duration(intent.settling),
        temporary=intent.temporary,
    )


def intent_of(message: worker_pb2.WorkIntent) -> Intent:
    """Return the intent that a message holds; a length of time that it does not tell is the usual one."""
    return Intent(
        key=message.key,
        type=message.type,
        request_digest=message.request_digest,
        step=message.step,
        group=message.group,
        profile=message.profile,
        region=message.region,
        attributes=dict(message.attributes),
        depends_on=tuple(message.depends_on),
        undo_data=message.undo_data,
        idempotent=message.idempotent,
        temporary=message.temporary,
        **{
            name: seconds(getattr(message, name))
            for name in ("send_window", "call_timeout", "settling")
            if message.HasField(name)
        },
    )


def entry_message(entry: Entry) -> worker_pb2.WorkEntry:
    """Return a ledger entry as a message."""
    return worker_pb2.WorkEntry(
        key=entry.key,
        type=entry.type,
        state=ledger_pb2.LedgerEntryState.Value(_PREFIX + entry.state),
        generation=entry.generation,
        token=entry.token,
        external_id=entry.external_id,
        owned=entry.owned,
        step=entry.step,
        group=entry.group,
        profile=entry.profile,
        region=entry.region,
        attributes=dict(entry.attributes),
        depends_on=entry.depends_on,
        undo_data=entry.undo_data,
        version=version_bytes(entry.version),
        number=entry.number,
        undo=entry.undo,
    )


def entry_of(message: worker_pb2.WorkEntry) -> Entry:
    """Return the entry that a message holds."""
    return Entry(
        key=message.key,
        type=message.type,
        state=ledger_pb2.LedgerEntryState.Name(message.state).removeprefix(_PREFIX),
        generation=message.generation,
        token=message.token,
        external_id=message.external_id,
        owned=message.owned,
        step=message.step,
        group=message.group,
        profile=message.profile,
        region=message.region,
        attributes=dict(message.attributes),
        depends_on=tuple(message.depends_on),
        undo_data=message.undo_data,
        version=version_of(message.version),
        number=message.number,
        undo=message.undo,
    )


def version_bytes(version: tuple[Any, ...]) -> bytes:
    """Return what a search or a look was asked about, as it travels."""
    return json.dumps(version).encode() if version else b""


def version_of(body: bytes) -> tuple[Any, ...]:
    """Return what a search or a look was asked about. Raises Malformed."""
    if not body:
        return ()
    try:
        parts = json.loads(body)
    except ValueError:
        parts = None
    if not isinstance(parts, list) or not all(isinstance(part, str | int) for part in parts):
        raise Malformed("version is not one that the server gave out")
    return tuple(parts)


# ---------------------------------------------------------------------- how it goes, and how it ended


def progress_message(progress: Progress) -> task_pb2.Progress:
    """Return progress as a message, without the numbers that none can hold."""
    message = task_pb2.Progress(
        step=sendable(str(progress.step)), unit=sendable(str(progress.unit)), message=sendable(str(progress.message))
    )
    for name in ("done", "total"):
        amount = getattr(progress, name)
        if type(amount) is int and 0 <= amount < 1 << 63:
            setattr(message, name, amount)
    if isinstance(progress.eta, int | float) and 0 <= progress.eta < 1e9:
        message.eta.CopyFrom(duration(progress.eta))
    return message


def progress_of(message: task_pb2.Progress) -> Progress:
    """Return the progress that a message holds."""
    return Progress(
        step=message.step,
        done=message.done,
        total=message.total if message.HasField("total") else None,
        unit=message.unit,
        message=message.message,
        eta=seconds(message.eta) if message.HasField("eta") else None,
    )


def log_message(level: int, text: str) -> event_pb2.LogLine:
    """Return a line of a task's log as a message."""
    return event_pb2.LogLine(level=_level(level), text=sendable(text))  # type: ignore[arg-type]  # one of its numbers


def log_of(message: event_pb2.LogLine) -> tuple[int, str]:
    """Return the level and the text of a line."""
    return _level(int(message.level)), message.text


def _level(level: int) -> int:
    return level if 1 <= level <= _LARGEST_LEVEL else 2


def outcome_message(outcome: Outcome) -> worker_pb2.ReportFinished:
    """Return how an attempt ended as a message."""
    if isinstance(outcome, Succeeded):
        return worker_pb2.ReportFinished(result_json=outcome.result)
    if isinstance(outcome, Stopped):
        return worker_pb2.ReportFinished(stopped=True)
    return worker_pb2.ReportFinished(failure=failure_message(outcome))


def outcome_of(message: worker_pb2.ReportFinished) -> Outcome:
    """Return how an attempt ended. Raises Malformed for a message that does not tell."""
    kind = message.WhichOneof("outcome")
    if kind == "result_json":
        return Succeeded(message.result_json)
    if kind == "failure":
        return failure_of(message.failure)
    if kind == "stopped":
        return Stopped()
    raise Malformed("finished tells no outcome")


def removal_of(kind: int) -> Removal:
    """Return what came of taking a thing away. Raises Malformed for a kind that there is none of."""
    try:
        return Removal(kind)
    except ValueError:
        raise Malformed(f"removed has the kind {kind}, which there is none of") from None


# ---------------------------------------------------------------------- lengths of time


def duration(length: float) -> Duration:
    """Return a length of time in seconds as a message."""
    message = Duration()
    message.FromTimedelta(timedelta(seconds=length))
    return message


def seconds(message: Duration) -> float:
    """Return the seconds that a message holds."""
    return message.seconds + message.nanos / 1e9


def in_pages(items: Iterable[tuple[Any, int]], most: int) -> Iterable[list[Any]]:
    """Yield the items in lists whose sizes are at most `most` together; one that is larger comes by itself."""
    page: list[Any] = []
    room = most
    for item, size in items:
        if page and size > room:
            yield page
            page, room = [], most
        page.append(item)
        room -= size
    if page:
        yield page
