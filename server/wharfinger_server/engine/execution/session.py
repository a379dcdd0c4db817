"""The session of one in-process attempt: the one place where its reports become ledger entries, events and states."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import orjson

from wharfinger.ledger import replacing
from wharfinger.ledger.entry import base_of
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Entry, Intent, Ledger
from wharfinger.ledger.removing import Removal
from wharfinger.ledger.states import EntryState, Phase
from wharfinger.runtime import limits, protocol
from wharfinger_server.domain.errors import Fenced, Refused, Unavailable
from wharfinger_server.domain.event import LogLevel, LogLine
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import Clock, microseconds
from wharfinger_server.engine.execution import report_redaction, script_values
from wharfinger_server.engine.execution.attempt import LINE_COST, Attempt
from wharfinger_server.engine.lifecycle import rollback
from wharfinger_server.engine.lifecycle.lifecycle import LATE, Life
from wharfinger_server.engine.lifecycle.recording import SERVER, entry_changed, guard, state_changed
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Gone

T = TypeVar("T")
Decide = Callable[[UnitOfWork], Any]
Change = Callable[[int, Decide], Awaitable[Any]]


class Desk(Protocol):
    """What a session needs of the engine."""

    life: Life
    clock: Clock

    async def change(self, task_id: int, decide: Decide) -> Any:
        """Run `decide` in a transaction; awaited on any event loop."""
        ...

    def change_blocking(self, task_id: int, decide: Decide) -> Any:
        """Run `decide` in a transaction; for a thread without a loop."""
        ...

    def ended(self, attempt: Attempt, task: Task) -> None:
        """Hear that the attempt ended and how its task stands; called from any thread."""
        ...

    def revived(self, task: Task) -> None:
        """Hear that late evidence came for a task at which nothing runs; called from any thread."""
        ...


class AttemptSession:
    """Implements `wharfinger.runtime.protocol.Session` for one attempt, on the store."""

    def __init__(self, desk: Desk, attempt: Attempt, change: Change | None = None) -> None:
        self._desk = desk
        self._attempt = attempt
        self._change = change or desk.change
        self._epoch = attempt.epoch
        self._redactor = attempt.redactor

    def blocking(self) -> AttemptSession:
        """Return the same session for a thread of its own: its coroutines never suspend."""

        async def change(task_id: int, decide: Decide) -> Any:
            """Block this thread until it is written."""
            return self._desk.change_blocking(task_id, decide)

        return AttemptSession(self._desk, self._attempt, change)

    # ------------------------------------------------------------------ the ledger

    async def intend(self, intents: Sequence[protocol.Intent]) -> list[protocol.Entry]:
        """Write the intents in one commit; raises Rejected for a key that may not be made (again)."""
        wanted = [self._checked(intent) for intent in intents]

        def decide(work: UnitOfWork) -> list[protocol.Entry]:
            """Write the intents, or find what was made before."""
            keys = [intent.key for intent in wanted]
            ledger = work.ledger(*keys)
            if any(replacing.lost_its_own(ledger, key) for key in keys):
                ledger = work.ledger()  # what was built on it has a say
            number = ledger.next_number(keys)
            return [self._intended(work, ledger, intent, number) for intent in wanted]

        return await self._use([intent.key for intent in intents], decide)

    def _intended(self, work: UnitOfWork, ledger: Ledger, intent: Intent, number: int) -> protocol.Entry:
        if ledger.expects(intent.key, self._epoch):  # written by an earlier try, whose answer was lost
            return script_values.entry_for_script(ledger.named(intent.key))
        entry = replacing.intend(ledger, self._priced(work, intent), self._epoch, work.now, number)
        return self._noted(work, ledger, entry)

    def _priced(self, work: UnitOfWork, intent: Intent) -> Intent:
        """Return the intent with what the task's estimate says that the thing costs."""
        if work.task.spec.expected is None:
            return intent
        return replace(intent, cost=self._attempt.cost_of(intent.key, work.estimate))

    async def adopt(self, intent: protocol.Intent, external_id: str) -> protocol.Entry:
        """Write what existed before the task."""
        external_id = self._id(external_id)
        wanted = self._checked(intent)

        def decide(work: UnitOfWork) -> protocol.Entry:
            """Write that it was there."""
            ledger = work.ledger(wanted.key)
            return self._noted(
                work, ledger, ledger.adopt(self._priced(work, wanted), external_id, self._epoch, work.now)
            )

        return await self._use([intent.key], decide)

    def _noted(self, work: UnitOfWork, ledger: Ledger, entry: Entry) -> protocol.Entry:
        if entry.key in ledger.changed and entry.epoch == self._epoch:
            entry_changed(work, entry, self._epoch)
        return script_values.entry_for_script(entry)

    async def created(self, key: str, generation: int, external_id: str) -> None:
        """Report what the call made. From a fenced attempt it is kept as late evidence; then LeaseLost is raised."""
        external_id = self._id(external_id)

        def decide(work: UnitOfWork) -> Task | None:
            """Take the report; return the task where it came from a fenced attempt."""
            live = work.task.holds(self._epoch)
            ledger = work.ledger(key)
            if not (live and ledger.expects(key, self._epoch)):
                ledger = work.ledger()  # late evidence is held against all that is known
            entry = ledger.created(key, generation, external_id, self._epoch, work.now, live=live)
            entry_changed(work, entry, self._epoch)
            if not live and entry is not None:
                self._late(work, entry)
            return None if live else work.task

        await self._even_fenced(decide)

    async def not_sent(self, keys: Sequence[str], number: int, failure: protocol.Failure) -> None:
        """Report that the call of that intent was not sent, and never will be; it counts from a fenced attempt too."""
        error = self._failure(failure)

        def decide(work: UnitOfWork) -> Task | None:
            """Take the report; return the task where it came from a fenced attempt."""
            live = work.task.holds(self._epoch)
            changed = work.ledger().not_sent(keys, self._epoch, number, error, work.now)
            for entry in changed:
                entry_changed(work, entry, self._epoch)
            if changed and not live:
                self._desk.life.closed_late(work, error, self._epoch)
            free[:] = work.ledger().free_again(keys, self._attempt.used_with(keys), self._epoch, number)
            return None if live else work.task

        free: list[str] = []
        try:
            await self._even_fenced(decide)
        except Refused as refused:
            raise script_values.rejection(refused) from refused
        self._attempt.free_keys(free)

    async def _even_fenced(self, decide: Callable[[UnitOfWork], Task | None]) -> None:
        """Run `decide`, which returns the task where this attempt is fenced: what it said counts, then it ends."""
        try:
            fenced_from = await self._change(self._attempt.task.id, decide)
        except (Gone, Unavailable):
            raise protocol.LeaseLost from None
        if fenced_from is not None:
            self._desk.revived(fenced_from)
            raise protocol.LeaseLost

    def _late(self, work: UnitOfWork, entry: Entry) -> None:
        before = work.task.state
        facts = {"key": entry.key, "external_id": entry.external_id, "epoch": str(self._epoch)}
        error = replace(LATE, metadata=facts)
        if work.task.late_evidence(error, work.now):
            work.event(error, self._epoch)
        state_changed(work, before, SERVER, LATE.reason, self._epoch)
        self._desk.life.go_on(work)

    async def refused(self, key: str, failure: protocol.Failure) -> None:
        """Report the provider's definite answer that it made nothing."""
        error = self._failure(failure)
        await self._on_entry(key, lambda ledger, now: ledger.refused(key, self._epoch, error, now))

    async def in_doubt(self, key: str, failure: protocol.Failure, *, unnamed: bool = False) -> None:
        """Report that a call's answer is not known."""
        error = self._failure(failure)
        await self._on_entry(key, lambda ledger, now: ledger.in_doubt(key, self._epoch, error, now, unnamed=unnamed))

    async def removing(self, key: str, window: float) -> protocol.Entry:
        """Write that the script is about to take `key` away, in a call of at most `window` seconds."""
        written: list[tuple[int, int]] = []

        def decide(work: UnitOfWork) -> protocol.Entry:
            """Write that it is about to be taken away; an earlier try, whose answer was lost, may have done so."""
            length = microseconds(window)
            before = work.ledger(base_of(key)).get(key)
            if before is not None and (before.undo_attempts, before.undo_deadline) in written:
                return script_values.entry_for_script(before)
            if self._attempt.phase is Phase.UNDO:
                entry = rollback.start(work, key, length)
            else:
                entry = replacing.remove(work.ledger(), key, length, work.now)
            written.append((entry.undo_attempts, entry.undo_deadline))
            entry_changed(work, entry, self._epoch)
            return script_values.entry_for_script(entry)

        return await self._write(decide)

    async def removed(
        self, key: str, undo: int, how: protocol.Removal, failure: protocol.Failure | None = None
    ) -> None:
        """Report what came of the undo of `key` that has the number `undo`."""
        error = self._failure(failure) if failure else None
        state = await self._on_entry(key, lambda ledger, now: ledger.undone(key, Removal(how), error, now, number=undo))
        if state is EntryState.UNDONE:
            self._attempt.free_keys([key])  # rule 32

    async def _on_entry(self, key: str, act: Callable[[Ledger, int], Entry | None]) -> EntryState | None:
        """Do it and return the state of the entry that changed, None if none did."""

        def decide(work: UnitOfWork) -> EntryState | None:
            """Do it."""
            entry = act(work.ledger(base_of(key)), work.now)
            entry_changed(work, entry, self._epoch)
            return entry.state if entry is not None else None

        return await self._write(decide)

    async def found(
        self,
        key: str,
        version: tuple[Any, ...],
        ids: Sequence[str] | None,
        failure: protocol.Failure | None = None,
    ) -> None:
        """Report what `find` answered; `ids` None where it could not tell."""
        error = self._failure(failure) if failure else script_values.FIND_COULD_NOT_TELL
        ids = None if ids is None else [self._id(one) for one in ids]

        def decide(work: UnitOfWork) -> None:
            """Take the answer."""
            ledger = work.ledger()
            # Rule 34: when the order was given. How long the worker took to ask, nobody can tell but by its clocks.
            asked = work.task.lease.order_time if work.task.lease else 0
            if ids is None:
                entry_changed(work, ledger.cannot_tell(key, version, error, work.now), self._epoch)
                return
            for entry in ledger.found(key, version, ids, asked, work.now):
                entry_changed(work, entry, self._epoch)

        await self._write(decide)

    async def looked(
        self,
        key: str,
        version: tuple[Any, ...],
        shown: bool | None,
        state: str = "",
        failure: protocol.Failure | None = None,
    ) -> None:
        """Report what a look at `key` by its id said; it was asked when this attempt was ordered (rule 34)."""
        error = self._failure(failure) if failure else script_values.LOOK_COULD_NOT_TELL
        state = script_values.clean(self._redactor.text(state))

        def decide(work: UnitOfWork) -> None:
            """Take the answer."""
            ledger = work.ledger()
            asked = work.task.lease.order_time if work.task.lease else 0
            for entry in ledger.looked(key, version, shown, asked, work.now, state, error):
                entry_changed(work, entry, self._epoch)

        await self._write(decide)

    async def memo(self, key: str, value: bytes) -> None:
        """Save a step's answer."""
        limits.check_memo(key, value)
        key, value = self._redactor.text(key), self._redactor.json(value)
        await self._write(lambda work: work.put_memo(key, value))

    async def plan(self, keys: Sequence[str]) -> None:
        """Tell all keys the script means to make."""
        planned = tuple(dict.fromkeys(keys))
        limits.check_plan(planned)
        self._check_keys("the plan's key", planned)

        def decide(work: UnitOfWork) -> None:
            """Keep the plan."""
            if work.task.plan != planned:
                work.task.plan = planned
                work.touch()

        await self._write(decide)

    # ------------------------------------------------------------------ progress, log, end

    def progress(self, progress: protocol.Progress) -> None:
        """Report progress; only the latest counts."""
        told = report_redaction.progress(self._redactor, progress)
        self._attempt.report_progress(script_values.progress_of_script(told, self._desk.clock.wall()))

    def log(self, level: int, text: str) -> None:
        """Add a line to the task's log."""
        self._attempt.log(level, self._redactor.text(text))

    async def flush(self) -> None:
        """Write the log lines that wait, if there are any."""
        if self._attempt.has_lines:
            await self._write(_nothing_else)

    async def finish(self, outcome: protocol.Outcome) -> None:
        """End the attempt."""
        end = self._end(report_redaction.outcome(self._redactor, outcome))

        def decide(work: UnitOfWork) -> Task:
            """End the attempt."""
            self._close_log(work)
            return end(work)

        self._desk.ended(self._attempt, await self._write(decide))

    def _end(self, outcome: protocol.Outcome) -> Callable[[UnitOfWork], Task]:
        life, epoch = self._desk.life, self._epoch
        if isinstance(outcome, protocol.Stopped) and self._attempt.given_up is not None:
            cause, resumable = self._attempt.given_up
            return lambda work: life.lost(self._with_progress(work), epoch, cause, resumable=resumable)
        if self._attempt.phase is not Phase.RUN:
            end = life.settled_once if self._attempt.phase is Phase.SETTLE else life.undone_once
            broken = (
                script_values.failure_of_script(outcome)
                if isinstance(outcome, protocol.Failure)
                else self._attempt.expired
            )
            return lambda work: end(work, epoch, broken)
        if isinstance(outcome, protocol.Succeeded):
            misfit = self._misfit(outcome.result)
            if misfit is None:
                return lambda work: life.result(self._with_progress(work), epoch, outcome.result)
            error = misfit
        elif isinstance(outcome, protocol.Stopped):
            error = self._attempt.expired or Failure(
                Code.CANCELLED, "CANCELLED", "the attempt stopped because it was asked to"
            )
        else:
            error = self._cause(script_values.failure_of_script(outcome))
        resumable = self._attempt.resumable
        return lambda work: life.failure(self._with_progress(work), epoch, error, resumable=resumable)

    def _cause(self, error: Failure) -> Failure:
        """Return why the attempt failed: that its time was up counts before a doubt that came of it (rule 23)."""
        late = self._attempt.expired
        return late if late is not None and error.reason == "RESOURCE_UNCERTAIN" else error

    def _misfit(self, result: bytes) -> Failure | None:
        """Return how the result differs from what the script promised, None if it does not."""
        promised = self._attempt.results
        wrong = promised.check(orjson.loads(result), "result") if promised else []
        if not wrong:
            return None
        cause = f"{wrong[0].field} {wrong[0].description}"
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return Failure(
            Code.INTERNAL,
            "SCRIPT_RESULT_INVALID",
            f"main returned what does not match the script's RESULT_SCHEMA: {cause}{more}",
            metadata={"script": self._attempt.task.spec.script, "cause": cause},
        )

    def _with_progress(self, work: UnitOfWork) -> UnitOfWork:
        if self._attempt.progress is not None:
            work.task.progress = self._attempt.progress
        return work

    async def _write(self, decide: Callable[[UnitOfWork], T]) -> T:
        """Run `decide` for the live attempt, with the log lines that came before it."""
        lines, dropped = self._attempt.take_lines()

        def guarded(work: UnitOfWork) -> T:
            guard(work, self._epoch)
            self._log_into(work, lines, dropped)
            return decide(work)

        try:
            return await self._change(self._attempt.task.id, guarded)  # type: ignore[no-any-return]
        # Gone: it was purged meanwhile. Unavailable for good: the server ends, and the next one takes the task up.
        except (Fenced, Gone, Unavailable):
            raise protocol.LeaseLost from None
        except Refused as refused:
            self._attempt.put_back(lines, dropped)
            raise script_values.rejection(refused) from refused
        except BaseException:
            self._attempt.put_back(lines, dropped)
            raise

    def _log_into(self, work: UnitOfWork, lines: Sequence[tuple[int, str]], dropped: int) -> None:
        task = work.task
        for level, text in lines:
            if task.logs > self._attempt.log_limit:
                dropped += 1
                self._attempt.overflowed = True
                continue
            task.logs += len(text) + LINE_COST
            work.event(LogLine(LogLevel(level if level in (1, 3, 4) else 2), text), self._epoch)
        if dropped:
            if not task.logs_dropped:
                work.event(
                    LogLine(LogLevel.WARNING, "the log is full: further lines are counted, not kept", dropped),
                    self._epoch,
                )
            task.logs_dropped += dropped

    def _close_log(self, work: UnitOfWork) -> None:
        """Tell how much was dropped in all: when that began, nobody could know."""
        dropped = work.task.logs_dropped
        if dropped and self._attempt.overflowed:
            said = f"{dropped} lines of the log were dropped: a task may log {self._attempt.log_limit} bytes"
            work.event(LogLine(LogLevel.WARNING, said, dropped), self._epoch)

    def _id(self, external_id: str) -> str:
        """Return an id as it is kept, without secrets. Raises Rejected for one that cannot be kept."""
        return limits.readable(self._redactor.text(external_id))

    def _failure(self, failure: protocol.Failure) -> Failure:
        return script_values.failure_of_script(report_redaction.failure(self._redactor, failure))

    def _check_keys(self, what: str, keys: Sequence[str]) -> None:
        try:
            report_redaction.check_keys(self._redactor, what, *keys)
        except Refused as refused:
            raise script_values.rejection(refused) from None

    def _checked(self, intent: protocol.Intent) -> Any:
        limits.check_intent(intent)
        self._check_keys("the key", (intent.key, intent.group, *intent.depends_on))
        try:
            return script_values.intent_of_script(report_redaction.intent(self._redactor, intent))
        except Refused as refused:
            raise script_values.rejection(refused) from refused

    async def _use(self, keys: Sequence[str], decide: Callable[[UnitOfWork], T]) -> T:
        """Take `keys` for this attempt and run `decide`; what the ledger refuses has used none of them."""
        try:
            self._attempt.use_keys(keys)
        except Refused as refused:
            raise script_values.rejection(refused) from refused
        try:
            return await self._write(decide)
        except protocol.Rejected:
            self._attempt.free_keys(keys)
            raise


def _nothing_else(_: UnitOfWork) -> None:
    """Decide nothing: the lines alone are written."""
