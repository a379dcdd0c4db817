"""One attempt of a task: the session in which its reports become ledger entries, events and states."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from wharfinger.ledger import refusals, replacing
from wharfinger.ledger.entry import base_of
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Entry, Intent, Ledger
from wharfinger.ledger.progress import Progress
from wharfinger.ledger.states import EntryState, Phase
from wharfinger.ledger.used_keys import UsedKeys
from wharfinger.runtime import limits, protocol, report_redaction, script_values
from wharfinger.runtime.redaction import Redactor
from wharfinger_server.domain.errors import Fenced, Refused, Unavailable
from wharfinger_server.domain.estimate import CostItem, Estimate
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import Alarm, Clock, microseconds
from wharfinger_server.engine.execution.log_lines import LogLines
from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.engine.execution.results import result_misfit
from wharfinger_server.engine.lifecycle import rollback
from wharfinger_server.engine.lifecycle.lifecycle import LATE, Lifecycle
from wharfinger_server.engine.lifecycle.recording import SERVER, entry_changed, guard, state_changed
from wharfinger_server.engine.params.schema import ObjectSchema
from wharfinger_server.sdk.executor import Job
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Gone

T = TypeVar("T")

_NOTHING_HELD = Redactor()


class Changes(Protocol):
    """Where an attempt writes what it reports; a `Store` is one."""

    async def change(self, task_id: int, decide: Callable[[UnitOfWork], T]) -> T:
        """Run `decide` in a transaction; awaited on any event loop."""
        ...

    def change_blocking(self, task_id: int, decide: Callable[[UnitOfWork], T]) -> T:
        """Run `decide` in a transaction; for a thread without a loop."""
        ...


class Owner(Protocol):
    """Who has attempts: where they report to, and what they are told by. `log_limit` is in bytes."""

    @property
    def store(self) -> Changes:
        """Where they write."""
        ...

    @property
    def life(self) -> Lifecycle:
        """How tasks go on."""
        ...

    @property
    def clock(self) -> Clock:
        """What time it is."""
        ...

    @property
    def log_limit(self) -> int:
        """How much a task may log, in bytes."""
        ...

    def news(self, attempt: Attempt) -> None:
        """Hear that there is something new to write soon; called from any thread."""
        ...

    def ended(self, attempt: Attempt, task: Task) -> None:
        """Hear that the attempt ended and how its task stands; called from any thread."""
        ...

    def revived(self, task: Task) -> None:
        """Hear that late evidence came for a task at which nothing runs; called from any thread."""
        ...


class Attempt:
    """One attempt, from its lease to its end. Implements `wharfinger.runtime.protocol.Session`.

    `entries` are the ledger's when it was leased, `targets` the keys it is about. What is set when it is launched:
    `job`, with the `queue` that it came from; `results`, which its result must match (None: any object goes);
    `redactor`, which knows the secrets that none of its reports may carry on; `resumable`: its script may run again.

    `expired` holds the failure of an attempt that was asked to stop because its time was up; `abandoned` that of one
    which the server leaves behind because it ends, and whether the script may then run again. `lost`: the executor gave
    it up. `after`: how the task stands by what was decided since the attempt ended in the ledger, though not yet here.
    """

    def __init__(
        self, owner: Owner, task: Task, phase: Phase, entries: tuple[Entry, ...] = (), targets: tuple[str, ...] = ()
    ) -> None:
        self.owner = owner
        self.task = task
        self.phase = phase
        self.entries = entries
        self.targets = targets
        self.epoch = task.epoch
        self.queue: ExecutorQueue | None = None
        self.job: Job | None = None
        self.results: ObjectSchema | None = None
        self.redactor = _NOTHING_HELD
        self.resumable = False
        self.alarm: Alarm | None = None
        self.lost = False
        self.after: Task | None = None
        self.expired: Failure | None = None
        self.abandoned: tuple[Failure, bool] | None = None
        self.latest: Progress | None = None
        self.unshown = False
        self.lines = LogLines(owner.log_limit)
        self.keys = UsedKeys()
        self._change = owner.store.change
        self._costs: dict[str, CostItem] | None = None

    def blocking(self) -> Attempt:
        """Return this session for a thread of its own: from now on its coroutines never suspend."""
        change = self.owner.store.change_blocking

        async def block(task_id: int, decide: Callable[[UnitOfWork], T]) -> T:
            """Block this thread until it is written."""
            return change(task_id, decide)

        self._change = block
        return self

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
        if ledger.expects(intent.key, self.epoch):  # written by an earlier try, whose answer was lost
            return script_values.entry_for_script(ledger.named(intent.key))
        entry = replacing.intend(ledger, self._priced(work, intent), self.epoch, work.now, number)
        return self._noted(work, ledger, entry)

    def _priced(self, work: UnitOfWork, intent: Intent) -> Intent:
        """Return the intent with what the task's estimate says that the thing costs."""
        if work.task.spec.expected is None:
            return intent
        return replace(intent, cost=self._cost_of(intent.key, work.estimate))

    def _cost_of(self, key: str, estimate: Callable[[], bytes]) -> CostItem | None:
        """Return the line of the task's estimate that has the price of `key`; `estimate` returns its document."""
        if self._costs is None:
            document = estimate()
            items = Estimate.from_json(document).items if document else ()
            self._costs = {item.what: item for item in items if item.hourly is not None}
        return self._costs.get(key)

    async def adopt(self, intent: protocol.Intent, external_id: str) -> protocol.Entry:
        """Write what existed before the task."""
        external_id = self._id(external_id)
        wanted = self._checked(intent)

        def decide(work: UnitOfWork) -> protocol.Entry:
            """Write that it was there."""
            ledger = work.ledger(wanted.key)
            return self._noted(
                work, ledger, ledger.adopt(self._priced(work, wanted), external_id, self.epoch, work.now)
            )

        return await self._use([intent.key], decide)

    def _noted(self, work: UnitOfWork, ledger: Ledger, entry: Entry) -> protocol.Entry:
        if entry.key in ledger.changed and entry.epoch == self.epoch:
            entry_changed(work, entry, self.epoch)
        return script_values.entry_for_script(entry)

    async def created(self, key: str, generation: int, external_id: str) -> None:
        """Report what the call made. From a fenced attempt it is kept as late evidence; then LeaseLost is raised."""
        external_id = self._id(external_id)

        def decide(work: UnitOfWork) -> Task | None:
            """Take the report; return the task where it came from a fenced attempt."""
            live = work.task.holds(self.epoch)
            ledger = work.ledger(key)
            if not (live and ledger.expects(key, self.epoch)):
                ledger = work.ledger()  # late evidence is held against all that is known
            entry = ledger.created(key, generation, external_id, self.epoch, work.now, live=live)
            entry_changed(work, entry, self.epoch)
            if not live and entry is not None:
                self._late(work, entry)
            return None if live else work.task

        await self._even_fenced(decide)

    async def not_sent(self, keys: Sequence[str], number: int, failure: protocol.Failure) -> None:
        """Report that the call of that intent was not sent, and never will be; it counts from a fenced attempt too."""
        error = self._failure(failure)

        def decide(work: UnitOfWork) -> Task | None:
            """Take the report; return the task where it came from a fenced attempt."""
            live = work.task.holds(self.epoch)
            changed = work.ledger().not_sent(keys, self.epoch, number, error, work.now)
            for entry in changed:
                entry_changed(work, entry, self.epoch)
            if changed and not live:
                self.owner.life.closed_late(work, error, self.epoch)
            free[:] = work.ledger().free_again(keys, self.keys.used_with(keys), self.epoch, number)
            return None if live else work.task

        free: list[str] = []
        try:
            await self._even_fenced(decide)
        except Refused as refused:
            raise script_values.rejection(refused) from refused
        self.keys.free(free)

    async def _even_fenced(self, decide: Callable[[UnitOfWork], Task | None]) -> None:
        """Run `decide`, which returns the task where this attempt is fenced: what it said counts, then it ends."""
        try:
            fenced_from = await self._change(self.task.id, decide)
        except (Gone, Unavailable):
            raise protocol.LeaseLost from None
        if fenced_from is not None:
            self.owner.revived(fenced_from)
            raise protocol.LeaseLost

    def _late(self, work: UnitOfWork, entry: Entry) -> None:
        before = work.task.state
        facts = {"key": entry.key, "external_id": entry.external_id, "epoch": str(self.epoch)}
        error = replace(LATE, metadata=facts)
        if work.task.late_evidence(error, work.now):
            work.event(error, self.epoch)
        state_changed(work, before, SERVER, LATE.reason, self.epoch)
        self.owner.life.go_on(work)

    async def refused(self, key: str, failure: protocol.Failure) -> None:
        """Report the provider's definite answer that it made nothing."""
        error = self._failure(failure)
        await self._on_entry(key, lambda ledger, now: ledger.refused(key, self.epoch, error, now))

    async def in_doubt(self, key: str, failure: protocol.Failure, *, unnamed: bool = False) -> None:
        """Report that a call's answer is not known."""
        error = self._failure(failure)
        await self._on_entry(key, lambda ledger, now: ledger.in_doubt(key, self.epoch, error, now, unnamed=unnamed))

    async def removing(self, key: str, window: float) -> protocol.Entry:
        """Write that the script is about to take `key` away, in a call of at most `window` seconds."""
        written: list[tuple[int, int]] = []

        def decide(work: UnitOfWork) -> protocol.Entry:
            """Write that it is about to be taken away; an earlier try, whose answer was lost, may have done so."""
            length = microseconds(window)
            before = work.ledger(base_of(key)).get(key)
            if before is not None and (before.undo_attempts, before.undo_deadline) in written:
                return script_values.entry_for_script(before)
            if self.phase is Phase.UNDO:
                entry = rollback.start(work, key, length)
            else:
                entry = replacing.remove(work.ledger(), key, length, work.now)
            written.append((entry.undo_attempts, entry.undo_deadline))
            entry_changed(work, entry, self.epoch)
            return script_values.entry_for_script(entry)

        return await self._write(decide)

    async def removed(
        self, key: str, undo: int, how: protocol.Removal, failure: protocol.Failure | None = None
    ) -> None:
        """Report what came of the undo of `key` that has the number `undo`."""
        error = self._failure(failure) if failure else None
        state = await self._on_entry(key, lambda ledger, now: ledger.undone(key, how, error, now, number=undo))
        if state is EntryState.UNDONE:
            self.keys.free([key])  # rule 32

    async def _on_entry(self, key: str, act: Callable[[Ledger, int], Entry | None]) -> EntryState | None:
        """Do it and return the state of the entry that changed, None if none did."""

        def decide(work: UnitOfWork) -> EntryState | None:
            """Do it."""
            entry = act(work.ledger(base_of(key)), work.now)
            entry_changed(work, entry, self.epoch)
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
                entry_changed(work, ledger.cannot_tell(key, version, error, work.now), self.epoch)
                return
            for entry in ledger.found(key, version, ids, asked, work.now):
                entry_changed(work, entry, self.epoch)

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
        state = script_values.clean(self.redactor.text(state))

        def decide(work: UnitOfWork) -> None:
            """Take the answer."""
            ledger = work.ledger()
            asked = work.task.lease.order_time if work.task.lease else 0
            for entry in ledger.looked(key, version, shown, asked, work.now, state, error):
                entry_changed(work, entry, self.epoch)

        await self._write(decide)

    async def memo(self, key: str, value: bytes) -> None:
        """Save a step's answer."""
        limits.check_memo(key, value)
        key, value = self.redactor.text(key), self.redactor.json(value)
        await self._write(lambda work: work.put_memo(key, value))

    async def plan(self, keys: Sequence[str]) -> None:
        """Tell all keys the script means to make."""
        planned = tuple(dict.fromkeys(keys))
        limits.check_plan(planned)
        report_redaction.check_keys(self.redactor, "the plan's key", *planned)

        def decide(work: UnitOfWork) -> None:
            """Keep the plan."""
            if work.task.plan != planned:
                work.task.plan = planned
                work.touch()

        await self._write(decide)

    # ------------------------------------------------------------------ progress, log, end

    def progress(self, progress: protocol.Progress) -> None:
        """Report progress; only the latest counts."""
        told = report_redaction.progress(self.redactor, progress)
        self.latest = script_values.progress_of_script(told, self.owner.clock.wall())
        if not self.unshown:
            self.unshown = True
            self.owner.news(self)

    def log(self, level: int, text: str) -> None:
        """Add a line to the task's log."""
        if self.lines.add(level, self.redactor.text(text)):
            self.owner.news(self)

    async def flush(self) -> None:
        """Write the log lines that wait, if there are any; awaited on an event loop, whoever runs the script."""
        if self.lines:
            await self._write(_nothing_else, self.owner.store.change)

    async def finish(self, outcome: protocol.Outcome) -> None:
        """End the attempt."""
        end = self._end(report_redaction.outcome(self.redactor, outcome))

        def decide(work: UnitOfWork) -> Task:
            """End the attempt."""
            self.lines.close(work, self.epoch)
            return end(work)

        self.owner.ended(self, await self._write(decide))

    def _end(self, outcome: protocol.Outcome) -> Callable[[UnitOfWork], Task]:
        life, epoch = self.owner.life, self.epoch
        if isinstance(outcome, protocol.Stopped) and self.abandoned is not None:
            cause, resumable = self.abandoned
            return lambda work: life.lost(self._with_progress(work), epoch, cause, resumable=resumable)
        if self.phase is not Phase.RUN:
            end = life.settled_once if self.phase is Phase.SETTLE else life.undone_once
            broken = script_values.failure_of_script(outcome) if isinstance(outcome, protocol.Failure) else self.expired
            return lambda work: end(work, epoch, broken)
        if isinstance(outcome, protocol.Succeeded):
            misfit = result_misfit(self.results, outcome.result, self.task.spec.script)
            if misfit is None:
                return lambda work: life.result(self._with_progress(work), epoch, outcome.result)
            error = misfit
        elif isinstance(outcome, protocol.Stopped):
            error = self.expired or Failure(Code.CANCELLED, "CANCELLED", "the attempt stopped because it was asked to")
        else:
            error = self._cause(script_values.failure_of_script(outcome))
        resumable = self.resumable
        return lambda work: life.failure(self._with_progress(work), epoch, error, resumable=resumable)

    def _cause(self, error: Failure) -> Failure:
        """Return why the attempt failed: that its time was up counts before a doubt that came of it (rule 23)."""
        late = self.expired
        return late if late is not None and error.reason == "RESOURCE_UNCERTAIN" else error

    def _with_progress(self, work: UnitOfWork) -> UnitOfWork:
        if self.latest is not None:
            work.task.progress = self.latest
        return work

    async def _write(
        self,
        decide: Callable[[UnitOfWork], T],
        change: Callable[[int, Callable[[UnitOfWork], T]], Awaitable[T]] | None = None,
    ) -> T:
        """Run `decide` for the live attempt, with the log lines that came before it; by `change`, None: its own way."""
        lines, dropped = self.lines.take()

        def guarded(work: UnitOfWork) -> T:
            guard(work, self.epoch)
            if lines or dropped:
                self.lines.write(work, lines, dropped, self.epoch)
            return decide(work)

        try:
            return await (change or self._change)(self.task.id, guarded)
        # Gone: it was purged meanwhile. Unavailable for good: the server ends, and the next one takes the task up.
        except (Fenced, Gone, Unavailable):
            raise protocol.LeaseLost from None
        except Refused as refused:
            self.lines.put_back(lines, dropped)
            raise script_values.rejection(refused) from refused
        except BaseException:
            self.lines.put_back(lines, dropped)
            raise

    def _id(self, external_id: str) -> str:
        """Return an id as it is kept, without secrets. Raises Rejected for one that cannot be kept."""
        return limits.readable(self.redactor.text(external_id))

    def _failure(self, failure: protocol.Failure) -> Failure:
        return script_values.failure_of_script(report_redaction.failure(self.redactor, failure))

    def _checked(self, intent: protocol.Intent) -> Intent:
        limits.check_intent(intent)
        report_redaction.check_keys(self.redactor, "the key", intent.key, intent.group, *intent.depends_on)
        return script_values.intent_of_script(report_redaction.intent(self.redactor, intent))

    async def _use(self, keys: Sequence[str], decide: Callable[[UnitOfWork], T]) -> T:
        """Take `keys` for this attempt and run `decide`; what the ledger refuses has used none of them."""
        try:
            self.keys.use(keys)
        except refusals.Refused as refused:
            raise script_values.rejection(refused) from refused
        try:
            return await self._write(decide)
        except protocol.Rejected:
            self.keys.free(keys)
            raise


def _nothing_else(_: UnitOfWork) -> None:
    """Decide nothing: the lines alone are written."""
