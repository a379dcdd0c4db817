"""What must be true of every change of a task. The numbers are those of the ledger's rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.campaigns.sim.decision import Decision, is_open

from wharfinger.ledger.entry import Counts, Entry
from wharfinger.ledger.states import Cause, Goal, Phase
from wharfinger.ledger.states import EntryState as E
from wharfinger.ledger.states import TaskState as T

ENDED = frozenset({T.FAILED, T.CANCELLED, T.ROLLED_BACK})
HALF_DONE = frozenset({T.PARTIALLY_FAILED, T.ROLLBACK_FAILED})
STEPS: dict[T, frozenset[T]] = {
    T.QUEUED: frozenset(
        {T.RUNNING, T.CANCELLED, T.CANCELLING, T.FAILED, T.PARTIALLY_FAILED, T.ROLLING_BACK, T.ROLLBACK_FAILED}
    ),
    T.RUNNING: frozenset(
        {T.SUCCEEDED, T.QUEUED, T.CANCELLING, T.FAILED, T.PARTIALLY_FAILED, T.ROLLING_BACK, T.ROLLBACK_FAILED}
    ),
    T.CANCELLING: frozenset({T.CANCELLED, T.PARTIALLY_FAILED, T.ROLLING_BACK, T.ROLLBACK_FAILED}),
    T.ROLLING_BACK: frozenset(
        {T.FAILED, T.CANCELLED, T.ROLLED_BACK, T.SUCCEEDED, T.PARTIALLY_FAILED, T.ROLLBACK_FAILED}
    ),
    T.SUCCEEDED: frozenset({T.ROLLING_BACK, T.PARTIALLY_FAILED, T.ROLLED_BACK, T.ROLLBACK_FAILED}),
    T.FAILED: frozenset({T.PARTIALLY_FAILED}),
    T.CANCELLED: frozenset({T.PARTIALLY_FAILED}),
    T.ROLLED_BACK: frozenset({T.PARTIALLY_FAILED}),
    T.PARTIALLY_FAILED: frozenset(
        {T.QUEUED, T.RUNNING, T.ROLLING_BACK, T.FAILED, T.CANCELLED, T.ROLLED_BACK, T.SUCCEEDED, T.ROLLBACK_FAILED}
    ),
    T.ROLLBACK_FAILED: frozenset(
        {T.ROLLING_BACK, T.FAILED, T.CANCELLED, T.ROLLED_BACK, T.SUCCEEDED, T.PARTIALLY_FAILED}
    ),
}
"""Where one commit may lead from where: the table's steps, and those of them that follow at once."""
UNSETTLED = {E.INTENDED, E.UNCERTAIN, E.MISSING, E.UNDOING, E.UNDO_FAILED}
GONE = (E.NOT_CREATED, E.UNDONE, E.FORGOTTEN)


def check_task(it: Decision) -> None:
    """Check what the decision made of the task."""
    before, task = it.before, it.task
    if task.state is not before.state and task.state not in STEPS[before.state]:
        it.wrong(f"it went from {before.state.name} to {task.state.name}")
    _fence(it)
    _lease(it)
    resumed = it.who.verb == "resume" or before.state is T.SUCCEEDED
    if before.error and task.error and task.error != before.error and not resumed:
        it.wrong(f"its first error {before.error.reason} became {task.error.reason}")
    if before.state is T.CANCELLING and task.state is T.SUCCEEDED:
        it.wrong("15: a result won over a cancel")
    _undo(it)
    _evidence(it)
    _rest(it)
    _sums(it)


def _fence(it: Decision) -> None:
    if not it.fenced:
        return
    changed = it.real or it.removed
    if it.who.verb == "not_sent":
        return
    if it.who.verb != "created":
        work = it.work
        if changed or work.task.revision != it.before.revision or work.staged_memos or work.staged_events:
            it.wrong("a fenced report changed something")
        return
    # With it a task may have nothing left to settle, and conclude: all is looked for anew in the round that follows.
    real = {key: entry for key, entry in it.real.items() if not _only_a_new_round(it.old.get(key), entry)}
    if len(real) + len(it.removed) > 1:
        it.wrong(f"10: late evidence changed {sorted(real)}")
    for key, entry in real.items():
        was = it.old.get(key)
        if was is None and not entry.is_evidence:
            it.wrong(f"10: late evidence made {key}")
        if was is not None and (was.epoch != it.who.epoch or was.external_id):
            it.wrong(f"10: late evidence filled {key}, which is not its intent")


