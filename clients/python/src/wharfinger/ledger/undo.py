"""Rolling back: what may be undone now, what stands in the way, what is kept, and how a rollback ends.

Undo goes against `depends_on`, then newest first; what does not depend on each other may go at once, and a failure does
not stop the others. The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.removing import removable
from wharfinger.ledger.states import EntryState
from wharfinger.ledger.verdict import Verdict, hand_over, objection

GONE = frozenset({EntryState.NOT_CREATED, EntryState.UNDONE, EntryState.FORGOTTEN})
"""States in which a child does not stand in its parent's way."""

SOME_DAY = 1 << 62


class UndoPolicy(Protocol):
    """How often the undo of a thing may begin in a rollback, and how long it rests after one that failed (rule 25)."""

    @property
    def undos(self) -> int:
        """Return how many undos of one thing may begin."""
        ...

    def backoff(self, runs: int) -> int:
        """Return how long the next one waits after `runs` that failed, in microseconds."""
        ...


@dataclass(frozen=True, slots=True)
class Undos:
    """What holds where a task's policy says nothing."""

    undos: int = 3
    first_wait: int = 1_000_000
    longest_wait: int = 3_600_000_000

    def backoff(self, runs: int) -> int:
        """Return how long the next one waits after `runs` that failed: doubling up to the longest, in microseconds."""
        return min(self.first_wait << max(0, min(runs, 20) - 1), self.longest_wait)


