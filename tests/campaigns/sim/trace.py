"""A mirror of the database, kept from the decisions and the commits, and checked with each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.campaigns.sim.cloud import Cloud
from tests.campaigns.sim.decision import Before, Decision, Known, Who, untimed
from tests.campaigns.sim.of_entries import check_entries
from tests.campaigns.sim.of_gone import check_gone
from tests.campaigns.sim.of_sending import check_going_on, check_sending
from tests.campaigns.sim.of_tasks import check_task

from wharfinger.ledger.entry import Counts
from wharfinger.ledger.states import EntryState as E
from wharfinger_server.domain.task import Task
from wharfinger_server.store.store import Committed, UnitOfWork


class Trace:
    """What is committed, and what the transaction under way has decided. `seen` counts what happened, by kind.

    `passed` tells the true time in microseconds: what any clock of the product shows proves nothing.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        wrong: Callable[[str], None],
        seen: Counter[str],
        passed: Callable[[], int],
    ) -> None:
        self.tasks: dict[int, Known] = {}
        self.feed: list[bytes] = []
        self.cloud: Cloud
        self.costs: Callable[[Known, Task], None]
        self.stirred: Callable[[Known], None]
        self.seen = seen
        self._staged: dict[int, Known] = {}
        self._fresh: list[tuple[str, int]] = []
        self._limbo: tuple[dict[int, Known], list[tuple[str, int]]] | None = None
        self._passed = passed
        self._tell = tell
        self._wrong = wrong
        self._position = 0
        self._intended: dict[str, int] = {}

    def intended(self, token: str) -> int | None:
        """Return when a call with that token has to be sent at the latest; None while no intent of it is committed."""
        return self._intended.get(token)

    def known(self, task_id: str) -> Known | None:
        """Return the task of that name."""
        return next((known for known in self.tasks.values() if known.task.task_id == task_id), None)

    # ------------------------------------------------------------------ a decision

    def decided(self, work: UnitOfWork, before: Before, who: Who) -> None:
        """Check a decision that was made, and take it into what the transaction has decided."""
        task, ledger = work.task, work.opened
        known = self._staged.get(task.id)
        if known is None:
            committed = self.tasks.get(task.id)
            known = self._staged[task.id] = committed.copy() if committed else Known(task)
        old = dict(known.entries)
        changed = ledger.changed if ledger else {}
        removed = sorted(set(ledger.removed) & set(old)) if ledger else []
        for key in removed:
            known.entries.pop(key, None)
        known.entries.update(changed)
        known.task = replace(task, counts=Counts(dict(task.counts.owned), task.counts.foreign))
        real = {key: entry for key, entry in changed.items() if entry != old.get(key)}
        decision = Decision(work, before, who, old, real, removed, known, self.cloud, self._passed(), self._wrong)
        self._check_seen(work, known)
        check_entries(decision)
        check_gone(decision)
        check_task(decision)
        check_sending(decision)
        check_going_on(decision)
        self._note(decision)

    def _check_seen(self, work: UnitOfWork, known: Known) -> None:
        """Check that a decision was made on the ledger that was decided before it, wherever the writer has it from."""
        if work.opened is None:
            return
        seen = {key: untimed(entry) for key, entry in work.opened.entries.items()}
        ours = {key: untimed(entry) for key, entry in known.entries.items() if work._whole or key in seen}
        if seen != ours:
            self._wrong(f"{known.task.task_id}: a decision saw another ledger than was decided")

    def _note(self, it: Decision) -> None:
        told = [f"{e.key}:{e.state.name} g{e.generation} {e.external_id}" for e in it.real.values()]
        self._fresh += [
            (e.token, it.now + e.send_by - e.intent_time) for e in it.real.values() if e.state is E.INTENDED
        ]
        before, task = it.before, it.task
        if told or task.state is not before.state or task.epoch != before.epoch:
            self._tell(f"{task.task_id} {task.state.name} e{task.epoch} by {it.who} {' '.join(told)}".rstrip())
        self._count(it)

    def _count(self, it: Decision) -> None:
        seen = self.seen
        for key, entry in it.real.items():
            was = it.old.get(key)
            if was is None or was.state is not entry.state:
                seen[f"entry {was.state.name if was else '-'} > {entry.state.name}"] += 1
            if was is None and "~" in key:
                seen[f"evidence KEY~n by {it.who.verb or 'the engine'}"] += 1
            if was is not None and entry.generation > was.generation:
                seen[f"generation raised after {was.state.name}"] += 1
        if it.fenced and it.who.verb == "created":
            kind = "filled its intent" if any("~" not in key for key in it.real) else "became KEY~n"
            seen[f"late evidence {kind if it.real else 'was known'}, {it.before.state.name}"] += 1
            if it.before.deleted and not it.task.delete_time:
                seen["late evidence revived a tombstone"] += 1
        elif it.fenced and it.who.verb == "not_sent":
            seen[f"late NOT_SENT {'closed its intent' if it.real else 'changed nothing'}, {it.before.state.name}"] += 1
        elif it.fenced:
            seen["fenced report"] += 1

    # ------------------------------------------------------------------ the transaction

    def begun(self) -> None:
        """A transaction begins: what none has committed is void."""
        self._staged, self._fresh = {}, []

    rolled_back = begun

    def unknown(self) -> None:
        """The answer of a COMMIT is lost."""
        self._limbo = (self._staged, self._fresh)
        self.begun()

    def found_out(self, happened: bool) -> None:
        """It turned out what became of it; if it happened, its commit is told now."""
        if self._limbo is not None and happened:
            self._staged, self._fresh = self._limbo
        self._limbo = None

    def committed(self, batch: Sequence[Committed]) -> None:
        """Take what the transaction decided as committed, and check its numbers."""
        self.tasks.update(self._staged)
        for token, send_by in self._fresh:
            self._intended[token] = max(send_by, self._intended.get(token, 0))
        self.begun()
        events: list[tuple[int, Any]] = []
        for commit in batch:
            known = self.tasks.setdefault(commit.task.id, Known(commit.task))
            for event in commit.events:
                if event.sequence != known.sequence + 1:
                    self._wrong(f"{commit.task.task_id}: event {event.sequence} after {known.sequence}")
                known.sequence = event.sequence
                known.bodies.append(event.body)
                events.append((event.position, event.body))
            self.costs(known, commit.task)
            if commit.task.last_sequence != known.sequence:
                self._wrong(f"{commit.task.task_id}: last_sequence {commit.task.last_sequence}, {known.sequence} told")
        for position, body in sorted(events, key=lambda one: one[0]):
            if position != self._position + 1:
                self._wrong(f"feed position {position} after {self._position}")
            self._position = position
            self.feed.append(body)
        for task in sorted({commit.task.id for commit in batch if commit.events}):
            self.stirred(self.tasks[task])