def _only_a_new_round(was: Entry | None, entry: Entry) -> bool:
    if was is None:
        return False
    anew = {"tried": False, "undo_begun": 0, "look": False, "looks": 0, "look_time": 0}
    return replace(entry, **anew) == replace(was, **anew)


def _lease(it: Decision) -> None:
    before, task = it.before, it.task
    if task.epoch < before.epoch:
        it.wrong("its epoch fell")
    if before.phase is not None and task.lease is None and task.epoch == before.epoch:
        it.wrong("15: its lease ended without a new epoch")
    if task.lease and before.phase is not None and task.epoch != before.epoch:
        it.wrong("a lease followed another at once")
    if task.lease and task.lease.phase is Phase.RUN and before.phase is None:
        unsettled = [e.key for e in it.known.entries.values() if e.owned and e.state in (E.INTENDED, E.UNCERTAIN)]
        if unsettled:
            it.wrong(f"9: it runs with {unsettled} not settled")


# ---------------------------------------------------------------------- undoing


def _undo(it: Decision) -> None:
    before, task, known = it.before, it.task, it.known
    if it.who.verb == "resume" and before.state is not task.state and before.undo_begun:
        it.wrong("31: it was resumed though a whole rollback had begun")
    if task.undo_begun and not before.undo_begun:
        if before.state is task.state and it.who.verb != "roll_back":
            it.wrong("19: something that is no rollback counts as undo")
        elif task.rollback and task.rollback.only:
            it.wrong("19, 31: the undo of some keys counts as the undo of all")
    if it.who.verb == "roll_back":
        _retained(it)
    if before.state is T.ROLLING_BACK:
        _begun(it)
    if task.state is T.ROLLING_BACK and before.state is not T.ROLLING_BACK:
        known.begun = {}
        known.tried = {entry.external_id: entry.undo_attempts for entry in it.old.values() if entry.external_id}
    if before.state is T.ROLLING_BACK and task.state is not T.ROLLING_BACK:
        _rolled_back(it)


def _begun(it: Decision) -> None:
    """Rule 25: no thing is begun to be undone more often than the policy says, heard of or not."""
    for key, entry in it.real.items():
        was, one = it.old.get(key), entry.external_id
        if entry.state is E.UNDOING and (was is None or was.undo_attempts != entry.undo_attempts):
            begun = it.known.begun[one] = it.known.begun.get(one, 0) + 1  # a key may come to be about another thing
            if begun > (it.task.spec.policy.max_undo_attempts or 3):
                it.wrong(f"25: the undo of {key} is begun for the {begun}th time in one rollback")


def _retained(it: Decision) -> None:
    """Rule 17: what is kept keeps what it was made on."""
    for key, entry in it.real.items():
        if entry.state is not E.RETAINED:
            continue
        for parent in entry.depends_on:
            left = [e.key for e in it.known.entries.values() if e.base == parent and is_open(e) and e.external_id]
            if left:
                it.wrong(f"17: {key} is retained, and {left}, which it came after, is not")


def _rolled_back(it: Decision) -> None:
    """A rollback that fails has left nothing untried, and one that is done has not failed."""
    rollback, error = it.before.rollback, it.task.rollback_error
    if rollback is None or rollback.stop or (error is not None and error.reason != "UNDO_FAILED"):
        return
    only = rollback.only
    concerned = [e for e in it.known.entries.values() if not only or e.key in only or e.base in only]
    left = [entry for entry in concerned if is_open(entry)]
    if it.task.state is T.ROLLBACK_FAILED and not left:
        it.wrong("17: its rollback failed with nothing left of what it was about")
    if it.task.state is not T.ROLLBACK_FAILED and left and it.task.state is not T.SUCCEEDED:
        it.wrong(f"its rollback ended with {[entry.key for entry in left]} left")
    for entry in left:
        alive = [child for child in it.known.children(entry) if child.state not in GONE]
        untried = entry.undo_attempts == it.known.tried.get(entry.external_id, 0)
        if entry.external_id and untried and not alive and entry.state is not E.MISSING:
            it.wrong(f"16: its rollback ended, and {entry.key} was not tried")
        begun, most = it.known.begun.get(entry.external_id, 0), it.task.spec.policy.max_undo_attempts or 3
        if entry.state is E.UNDO_FAILED and not alive and 0 < begun < most:
            it.wrong(f"25: its rollback ended, and {entry.key} was tried {begun} times, not {most}")


