"""A session over the ledger in memory: the server's own decisions about keys, intents, findings and undos."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from wharfinger.ledger import entry as entries
from wharfinger.ledger import refusals, replacing, undo
from wharfinger.ledger.ledger import Counts, Ledger
from wharfinger.ledger.states import EntryState
from wharfinger.ledger.used_keys import UsedKeys
from wharfinger.runtime import limits, script_values
from wharfinger.runtime.protocol import (
    Entry,
    Failure,
    Intent,
    LeaseLost,
    Outcome,
    Phase,
    Progress,
    Rejected,
    Removal,
    Session,
)
from wharfinger.testing.done import Done, Finding, Look

T = TypeVar("T")
_LOOKS = 3
"""How often a thing is looked at in a trial: two denials in a row count (rule 27), and one may come too early."""

_LONGEST_REST = 3_600_000_000


def _now() -> int:
    return time.time_ns() // 1000


class MemorySession:
    """A Session that keeps everything in a `Done`. With `lease_lost` set every report raises LeaseLost.

    `clock` returns the time in microseconds. Windows of earlier attempts are over when an attempt begins.
    """

    def __init__(self, done: Done, uid: str = "test", clock: Callable[[], int] = _now) -> None:
        self.done = done
        self.uid = uid
        self.lease_lost = False
        self._clock = clock
        self._used = UsedKeys()
        self._lock = threading.RLock()
        self._ledger: Ledger | None = None
        self._ahead = 0

    def blocking(self) -> Session:
        """Return itself: nothing here ever waits."""
        return self

    # ------------------------------------------------------------------ the ledger

    async def intend(self, intents: Sequence[Intent]) -> list[Entry]:
        """Write the intents, all or none. Raises Rejected as the server does."""
        wanted = [_checked(intent) for intent in intents]
        keys = [intent.key for intent in wanted]

        def decide(ledger: Ledger, now: int) -> list[entries.Entry]:
            """Write the intents, or find what was made before."""
            number = ledger.next_number(keys)
            return [replacing.intend(ledger, intent, self.done.epoch, now, number) for intent in wanted]

        with self._lock:
            self._live()
            written = self._use(keys, lambda: self._change("intend", decide))
            self.done.intents |= {intent.key: intent for intent in intents if self._is_new(intent.key)}
            return [script_values.entry_for_script(entry) for entry in written]

    def _is_new(self, key: str) -> bool:
        return self.done.records[key].state is EntryState.INTENDED

    async def adopt(self, intent: Intent, external_id: str) -> Entry:
        """Write what was there before; a key once intended stays owned. Raises Rejected as the server does."""
        external_id = limits.readable(external_id)
        wanted = _checked(intent)
        with self._lock:
            self._live()

            def decide(ledger: Ledger, now: int) -> entries.Entry:
                """Write that it was there."""
                return ledger.adopt(wanted, external_id, self.done.epoch, now)

            return script_values.entry_for_script(
                self._use([wanted.key], lambda: self._change("adopt", decide)),
            )

    async def created(self, key: str, generation: int, external_id: str) -> None:
        """Write what was made; more than one id for a key becomes `KEY~1`, `KEY~2` ….

        After the lease was lost it is kept in `late`.
        """
        external_id = limits.readable(external_id)
        with self._lock:
            if self.lease_lost:
                self.done.late.append((key, external_id))
            self._live()
            epoch = self.done.epoch
            self._change(
                "created", lambda ledger, now: ledger.created(key, generation, external_id, epoch, now, live=True)
            )

    async def refused(self, key: str, failure: Failure) -> None:
        """Write that nothing was made: the next intent has a new token."""
        error = script_values.failure_of_script(failure)
        with self._lock:
            self._live()
            self._change("refused", lambda ledger, now: ledger.refused(key, self.done.epoch, error, now))

    async def not_sent(self, keys: Sequence[str], number: int, failure: Failure) -> None:
        """Write that the call was not sent: the keys may be intended again, under the same token.

        After the lease was lost it counts all the same; then LeaseLost is raised.
        """
        error, epoch = script_values.failure_of_script(failure), self.done.epoch

        def decide(ledger: Ledger, now: int) -> list[str]:
            """Take the word of who would have sent it; return the keys that are free again."""
            ledger.not_sent(keys, epoch, number, error, now)
            return ledger.free_again(keys, self._used.used_with(keys), epoch, number)

        with self._lock:
            free = self._change("not_sent", decide)
            self._live()
            self._used.free(free)

    async def in_doubt(self, key: str, failure: Failure, *, unnamed: bool = False) -> None:
        """Write that nobody knows."""
        error, epoch = script_values.failure_of_script(failure), self.done.epoch
        with self._lock:
            self._live()
            self._change("in_doubt", lambda ledger, now: ledger.in_doubt(key, epoch, error, now, unnamed=unnamed))

    async def removing(self, key: str, window: float) -> Entry:
        """Write that `key` is being taken away. Raises Rejected as the server does."""
        length = script_values.microseconds(window)

        def decide(ledger: Ledger, now: int) -> entries.Entry:
            """Write it, as part of a rollback or as the script's own removal."""
            if self.done.phase is not Phase.UNDO:
                return replacing.remove(ledger, key, length, now)
            order = undo.Order(ledger, self.done.only, steady=ledger.steady)
            return undo.start(order, ledger, key, length, now)

        with self._lock:
            self._live()
            return script_values.entry_for_script(self._change("removing", decide))

    async def removed(self, key: str, undo: int, how: Removal, failure: Failure | None = None) -> None:
        """Write how taking it away ended; what was merely accepted stays UNDOING."""
        error = script_values.failure_of_script(failure) if failure else None
        with self._lock:
            self._live()
            gone = self._change("removed", lambda ledger, now: ledger.undone(key, how, error, now, number=undo))
            if gone is not None and gone.state is EntryState.UNDONE:
                self._used.free([key])  # rule 32

    async def found(
        self,
        key: str,
        version: tuple[Any, ...],
        ids: Sequence[str] | None,
        failure: Failure | None = None,
    ) -> None:
        """Take the answer as one that was asked when settling had ended; None leaves it UNCERTAIN."""
        error = script_values.failure_of_script(failure) if failure else script_values.FIND_COULD_NOT_TELL
        known = None if ids is None else [limits.readable(one) for one in ids]
        asked_about: Any = version

        def decide(ledger: Ledger, now: int) -> None:
            """Take the answer."""
            self._wait(ledger, entry.settle_time if (entry := ledger.get(key)) else 0)
            if known is None:
                ledger.cannot_tell(key, asked_about, error, now)
            else:
                ledger.found(key, asked_about, known, ledger.steady, now)

        with self._lock:
            self._live()
            self.done.found.append(Finding(key, known, failure))
            self._change("found", decide)

    async def looked(
        self,
        key: str,
        version: tuple[Any, ...],
        shown: bool | None,
        state: str = "",
        failure: Failure | None = None,
    ) -> None:
        """Take a look by id as if the server had looked until it was decided (rules 26 and 27)."""
        error = script_values.failure_of_script(failure) if failure else script_values.LOOK_COULD_NOT_TELL
        asked_about: Any = version

        def decide(ledger: Ledger, now: int) -> None:
            """Take the answer, as often as it takes."""
            for _ in range(_LOOKS):
                entry = ledger.get(key)
                if entry is None or not entry.awaits_look:
                    return
                self._wait(ledger, max(entry.look_time, entry.settle_time, entry.undo_deadline))
                ledger.looked(key, asked_about, shown, ledger.steady, now, state, error)

        with self._lock:
            self._live()
            self.done.looked.append(Look(key, shown, state, failure))
            self._change("looked", decide)

    # ------------------------------------------------------------------ the rest

    async def memo(self, key: str, value: bytes) -> None:
        """Save it."""
        limits.check_memo(key, value)
        with self._lock:
            self._live()
            self.done.memos[key] = value
            self.done.history.append(("memo", key))

    async def plan(self, keys: Sequence[str]) -> None:
        """Keep the plan."""
        planned = list(dict.fromkeys(keys))
        limits.check_plan(planned)
        with self._lock:
            self._live()
            self.done.plan = planned

    def progress(self, progress: Progress) -> None:
        """Keep every report."""
        self.done.progress.append(progress)

    def log(self, level: int, text: str) -> None:
        """Keep every line."""
        self.done.log.append((level, text))

    async def finish(self, outcome: Outcome) -> None:
        """Keep the outcome. Raises AssertionError the second time: an attempt ends once."""
        with self._lock:
            self._live()
            if self.done.outcome is not None:
                raise AssertionError(f"the attempt ended twice: {self.done.outcome}, then {outcome}")
            self.done.outcome = outcome

    # ------------------------------------------------------------------ decisions

    def _live(self) -> None:
        if self.lease_lost:
            raise LeaseLost("the lease of this attempt was lost")

    def _use(self, keys: Sequence[str], act: Callable[[], T]) -> T:
        """Take `keys` for this attempt and act; what the ledger refuses has used none of them."""
        try:
            self._used.use(keys)
        except refusals.Refused as refused:
            raise script_values.rejection(refused) from refused
        try:
            return act()
        except Rejected:
            self._used.free(keys)
            raise

    def _change(self, verb: str, decide: Callable[[Ledger, int], T]) -> T:
        """Let `decide` change the ledger, wholly or not at all, and note under `verb` what it changed."""
        ledger = self._ledger = self._ledger or self._begun()
        now = self._clock()
        self._wait(ledger, now + self._ahead)
        try:
            result = decide(ledger, now)
        except refusals.Refused as refused:
            self._ledger = ledger_of(self.uid, self.done.records.values(), ledger.steady)
            raise script_values.rejection(refused) from refused
        for key in ledger.removed:
            self.done.forget(key)
        for entry in ledger.changed.values():
            self.done.note(verb, entry)
        ledger.changed.clear()
        ledger.removed.clear()
        return result

    def _begun(self) -> Ledger:
        """Return the ledger as it is when the attempt begins: what earlier ones began is over by then."""
        records = self.done.records.values()
        last = max((_over(entry) for entry in records), default=0)
        now = self._clock()
        self._ahead = max(0, last - now)
        ledger = ledger_of(self.uid, records, now + self._ahead)
        ledger.begin_round()
        self.done.records |= ledger.changed
        ledger.changed.clear()
        return ledger

    @staticmethod
    def _wait(ledger: Ledger, until: int) -> None:
        """Let time pass until then, if that is not over."""
        ledger.steady = max(ledger.steady, until)


def ledger_of(uid: str, records: Iterable[entries.Entry], steady: int = 0) -> Ledger:
    """Return the ledger of these entries, at the time `steady`."""
    records = list(records)
    counts = Counts()
    for entry in records:
        counts.add(entry, 1)
    return Ledger(uid, counts, records, steady)


def _over(entry: entries.Entry) -> int:
    """Return when nothing about `entry` is waited for any more, by the steady clock."""
    waits = (entry.settle_time, entry.undo_deadline, entry.look_time)
    denied = entry.denied_time + entry.settling if entry.denied_time else 0
    rested = entry.undo_failed_time + _LONGEST_REST if entry.undo_failed_time else 0
    return max(*waits, denied, rested)


def _checked(intent: Intent) -> entries.Intent:
    limits.check_intent(intent)
    return script_values.intent_of_script(intent)
