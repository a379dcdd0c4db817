"""The session of an attempt that runs away from the server: what the script reports goes out as numbered messages."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from wharfinger.ledger.failure import Code
from wharfinger.runtime import limits, report_redaction
from wharfinger.runtime.protocol import (
    Entry,
    Failure,
    Intent,
    LeaseLost,
    Outcome,
    Progress,
    Rejected,
    Removal,
)
from wharfinger.runtime.redaction import Redactor
from wharfinger.v1 import executor_service_pb2, worker_pb2
from wharfinger.worker import values

Send = Callable[[executor_service_pb2.WorkRequest], None]
"""Hands a message to the connection. From any thread; it returns at once, and drops the message where there is none."""

MOST_LINES = 1 << 20
"""Bytes of log lines that are kept for a server that does not answer; what comes beyond them is dropped and counted."""

LARGEST = 3 << 20
"""Bytes of the largest report: what is larger no server takes."""

_EVIDENCE = frozenset({"created", "not_sent"})


class WireSession:
    """Implements `wharfinger.runtime.protocol.Session` by reports that are answered. Any thread may use it.

    A report is kept until it is answered, and told again by `resend`. Once `lose` was called every report raises
    LeaseLost; evidence of what was made is told all the same, and kept until it is answered: `owes` says so.
    """

    def __init__(self, lease: worker_pb2.WorkLease, send: Send, redactor: Redactor) -> None:
        self.lease = lease
        self.redactor = redactor
        self._waits = _Waits(send)
        self.blocks = False

    def blocking(self) -> WireSession:
        """Return the same session for a thread of its own: its coroutines never suspend, they block until done."""
        twin = copy.copy(self)
        twin.blocks = True
        return twin

    # ------------------------------------------------------------------ what the connection does

    @property
    def is_lost(self) -> bool:
        """Whether the lease is lost."""
        return self._waits.lost

    @property
    def owes(self) -> bool:
        """Whether there is something that the server has not answered."""
        return bool(self._waits.pending)

    def answer(self, answer: worker_pb2.WorkerAnswer) -> None:
        """Take the answer to a report."""
        self._waits.answer(answer)

    def lose(self) -> None:
        """The lease is lost: whoever waits for an answer hears it, and all that report anything from now on."""
        self._waits.lose()

    def resend(self) -> None:
        """Tell all reports that are not answered again, in their order, to a new connection."""
        self._waits.resend()

    # ------------------------------------------------------------------ the ledger

    async def intend(self, intents: Sequence[Intent]) -> list[Entry]:
        """Report what is about to be made."""
        told = [values.intent_message(self._checked(intent)) for intent in intents]
        answer = await self._ask(intend=worker_pb2.ReportIntend(intents=told))
        return self._entries(answer, len(intents))

    async def adopt(self, intent: Intent, external_id: str) -> Entry:
        """Report what existed before the task."""
        told = values.intent_message(self._checked(intent))
        report = worker_pb2.ReportAdopted(intent=told, external_id=self._id(external_id))
        return self._entries(await self._ask(adopted=report), 1)[0]

    async def created(self, key: str, generation: int, external_id: str) -> None:
        """Report what was made."""
        report = worker_pb2.ReportCreated(key=key, generation=generation, external_id=self._id(external_id))
        await self._ask(created=report)

    async def refused(self, key: str, failure: Failure) -> None:
        """Report the provider's definite answer."""
        await self._ask(refused=worker_pb2.ReportRefused(key=key, failure=self._failure(failure)))

    async def not_sent(self, keys: Sequence[str], number: int, failure: Failure) -> None:
        """Report that a call was not sent."""
        report = worker_pb2.ReportNotSent(keys=keys, number=number, failure=self._failure(failure))
        await self._ask(not_sent=report)

    async def in_doubt(self, key: str, failure: Failure, *, unnamed: bool = False) -> None:
        """Report that a call's answer is not known."""
        report = worker_pb2.ReportInDoubt(key=key, failure=self._failure(failure), unnamed=unnamed)
        await self._ask(in_doubt=report)

    async def removing(self, key: str, window: float) -> Entry:
        """Report that something is about to be taken away."""
        report = worker_pb2.ReportRemoving(key=key, window=values.duration(window))
        return self._entries(await self._ask(removing=report), 1)[0]

    async def removed(self, key: str, undo: int, how: Removal, failure: Failure | None = None) -> None:
        """Report what came of taking it away."""
        report = worker_pb2.ReportRemoved(
            key=key,
            undo=undo,
            kind=int(how),  # type: ignore[arg-type]  # the numbers are the wire's
            failure=self._failure(failure) if failure else None,
        )
        await self._ask(removed=report)

    async def found(
        self, key: str, version: tuple[Any, ...], ids: Sequence[str] | None, failure: Failure | None = None
    ) -> None:
        """Report what a search found."""
        report = worker_pb2.ReportFound(key=key, version=values.version_bytes(version))
        if ids is None:
            report.cannot_tell.SetInParent()
            if failure:
                report.cannot_tell.CopyFrom(self._failure(failure))
        else:
            report.ids.extend(map(self._id, ids))
        await self._ask(found=report)

    async def looked(
        self,
        key: str,
        version: tuple[Any, ...],
        shown: bool | None,
        state: str = "",
        failure: Failure | None = None,
    ) -> None:
        """Report what a look said."""
        report = worker_pb2.ReportLooked(
            key=key,
            version=values.version_bytes(version),
            shown=shown,
            state=values.sendable(self.redactor.text(state)),
            cannot_tell=self._failure(failure) if failure else None,
        )
        await self._ask(looked=report)

    # ------------------------------------------------------------------ the rest

    async def memo(self, key: str, value: bytes) -> None:
        """Save a step's answer."""
        limits.check_memo(key, value)
        told = worker_pb2.WorkMemo(key=self.redactor.text(key), json=self.redactor.json(value))
        await self._ask(memo=told)

    async def plan(self, keys: Sequence[str]) -> None:
        """Tell what the script means to make."""
        limits.check_plan(keys)
        report_redaction.check_keys(self.redactor, "a key of the plan", *keys)
        await self._ask(plan=worker_pb2.ReportPlan(keys=keys))

    def progress(self, progress: Progress) -> None:
        """Report progress."""
        told = values.progress_message(report_redaction.progress(self.redactor, progress))
        self._waits.tell(worker_pb2.WorkerReport(lease=self.lease, progress=told))

    def log(self, level: int, text: str) -> None:
        """Add a line to the task's log."""
        self._waits.log(self.lease, level, self.redactor.text(text))

    async def finish(self, outcome: Outcome) -> None:
        """End the attempt."""
        told = values.outcome_message(report_redaction.outcome(self.redactor, outcome))
        await self._ask(finished=told)

    # ------------------------------------------------------------------ asking

    async def _ask(self, **report: Any) -> worker_pb2.WorkerAnswer:
        """Report, and return the answer. Raises LeaseLost and Rejected as it says."""
        message = worker_pb2.WorkerReport(lease=self.lease, **report)
        if message.ByteSize() > LARGEST:
            said = f"one report takes {message.ByteSize()} bytes; {LARGEST} are allowed. Report fewer things at once"
            facts = {"field": next(iter(report)), "limit": str(LARGEST), "size": str(message.ByteSize())}
            raise Rejected(Failure(Code.OUT_OF_RANGE, "REPORT_TOO_LARGE", said, metadata=facts))
        waiting = self._waits.ask(message, evidence=not _EVIDENCE.isdisjoint(report))
        answer = waiting.result() if self.blocks else await asyncio.wrap_future(waiting)
        if answer.lease_lost:
            self._waits.lose()
            raise LeaseLost
        if answer.HasField("rejected"):
            raise Rejected(values.failure_of(answer.rejected))
        return answer

    def _entries(self, answer: worker_pb2.WorkerAnswer, count: int) -> list[Entry]:
        if len(answer.entries) != count:
            raise values.Malformed(f"the server answered {len(answer.entries)} entries where {count} were asked for")
        return [values.entry_of(entry) for entry in answer.entries]

    def _checked(self, intent: Intent) -> Intent:
        limits.check_intent(intent)
        report_redaction.check_keys(self.redactor, "the key", intent.key, intent.group, *intent.depends_on)
        return report_redaction.intent(self.redactor, intent)

    def _id(self, external_id: str) -> str:
        return limits.readable(self.redactor.text(external_id))

    def _failure(self, failure: Failure) -> Any:
        return values.failure_message(report_redaction.failure(self.redactor, failure))