# ---------------------------------------------------------------------- late evidence


def _evidence(it: Decision) -> None:
    before, task = it.before, it.task
    if not it.fenced or it.who.verb != "created":
        return
    if not before.state.resting:
        if before.phase is not None and task.state is not before.state:
            it.wrong("11: late evidence moved a task at work")
        return
    if it.real and before.deleted and task.delete_time:
        it.wrong("12: late evidence did not revive a deleted task")
    if before.state in ENDED and it.real and task.state is not T.PARTIALLY_FAILED:
        it.wrong(f"11: late evidence left it {task.state.name}")
    if before.error is None and task.error is not None and task.error.reason != "LATE_EVIDENCE":
        it.wrong(f"11: late evidence is told as {task.error.reason}")


# ---------------------------------------------------------------------- at rest


def _rest(it: Decision) -> None:
    task, entries = it.task, it.known.entries.values()
    something_open = any(is_open(entry) for entry in entries)
    if task.state in ENDED:
        if something_open:
            it.wrong(f"{task.state.name} with something open")
        if it.before.state is not task.state:
            _nothing_exists(it)
    if task.state is T.SUCCEEDED and any(e.owned and e.state in UNSETTLED for e in entries):
        it.wrong("13: SUCCEEDED with something unsettled")
    if task.state in HALF_DONE and not something_open:
        it.wrong(f"{task.state.name} with nothing open")
    if task.state.resting and (task.lease or task.goal is not Goal.NONE or task.rollback):
        it.wrong("something is under way in a resting state")
    at_work = [e.key for e in entries if e.owned and e.state in (E.INTENDED, E.UNDOING)]
    if task.state.resting and at_work:
        it.wrong(f"it rests, and {at_work} are under way")
    if task.delete_time and something_open:
        it.wrong("deleted with something open")
    _success(it, entries)


def _success(it: Decision, entries: Iterable[Entry]) -> None:
    """Rule 14: what succeeded is SUCCEEDED again as soon as nothing is unsettled, unless it was rolled back.

    Where a rollback of its evidence was stopped before that was gone, it is ROLLBACK_FAILED as any other.
    """
    task, known = it.task, it.known
    if task.state is T.SUCCEEDED:
        known.succeeded = True
    elif task.undo_begun or task.state is T.QUEUED or task.cause is Cause.ROLLBACK:
        known.succeeded = False
    unsettled = any(e.owned and e.state in UNSETTLED for e in entries)
    stopped = task.state is T.ROLLBACK_FAILED and any(
        e.owned and e.is_evidence and e.state is E.CREATED for e in entries
    )
    if known.succeeded and task.state.resting and not (unsettled or stopped) and task.state is not T.SUCCEEDED:
        it.wrong(f"14: it had succeeded, nothing is unsettled, and it is {task.state.name}")


def _nothing_exists(it: Decision) -> None:
    """What ended in failure leaves nothing but what was handed over, was not ours, or is still unheard of."""
    for thing in it.cloud.things.values():
        if thing.task != it.task.task_id or not (thing.ours and thing.alive) or thing.id in it.known.handed:
            continue
        if thing.token in it.known.handed or (thing.stale and not it.known.holds(thing.id)):
            continue
        it.wrong(f"{it.task.state.name}, and {thing.id} of {thing.key} is alive")


def _sums(it: Decision) -> None:
    counts = Counts()
    for entry in it.known.entries.values():
        counts.add(entry, 1)
    told = it.task.counts
    if {s: n for s, n in told.owned.items() if n} != counts.owned or (told.foreign, told.looks) != (
        counts.foreign,
        counts.looks,
    ):
        it.wrong("its counts are not those of its entries")
    ids = [entry.external_id for entry in it.known.entries.values() if entry.external_id]
    if len(set(ids)) < len(ids):
        it.wrong(f"10: an id belongs to two entries: {sorted(ids)}")
