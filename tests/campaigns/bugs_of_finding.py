"""Bugs in how it is found out what exists: rules 6 to 12."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.campaigns.planting import Catalogue, Ground

from wharfinger.ledger import evidence, finding, intents
from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import EntryState, Phase, TaskState
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.lifecycle import lifecycle, recording, rollback

BUGS = Catalogue()
LATER = 1 << 62


@BUGS.bug("6")
def find_believed_before_settling(ground: Ground) -> None:
    """An answer counts whenever it was asked for."""

    def spoiled(ledger: Any, key: str, version: Any, ids: Any, asked: int, now: int) -> Any:
        return found(ledger, key, version, ids, LATER, now)

    found = ground.put(finding, "found", spoiled)


@BUGS.bug("6")
def tags_believed_at_once(ground: Ground) -> None:
    """On a cloud without tokens what is found at once is believed to be all there is."""

    def spoiled(ledger: Any, key: str, version: Any, ids: Any, asked: int, now: int) -> Any:
        return found(ledger, key, version, ids, LATER if ids else asked, now)

    found = ground.put(finding, "found", spoiled)
    for module in (recording, lifecycle, rollback):
        ground.put(module, "ask_time", lambda entry, steady: _at(entry) if entry.asked_early else steady)


def _at(entry: Entry) -> int:
    return entry.settle_time


@BUGS.bug("7")
def extras_dropped(ground: Ground) -> None:
    """Of what `find` shows, only the first is listed."""

    def spoiled(ledger: Any, key: str, version: Any, ids: Any, asked: int, now: int) -> Any:
        entry = ledger.get(key)
        free = [one for one in ids if entry is None or not ledger.holder(entry, one)]
        kept = [entry.external_id] if entry and entry.external_id in free else free[:1]
        return found(ledger, key, version, kept, asked, now)

    found = ground.put(finding, "found", spoiled)


@BUGS.bug("8")
def stale_finding_committed(ground: Ground) -> None:
    """What a find says is written though the entry is not what it was when asked."""
    ground.put(finding, "_asked_about", lambda ledger, key, version: ledger.get(key))


@BUGS.bug("9")
def runs_while_uncertain(ground: Ground) -> None:
    """A task runs again though it is not known what the last attempt made."""

    def next_phase(self: Any, work: Any) -> Phase | None:
        task = work.task
        if task.state is TaskState.QUEUED and task.lease is None and not task.delete_time:
            return Phase.RUN
        return right(self, work)  # type: ignore[no-any-return]

    def begin(self: Task, phase: Phase, executor: str, worker: str, now: int, ttl: int) -> None:
        counts = self.counts
        if phase is Phase.RUN:
            self.counts = type(counts)()
        try:
            began(self, phase, executor, worker, now, ttl)
        finally:
            self.counts = counts

    right = ground.put(lifecycle.Lifecycle, "next_phase", next_phase)
    began = ground.put(Task, "begin", begin)


@BUGS.bug("9")
def made_beside_open_evidence(ground: Ground) -> None:
    """A key is made again though something else made under it may be alive."""
    ground.put(Entries, "open_evidence", lambda self, base: [])


@BUGS.bug("10")
def late_evidence_dropped(ground: Ground) -> None:
    """What a fenced attempt reports is not heard."""
    ground.put(evidence, "report", lambda *_: None)


@BUGS.bug("10")
def late_evidence_overwrites(ground: Ground) -> None:
    """Late evidence takes the place of what is known of the key."""

    def spoiled(ledger: Any, entry: Entry, generation: int, external_id: str, epoch: int, now: int) -> Any:
        return ledger.put(replace(entry, state=EntryState.CREATED, external_id=external_id, update_time=now))

    ground.put(evidence, "report", spoiled)


@BUGS.bug("10")
def known_id_reported_again(ground: Ground) -> None:
    """An id that the ledger has is written down once more."""
    ground.put(Entry, "is_thing", lambda self, other, external_id: False)


@BUGS.bug("11")
def late_evidence_moves_tasks_at_work(ground: Ground) -> None:
    """Late evidence ends a task that runs."""

    def spoiled(self: Task, error: Any, now: int) -> bool:
        if not self.state.resting:
            self.state = TaskState.PARTIALLY_FAILED
            self.error = self.error or error
            return True
        return bool(right(self, error, now))

    right = ground.put(Task, "late_evidence", spoiled)


@BUGS.bug("11")
def late_evidence_leaves_tasks_at_rest(ground: Ground) -> None:
    """A task that failed with nothing left stays so, whatever is heard of later."""

    def spoiled(self: Task, error: Any, now: int) -> bool:
        return False

    ground.put(Task, "late_evidence", spoiled)


@BUGS.bug("11")
def late_evidence_becomes_the_cause(ground: Ground) -> None:
    """Late evidence is told as why the task failed."""

    def spoiled(self: Task, error: Any, now: int) -> bool:
        moved = bool(right(self, error, now))
        if self.state.resting:
            self.error = error
        return moved

    right = ground.put(Task, "late_evidence", spoiled)


@BUGS.bug("12")
def tombstone_not_revived(ground: Ground) -> None:
    """A deleted task stays deleted."""

    def spoiled(self: Task, error: Any, now: int) -> bool:
        deleted, self.delete_time = self.delete_time, 0
        moved = bool(right(self, error, now))
        self.delete_time = deleted
        return moved

    right = ground.put(Task, "late_evidence", spoiled)


@BUGS.bug("5")
def adoption_forgets_the_intent(ground: Ground) -> None:
    """A key that waits to be settled may be adopted as something else."""

    def spoiled(ledger: Any, intent: Any, external_id: str, epoch: int, now: int) -> Entry:
        return intents._write_adopted(ledger, intent, ledger.get(intent.key), external_id, epoch, now)

    ground.put(intents, "adopt", spoiled)