class _Waits:
    """The reports of one attempt that wait for their answers."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._lock = threading.RLock()  # the garbage collector may log in the middle of anything
        self._number = 0
        self.pending: dict[int, tuple[worker_pb2.WorkerReport, Future[worker_pb2.WorkerAnswer]]] = {}
        self.lost = False
        self._kept_lines = 0
        self._dropped = 0

    def ask(self, report: worker_pb2.WorkerReport, *, evidence: bool) -> Future[worker_pb2.WorkerAnswer]:
        """Send a report that is answered. Where the lease is lost only evidence is sent, and nobody waits for it."""
        waiting: Future[worker_pb2.WorkerAnswer] = Future()
        with self._lock:
            lost = self.lost
            if not lost or evidence:
                self._number += 1
                report.number = self._number
                self.pending[self._number] = (report, Future() if lost else waiting)
                self._go_out(report)
        if lost:
            waiting.set_exception(LeaseLost())
        return waiting

    def tell(self, report: worker_pb2.WorkerReport) -> None:
        """Send a report that is not answered."""
        if not self.lost:
            self._send(executor_service_pb2.WorkRequest(report=report))

    def log(self, lease: worker_pb2.WorkLease, level: int, text: str) -> None:
        """Send a line of the log; one that the server can't take now is kept, as long as there is room."""
        with self._lock:
            if self.lost:
                return
            if self._kept_lines > MOST_LINES:
                self._dropped += 1
                return
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                self._line(lease, 3, f"{dropped} lines were dropped while the server did not answer")
            self._line(lease, level, text)

    def _line(self, lease: worker_pb2.WorkLease, level: int, text: str) -> None:
        self._kept_lines += len(text) + 64
        self.ask(worker_pb2.WorkerReport(lease=lease, log=values.log_message(level, text)), evidence=False)

    def _go_out(self, report: worker_pb2.WorkerReport) -> None:
        # The first that is kept is the oldest: they are kept in their order.
        report.answered = next(iter(self.pending), self._number + 1) - 1
        self._send(executor_service_pb2.WorkRequest(report=report))

    def answer(self, answer: worker_pb2.WorkerAnswer) -> None:
        """Give an answer to whoever waits for it; one that comes twice changes nothing."""
        with self._lock:
            report, waiting = self.pending.pop(answer.number, (None, None))
            if report is not None and report.WhichOneof("kind") == "log":
                self._kept_lines -= len(report.log.text) + 64
        if waiting is not None and waiting.set_running_or_notify_cancel():
            waiting.set_result(answer)

    def lose(self) -> None:
        """Tell whoever waits that the lease is lost; evidence stays to be sent."""
        with self._lock:
            self.lost = True
            told = list(self.pending.items())
            for number, (report, _) in told:
                if report.WhichOneof("kind") in _EVIDENCE:
                    self.pending[number] = (report, Future())
                else:
                    del self.pending[number]
        for _, (_, waiting) in told:
            if not waiting.done() and waiting.set_running_or_notify_cancel():
                waiting.set_exception(LeaseLost())

    def resend(self) -> None:
        """Send all that is not answered again."""
        with self._lock:
            for number in sorted(self.pending):
                self._go_out(self.pending[number][0])
