"""The server's side of an attempt that runs elsewhere: its reports go to the attempt's session, each of them once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from wharfinger.ledger.failure import Code
from wharfinger.runtime import jsontext, limits
from wharfinger.runtime.endings import RESULT_LIMIT
from wharfinger.runtime.protocol import (
    Entry,
    Failure,
    Intent,
    LeaseLost,
    Outcome,
    Rejected,
    Session,
    Succeeded,
)
from wharfinger.v1 import failure_pb2, worker_pb2
from wharfinger.worker import values
from wharfinger.worker.values import Malformed

Reply = Callable[[worker_pb2.WorkerAnswer], None]
"""Hands an answer to the connection that the worker has now."""

MOST_AT_WORK = 10_000
"""Reports of one attempt, but for lines of its log, that may be at work, or answered and not known to be heard."""


class Answering:
    """Takes the reports of one attempt, on one event loop. Two with one number are one report.

    Reports are begun in the order in which they come. `reply` gets the answer once it is known, and again for a report
    that is told again. `broken` hears of what the session raises that is no answer: nothing more can be reported.
    """

    def __init__(self, session: Session, reply: Reply, broken: Callable[[BaseException], None]) -> None:
        self._session = session
        self._reply = reply
        self._broken = broken
        self._taken: dict[int, asyncio.Task[worker_pb2.WorkerAnswer]] = {}
        self._heard = 0
        self._last_line = 0

    @property
    def at_work(self) -> bool:
        """Whether there are reports whose answers are not known yet."""
        return not all(task.done() for task in self._taken.values())

    def take(self, report: worker_pb2.WorkerReport) -> None:
        """Take a report. Raises Malformed for one that no worker would send."""
        kind = report.WhichOneof("kind")
        if kind == "progress":
            self._session.progress(values.progress_of(report.progress))
            return
        if report.number <= 0:
            raise Malformed(f"a report of {kind or 'nothing'} needs a number")
        if report.number <= self._heard:
            return  # it said itself that it has the answer
        self._forget(report.answered)
        if kind == "log":
            self._take_line(report)
            return
        known = self._taken.get(report.number)
        if known is None:
            if len(self._taken) >= MOST_AT_WORK:
                raise Malformed(f"more than {MOST_AT_WORK} reports of one attempt wait for their answers")
            known = asyncio.ensure_future(self._answer(report))
            self._taken[report.number] = known
            known.add_done_callback(self._tell)
        elif known.done():
            self._tell(known)

    def _take_line(self, report: worker_pb2.WorkerReport) -> None:
        """Keep a line at once: they come in thousands, in order, and those that are told again before newer ones."""
        if report.number > self._last_line:
            self._last_line = report.number
            self._session.log(*values.log_of(report.log))
        self._reply(worker_pb2.WorkerAnswer(lease=report.lease, number=report.number))

    def _forget(self, answered: int) -> None:
        for number in [one for one, task in self._taken.items() if one <= answered and task.done()]:
            del self._taken[number]
        self._heard = max(self._heard, answered)

    def _tell(self, task: asyncio.Task[worker_pb2.WorkerAnswer]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._reply(task.result())
        else:
            self._broken(error)

    async def _answer(self, report: worker_pb2.WorkerReport) -> worker_pb2.WorkerAnswer:
        answer = worker_pb2.WorkerAnswer(lease=report.lease, number=report.number)
        try:
            for entry in await take(self._session, report):
                answer.entries.append(values.entry_message(entry))
        except LeaseLost:
            answer.lease_lost = True
        except Rejected as rejected:
            answer.rejected.CopyFrom(values.failure_message(rejected.failure))
        except Malformed as malformed:
            answer.rejected.CopyFrom(values.failure_message(_invalid(str(malformed))))
        return answer


async def take(session: Session, report: worker_pb2.WorkerReport) -> Sequence[Entry]:
    """Tell a report to the session; return the entries that the worker asked for.

    Raises LeaseLost and Rejected as the session does, and Malformed for what can't be told to one.
    """
    kind = report.WhichOneof("kind")
    if kind == "intend":
        if not report.intend.intents:
            raise Malformed("intend names nothing")
        return await session.intend([_intent(intent) for intent in report.intend.intents])
    if kind == "adopted":
        return [await session.adopt(_intent(report.adopted.intent), report.adopted.external_id)]
    if kind == "removing":
        return [await session.removing(report.removing.key, values.seconds(report.removing.window))]
    act = _ACTS.get(kind or "")
    if act is None:
        raise Malformed(f"a report of {kind or 'nothing that this server knows'}")
    await act(session, getattr(report, kind or ""))
    return ()


def _intent(message: worker_pb2.WorkIntent) -> Intent:
    intent = values.intent_of(message)
    if intent.undo_data:
        _json(intent.undo_data.encode(), f"{intent.key[:64]!r}: undo_data")
    if intent.request_digest:
        return intent
    after, facts = tuple(intent.depends_on), dict(intent.attributes)
    digest = jsontext.request_digest(
        intent.type, intent.profile, intent.region, facts, after, intent.undo_data, intent.group
    )
    return replace(intent, request_digest=digest)


async def _created(session: Session, report: worker_pb2.ReportCreated) -> None:
    if not report.external_id.strip():
        raise Malformed("created tells no external_id")
    await session.created(report.key, report.generation, report.external_id)


async def _refused(session: Session, report: worker_pb2.ReportRefused) -> None:
    await session.refused(report.key, values.failure_of(report.failure))


async def _not_sent(session: Session, report: worker_pb2.ReportNotSent) -> None:
    await session.not_sent(list(report.keys), report.number, values.failure_of(report.failure))


async def _in_doubt(session: Session, report: worker_pb2.ReportInDoubt) -> None:
    await session.in_doubt(report.key, values.failure_of(report.failure), unnamed=report.unnamed)


async def _removed(session: Session, report: worker_pb2.ReportRemoved) -> None:
    how = values.removal_of(int(report.kind))
    failure = values.failure_of(report.failure) if report.HasField("failure") else None
    await session.removed(report.key, report.undo, how, failure)


async def _found(session: Session, report: worker_pb2.ReportFound) -> None:
    ids = None if report.HasField("cannot_tell") else list(report.ids)
    await session.found(report.key, values.version_of(report.version), ids, _why(report.cannot_tell))


async def _looked(session: Session, report: worker_pb2.ReportLooked) -> None:
    shown = report.shown if report.HasField("shown") else None
    failure = _why(report.cannot_tell)
    await session.looked(report.key, values.version_of(report.version), shown, report.state, failure)


async def _memo(session: Session, report: worker_pb2.WorkMemo) -> None:
    limits.check_memo(report.key, report.json)
    _json(report.json, "the memo")
    await session.memo(report.key, report.json)


async def _plan(session: Session, report: worker_pb2.ReportPlan) -> None:
    await session.plan(list(report.keys))


async def _finished(session: Session, report: worker_pb2.ReportFinished) -> None:
    await session.finish(_sound(values.outcome_of(report)))


_ACTS: dict[str, Callable[[Session, Any], Any]] = {
    "created": _created,
    "refused": _refused,
    "not_sent": _not_sent,
    "in_doubt": _in_doubt,
    "removed": _removed,
    "found": _found,
    "looked": _looked,
    "memo": _memo,
    "plan": _plan,
    "finished": _finished,
}


def _sound(outcome: Outcome) -> Outcome:
    """Return the outcome, or the failure that a result is which can't be kept."""
    if not isinstance(outcome, Succeeded):
        return outcome
    try:
        if len(outcome.result) > RESULT_LIMIT:
            raise Malformed(f"{len(outcome.result)} bytes of JSON; {RESULT_LIMIT} are allowed")
        if not isinstance(_json(outcome.result, "the result", exact=True), dict):
            raise Malformed("the result is no JSON object")
    except Malformed as malformed:
        return Failure(Code.INTERNAL, "SCRIPT_RESULT_INVALID", f"the worker reported {malformed}")
    return outcome


def _json(body: bytes, what: str, *, exact: bool = False) -> Any:
    """Return what a JSON document holds. Raises Malformed for one that could not be kept, or be read by all."""
    try:
        value = json.loads(body)
        jsontext.encode(value, what, exact=exact)
    except jsontext.NotJson as error:
        raise Malformed(str(error)) from None
    except (ValueError, RecursionError):
        raise Malformed(f"{what} is no JSON") from None
    return value


def _why(message: failure_pb2.Failure) -> Failure | None:
    return values.failure_of(message) if message.reason or message.message else None


def _invalid(said: str) -> Failure:
    return Failure(Code.INVALID_ARGUMENT, "REPORT_INVALID", said, metadata={"field": ""})
