"""What must be true of each decision and each commit, checked as they happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.campaigns.sim.cloud import Cloud

from wharfinger_server.domain.entry import Counts, Entry
from wharfinger_server.domain.failure import Failure
from wharfinger_server.domain.states import EntryState as E
from wharfinger_server.domain.states import Goal, Phase, TaskState
from wharfinger_server.domain.task import Task
from wharfinger_server.store.store import Committed, Work

MOVES: dict[E | None, frozenset[E]] = {
    None: frozenset({E.INTENDED, E.CREATED, E.UNCERTAIN}),
    E.INTENDED: frozenset({E.INTENDED, E.CREATED, E.UNCERTAIN, E.NOT_CREATED}),
    E.CREATED: frozenset({E.CREATED, E.UNDOING, E.RETAINED, E.FORGOTTEN}),
    E.UNCERTAIN: frozenset({E.UNCERTAIN, E.CREATED, E.NOT_CREATED, E.UNDOING, E.RETAINED, E.FORGOTTEN}),
    E.NOT_CREATED: frozenset({E.NOT_CREATED, E.INTENDED, E.CREATED}),
    E.UNDOING: frozenset({E.UNDOING, E.UNDONE, E.UNDO_FAILED}),
    E.UNDO_FAILED: frozenset({E.UNDO_FAILED, E.UNDOING, E.NOT_CREATED, E.RETAINED, E.FORGOTTEN}),
    E.UNDONE: frozenset({E.UNDONE, E.INTENDED, E.CREATED}),
    E.RETAINED: frozenset({E.RETAINED, E.CREATED}),
    E.FORGOTTEN: frozenset({E.FORGOTTEN, E.CREATED}),
}
"""Where an entry may go from where. What was handed over is CREATED again only by being adopted."""
ENDED = {TaskState.FAILED, TaskState.CANCELLED, TaskState.ROLLED_BACK}
UNSETTLED = {E.INTENDED, E.UNCERTAIN, E.UNDOING, E.UNDO_FAILED}


@dataclass(frozen=True, slots=True)
class Before:
    """A task before a decision."""

    state: TaskState
    epoch: int
    phase: Phase | None
    error: Failure | None
    revision: int
    last_sequence: int


@dataclass(slots=True)
class Known:
    """What the trace knows of a task: it as it is, its ledger, and the sequence of its last committed event."""

    task: Task
    entries: dict[str, Entry] = field(default_factory=dict)
    sequence: int = 0
    handed: set[str] = field(default_factory=set)
    bodies: list[bytes] = field(default_factory=list)


class Trace:
    """A mirror of the database, kept from the decisions, and the checks of each of them."""

    def __init__(self, tell: Callable[[str], None], wrong: Callable[[str], None]) -> None:
        self.tasks: dict[int, Known] = {}
        self.feed: list[bytes] = []
        self.cloud: Cloud
        self._tell = tell
        self._wrong = wrong
        self._position = 0
        self._intended: dict[str, int] = {}
        self._fresh: list[Entry] = []

    def before(self, work: Work) -> Before:
        """Return what a decision starts from."""
        task = work.task
        phase = task.lease.phase if task.lease else None
        return Before(task.state, task.epoch, phase, task.error, task.revision, task.last_sequence)

    def intended(self, token: str) -> int | None:
        """Return when a call with that token has to be sent at the latest; None while no intent of it is committed."""
        return self._intended.get(token)

    def known(self, task_id: str) -> Known | None:
        """Return the task of that name."""
        return next((known for known in self.tasks.values() if known.task.task_id == task_id), None)

    # ------------------------------------------------------------------ a decision

    def decided(self, work: Work, before: Before, who: tuple[int, str]) -> None:
        """Check a decision that was made, and take it into the mirror."""
        task = work.task
        known = self.tasks.setdefault(task.id, Known(task))
        ledger = work.opened
        old = dict(known.entries)
        changed = dict(ledger.changed) if ledger else {}
        removed = set(ledger.removed) & set(old) if ledger else set()
        for key in removed:
            known.entries.pop(key, None)
        known.entries.update(changed)
        known.task = replace(task, counts=Counts(dict(task.counts.owned), task.counts.foreign))
        name = task.task_id

        def wrong(what: str) -> None:
            self._wrong(f"{name}: {what} (by {who[1] or 'the engine'} of {who[0]})")

        real = {key: entry for key, entry in changed.items() if entry != old.get(key)}
        self._fence(work, before, who, old, real, removed, wrong)
        for key, entry in real.items():
            self._entry(old.get(key), entry, who, known, wrong)
        for key in removed:
            if not old[key].is_evidence:
                wrong(f"{key} was removed from the ledger")
        self._task(task, before, known, who, wrong)
        self._note(task, before, real, who, wrong)

    def _note(
        self, task: Task, before: Before, real: dict[str, Entry], who: tuple[int, str], wrong: Callable[[str], None]
    ) -> None:
        told = [f"{e.key}:{e.state.name} g{e.generation} {e.external_id}" for e in real.values()]
        self._fresh += [e for e in real.values() if e.state is E.INTENDED]
        if told or task.state is not before.state or task.epoch != before.epoch:
            by = f"{who[0]}/{who[1]}" if who[1] else "engine"
            self._tell(f"{task.task_id} {task.state.name} e{task.epoch} by {by} {' '.join(told)}".rstrip())

    def _fence(
        self,
        work: Work,
        before: Before,
        who: tuple[int, str],
        old: dict[str, Entry],
        real: dict[str, Entry],
        removed: set[str],
        wrong: Callable[[str], None],
    ) -> None:
        epoch, verb = who
        if not epoch or (before.phase is not None and before.epoch == epoch):
            return
        if verb != "created":
            if real or removed or work.task.revision != before.revision or work.staged_memos or work.staged_events:
                wrong("a fenced report changed something")
            return
        if len(real) + len(removed) > 1:
            wrong(f"late evidence changed {sorted(real)}")
        for key, entry in real.items():
            was = old.get(key)
            if was is None and not entry.is_evidence:
                wrong(f"late evidence made {key}")
            if was is not None and (was.epoch != epoch or was.external_id):
                wrong(f"late evidence filled {key}, which is not its intent")

    def _entry(
        self,
        was: Entry | None,
        entry: Entry,
        who: tuple[int, str],
        known: Known,
        wrong: Callable[[str], None],
    ) -> None:
        key, before = entry.key, was.state if was else None
        if entry.state not in MOVES[before]:
            wrong(f"{key} went from {before.name if before else 'nothing'} to {entry.state.name}")
        if before in (E.RETAINED, E.FORGOTTEN) and entry.state is E.CREATED and entry.owned:
            wrong(f"{key} was handed over and is ours again")
        if was and entry.generation < was.generation:
            wrong(f"{key} went back to generation {entry.generation}")
        if was and entry.state is E.INTENDED and entry.generation > was.generation:
            self._risen(was, wrong)
        if entry.state in (E.RETAINED, E.FORGOTTEN):
            known.handed.add(entry.external_id or entry.token)
        if entry.state is E.NOT_CREATED and was and was.sought and who[1] != "refused":
            self._gone(entry, known, wrong)
        if entry.state is E.UNDONE and (thing := self.cloud.things.get(entry.external_id)) and thing.alive:
            wrong(f"{key} is UNDONE, and {thing.id} is alive")

    def _risen(self, was: Entry, wrong: Callable[[str], None]) -> None:
        if was.state is not E.UNDONE and not was.burnt:
            wrong(f"{was.key} has a new generation after {was.state.name}")

    def _gone(self, entry: Entry, known: Known, wrong: Callable[[str], None]) -> None:
        """What is concluded not to exist may not exist, nor come."""
        if entry.external_id:
            if self.cloud.things[entry.external_id].alive:
                wrong(f"{entry.key} is NOT_CREATED, and {entry.external_id} is alive")
            return
        held = {e.external_id for e in known.entries.values()}
        things = [t.id for t in self.cloud.things.values() if t.token == entry.token and t.alive and not t.stale]
        coming = [r for r in self.cloud.requests if r.token == entry.token and not r.stale]
        others = sum(e.nameless and e.token == entry.token for e in known.entries.values())
        if len(set(things) - held) > others:
            wrong(f"{entry.key} is NOT_CREATED, and {sorted(set(things) - held)} are alive")
        if coming:
            wrong(f"{entry.key} is NOT_CREATED, and a call for it is on its way")

    def _task(
        self, task: Task, before: Before, known: Known, who: tuple[int, str], wrong: Callable[[str], None]
    ) -> None:
        entries = known.entries.values()
        if task.epoch < before.epoch:
            wrong("its epoch fell")
        if before.phase is not None and task.lease is None and task.epoch == before.epoch:
            wrong("its lease ended without a new epoch")
        if task.lease and task.lease.phase is Phase.RUN and before.phase is None:
            unsettled = [entry.key for entry in entries if entry.owned and entry.sought]
            if unsettled:
                wrong(f"it runs with {unsettled} not settled")
        resumed = who[1] == "resume" or before.state is TaskState.SUCCEEDED
        if before.error and task.error and task.error != before.error and not resumed:
            wrong(f"its first error {before.error.reason} became {task.error.reason}")
        if before.state is TaskState.CANCELLING and task.state is TaskState.SUCCEEDED:
            wrong("a result won over a cancel")
        self._rest(task, known, wrong)

    def _rest(self, task: Task, known: Known, wrong: Callable[[str], None]) -> None:
        entries = known.entries.values()
        is_open = any(entry.open for entry in entries)
        if task.state in ENDED and is_open:
            wrong(f"{task.state.name} with something open")
        if task.state is TaskState.SUCCEEDED and any(e.owned and e.state in UNSETTLED for e in entries):
            wrong("SUCCEEDED with something unsettled")
        if task.state in (TaskState.PARTIALLY_FAILED, TaskState.ROLLBACK_FAILED) and not is_open:
            wrong(f"{task.state.name} with nothing open")
        if task.state.resting and (task.lease or task.goal is not Goal.NONE or task.rollback):
            wrong("something is under way in a resting state")
        if task.delete_time and is_open:
            wrong("deleted with something open")
        self._sums(task, known, wrong)

    def _sums(self, task: Task, known: Known, wrong: Callable[[str], None]) -> None:
        entries = known.entries.values()
        counts = Counts()
        for entry in entries:
            counts.add(entry, 1)
        if {s: n for s, n in task.counts.owned.items() if n} != counts.owned or task.counts.foreign != counts.foreign:
            wrong("its counts are not those of its entries")
        ids = [entry.external_id for entry in entries if entry.external_id]
        if len(set(ids)) < len(ids):
            wrong(f"an id belongs to two entries: {sorted(ids)}")

    # ------------------------------------------------------------------ a commit

    def committed(self, batch: Sequence[Committed]) -> None:
        """Check the numbers of what was committed."""
        for entry in self._fresh:
            self._intended[entry.token] = max(entry.send_by, self._intended.get(entry.token, 0))
        self._fresh.clear()
        events: list[tuple[int, Any]] = []
        for commit in batch:
            known = self.tasks.setdefault(commit.task.id, Known(commit.task))
            for event in commit.events:
                if event.sequence != known.sequence + 1:
                    self._wrong(f"{commit.task.task_id}: event {event.sequence} after {known.sequence}")
                known.sequence = event.sequence
                known.bodies.append(event.body)
                events.append((event.position, event.body))
            if commit.task.last_sequence != known.sequence:
                self._wrong(f"{commit.task.task_id}: last_sequence {commit.task.last_sequence}, {known.sequence} told")
        for position, body in sorted(events, key=lambda one: one[0]):
            if position != self._position + 1:
                self._wrong(f"feed position {position} after {self._position}")
            self._position = position
            self.feed.append(body)