ANY_POLICY = Undos()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rollback would do, if every undo succeeds.

    `waves`: keys in the order of undo; those of one wave go at once. `retained`: what is kept, with what it depends on.
    `sought`: what must be looked for before it is known whether there is something to undo. `blocked`: what cannot be
    undone, with the reason.
    """

    waves: tuple[tuple[str, ...], ...]
    retained: tuple[str, ...]
    sought: tuple[str, ...]
    blocked: dict[str, str]


class Order:
    """Which entries of one ledger wait for which. Made for one state of the ledger: it does not follow changes.

    `policy` tells how often the undo of a thing may begin and how long it waits in between, `steady` what time it is
    by the steady clock; by default all waiting is over.
    """

    def __init__(
        self, ledger: Entries, only: Sequence[str] = (), policy: UndoPolicy = ANY_POLICY, steady: int = SOME_DAY
    ) -> None:
        self._policy = policy
        self._steady = steady
        self._only = frozenset(only)
        self._ledger = ledger

    @cached_property
    def _entries(self) -> list[Entry]:
        return list(self._ledger)

    def _closes_a_ring(self, child: Entry, parent: Entry) -> bool:
        """Whether a dependency closes a ring: older on newer. Such a one binds nobody."""
        return child.ordinal < parent.ordinal and self._depends(parent.key, child.base)

    def _depends(self, key: str, on: str) -> bool:
        """Whether `key` depends on `on`, directly or not."""
        seen, todo = {on}, [on]
        while todo:
            parent = todo.pop()
            for child in self._ledger.children_of(parent):
                if child.base != parent and child.base not in seen:
                    seen.add(child.base)
                    todo.append(child.base)
        return key in seen

    def concerns(self, entry: Entry) -> bool:
        """Whether the rollback is about `entry`: all of it, or `only` its key or the key it is evidence of."""
        return not self._only or entry.key in self._only or entry.base in self._only

    def children(self, entry: Entry) -> list[Entry]:
        """Return what depends on `entry`; on evidence nothing does."""
        if entry.is_evidence:
            return []
        return [
            child
            for child in self._ledger.children_of(entry.key)
            if child.base != entry.key and not self._closes_a_ring(child, entry)
        ]

    def blocker(self, entry: Entry, gone: Collection[str] = ()) -> str:
        """Return why `entry` cannot be undone before its children, "" if it can (rule 16); `gone` count as undone."""
        for child in self.children(entry):
            if child.state not in GONE and child.key not in gone:
                how = child.state.name if child.owned or child.state is EntryState.RETAINED else "not ours"
                return f"{child.key}, which depends on it, is {how}"
        return ""

    def ready(self, busy: Collection[str] = ()) -> list[Entry]:
        """Return what may be undone now, newest first; `busy`: is being undone."""
        return [entry for entry in self.startable(busy) if self.start_time(entry) <= self._steady]

    def startable(self, busy: Collection[str] = ()) -> list[Entry]:
        """Return what may be undone now or after a wait, newest first; `busy`: is being undone."""
        return _newest_first(
            entry
            for entry in self._entries
            if self.concerns(entry)
            and entry.key not in busy
            and removable(entry)
            and not entry.awaits_look
            and not self.spent(entry)
            and not self.blocker(entry)
        )

    def spent(self, entry: Entry) -> bool:
        """Whether its undo has begun as often as it may in this rollback (rule 25)."""
        return entry.undo_begun >= self._policy.undos

    def start_time(self, entry: Entry) -> int:
        """Return when its undo may begin: after the last one's window (rule 24), and a wait after it failed."""
        if entry.state not in (EntryState.UNDOING, EntryState.UNDO_FAILED):
            return 0
        waits = entry.state is EntryState.UNDO_FAILED and entry.undo_begun > 0
        rested = entry.undo_failed_time + self._policy.backoff(entry.undo_begun) if waits else 0
        return max(entry.undo_deadline, rested)

    def sought(self) -> list[Entry]:
        """Return what must be looked for before the rollback can end."""
        return [
            entry
            for entry in self._entries
            if entry.owned and entry.sought and not entry.tried and self.concerns(entry)
        ]

    def looked_at(self) -> list[Entry]:
        """Return what waits to be looked at by its id, now or later, before it is undone (again)."""
        return [entry for entry in self._entries if entry.awaits_look and self.concerns(entry)]

    def to_look(self) -> list[Entry]:
        """Return what is to be looked at by its id now."""
        return [entry for entry in self.looked_at() if entry.look_time <= self._steady]

    def blocked(self, gone: Collection[str] = ()) -> dict[str, str]:
        """Return what is open and waits for its children, with the reason; `gone` count as undone."""
        return {
            entry.key: why
            for entry in self._entries
            if entry.open and self.concerns(entry) and entry.key not in gone and (why := self.blocker(entry, gone))
        }

    def waves(self, *, everything: bool = False) -> tuple[tuple[str, ...], ...]:
        """Return all that can be undone now, in order, as if every undo succeeded.

        With `everything` also what is looked at first, waits or was tried, as if that were over.
        """
        left = [
            entry
            for entry in self._entries
            if self.concerns(entry) and removable(entry) and (everything or self._now_or_next(entry))
        ]
        # How many children each still waits for, and who waits for each: everything is looked at once.
        alive: dict[str, int] = {}
        parents: dict[str, list[Entry]] = {}
        for entry in left:
            children = [child for child in self.children(entry) if child.state not in GONE]
            alive[entry.key] = len(children)
            for child in children:
                parents.setdefault(child.key, []).append(entry)
        waves = []
        wave = _newest_first(entry for entry in left if not alive[entry.key])
        while wave:
            waves.append(tuple(entry.key for entry in wave))
            free: list[Entry] = []
            for entry in wave:
                for parent in parents.get(entry.key, ()):
                    alive[parent.key] -= 1
                    if not alive[parent.key]:
                        free.append(parent)
            wave = _newest_first(free)
        return tuple(waves)

    def _now_or_next(self, entry: Entry) -> bool:
        return not (entry.awaits_look or self.spent(entry)) and self.start_time(entry) <= self._steady


def _newest_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.ordinal, reverse=True)


# ---------------------------------------------------------------------- what a person asks


def retention(ledger: Ledger, retain: Sequence[str], now: int) -> list[Entry]:
    """Return what `retain` keeps: those things and, one after the other, all that they depend on (rule 17).

    What it depends on and has no id yet is left out: as long as its children are kept, nobody undoes it. Raises
    FailedPrecondition: KEY_UNKNOWN, STATE_FORBIDS for a named thing without an id, TASK_NOT_SETTLED for what an undo
    that is on its way may still take away (rule 18).
    """
    keep: dict[str, Entry] = {}
    todo: list[Entry] = []
    for key in retain:
        named = ledger.named(key)
        todo += [named] if named.is_evidence else ledger.family(key)
    while todo:
        entry = todo.pop()
        if entry.key in keep:
            continue
        keep[entry.key] = entry
        for parent in entry.depends_on:
            todo += ledger.family(parent)
    kept = [entry for entry in keep.values() if entry.open and (entry.key in retain or not entry.nameless)]
    for entry in kept:
        if refusal := objection(entry, Verdict.RETAIN, now, ledger.steady):
            raise refusal
    return sorted(kept, key=lambda entry: entry.ordinal)


def plan(ledger: Ledger, only: Sequence[str], retain: Sequence[str], now: int) -> Plan:
    """Return what a rollback would do now. Changes nothing; raises FailedPrecondition as `begin` does."""
    check_keys(ledger, only)
    kept = {entry.key for entry in retention(ledger, retain, now)}
    assumed = Entries(ledger.uid, replace(ledger.counts), (), ledger.steady)
    for entry in ledger:
        assumed.entries[entry.key] = hand_over(entry, EntryState.RETAINED, now) if entry.key in kept else entry
    order = Order(assumed, only)
    waves = order.waves(everything=True)
    return Plan(
        waves,
        tuple(entry.key for entry in ledger if entry.key in kept),
        tuple(entry.key for entry in assumed if entry.owned and entry.doubtful and order.concerns(entry)),
        order.blocked({key for wave in waves for key in wave}),
    )


def check_keys(ledger: Ledger, only: Sequence[str]) -> None:
    """Raise FailedPrecondition KEY_UNKNOWN for a key that the ledger does not have."""
    for key in only:
        ledger.named(key)


# ---------------------------------------------------------------------- a rollback at work


def start(order: Order, ledger: Ledger, key: str, window: int, now: int) -> Entry:
    """Write that a rollback is about to undo `key`, by a call that is over within `window` from now.

    `order` is that of `ledger` as it is. Raises FailedPrecondition: UNDO_FAILED where a child stands in the way or it
    was tried as often as it may, and as `Ledger.undoing`.
    """
    entry = ledger.named(key)
    if why := order.blocker(entry):
        raise FailedPrecondition("UNDO_FAILED", f"{key} cannot be undone: {why}", {"key": key})
    if order.spent(entry):
        said = f"{key} cannot be undone: that was tried {entry.undo_begun} times in this rollback"
        raise FailedPrecondition("UNDO_FAILED", said, {"key": key})
    return ledger.undoing(key, window, now)


def end(ledger: Ledger, only: Sequence[str], now: int) -> tuple[list[Entry], Failure | None]:
    """Bring a rollback of the ledger, or of `only` some keys, to rest; return what changed, and why it is not done.

    What was being undone is UNDO_FAILED, and what waits for its children says so.
    """
    changed = {entry.key: entry for entry in ledger.undo_interrupted(now)}
    ledger.begin_round()
    order = Order(ledger, only)
    blocked = order.blocked()
    for entry in ledger:
        if entry.blocked_by != (why := blocked.get(entry.key, "")):
            changed[entry.key] = ledger.put(replace(entry, blocked_by=why, update_time=now))
    left = [entry for entry in ledger if entry.open and order.concerns(entry)]
    return list(changed.values()), _unfinished(left) if left else None


def _unfinished(left: Sequence[Entry]) -> Failure:
    first = left[0]
    why = first.blocked_by or (first.error.message if first.error else first.state.name)
    return Failure(
        Code.FAILED_PRECONDITION,
        "UNDO_FAILED",
        f"{len(left)} thing(s) could not be undone; {first.key}: {why}",
        metadata={"count": str(len(left)), "key": first.key},
    )
