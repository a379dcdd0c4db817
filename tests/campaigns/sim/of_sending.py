"""What must be true of calls that were not sent, and of attempts that end in doubt: rules 21 to 23."""

from __future__ import annotations

from tests.campaigns.sim.decision import Decision

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import EntryState as E
from wharfinger.ledger.states import Phase
from wharfinger.ledger.states import TaskState as T
from wharfinger.runtime import protocol

SOUGHT = (E.INTENDED, E.UNCERTAIN)


def check_sending(it: Decision) -> None:
    """Check what a report that a call was not sent did."""
    if it.who.verb == "not_sent":
        _not_sent(it)


def _not_sent(it: Decision) -> None:
    keys, number = it.who.said[:2]
    closed = [key for key, e in it.real.items() if e.state is E.NOT_CREATED and it.old[key].state in SOUGHT]
    for key in closed:
        was, entry = it.old[key], it.real[key]
        if key not in keys or not _is_call(it, was, number):
            it.wrong(f"21: {key}, intent {was.epoch}.{was.number}, is closed by a word about {it.who.epoch}.{number}")
        if entry.generation != was.generation or entry.burnt:
            it.wrong(f"21: {key} loses its token by a word that it was not sent")
        _nothing_there(it, was)
    calls = {it.old[key].token for key in keys if key in it.old and _is_call(it, it.old[key], number)}
    parts = [e for e in it.old.values() if e.token in calls and _is_call(it, e, number)]
    left_out = [e.key for e in parts if e.key not in keys]
    if left_out and closed:
        it.wrong(f"22: {closed} are closed by a word that was not about {left_out}, of the same call")
    if left_out or any(e.external_id for e in parts):
        return
    open_still = [e.key for e in parts if e.state is E.INTENDED or (not e.group and e.state is E.UNCERTAIN)]
    if missed := [key for key in open_still if it.known.entries[key].state is not E.NOT_CREATED]:
        it.wrong(f"{'22' if len(parts) > 1 else '21'}: {missed} stay as they were, though their call was not sent")


def _is_call(it: Decision, entry: Entry, number: int) -> bool:
    return (entry.epoch, entry.number) == (it.who.epoch, number) and "~" not in entry.key


def _nothing_there(it: Decision, was: Entry) -> None:
    held = {e.external_id for e in it.known.entries.values()}
    things = {t.id for t in it.cloud.things.values() if t.token == was.token and t.alive and not t.stale} - held
    others = sum(e.token == was.token and e.state in SOUGHT and not e.external_id for e in it.known.entries.values())
    if len(things) > others:
        it.wrong(f"21: {was.key} is said not to have been sent, and {sorted(things)} are alive")
    if any(r.token == was.token and not r.stale for r in it.cloud.requests):
        it.wrong(f"21: {was.key} is said not to have been sent, and a call for it is on its way")


def check_going_on(it: Decision) -> None:
    """Rule 23: doubt counts as a loss where the script may run again; what is definite is kept."""
    before, task = it.before, it.task
    if task.losses > max(before.losses, task.spec.policy.losses):
        it.wrong(f"23: lost {task.losses} times, and {task.spec.policy.losses} were allowed")
    finished = it.who.verb == "finish" and not it.fenced and before.phase is Phase.RUN
    if not finished or not isinstance(it.who.said[0], protocol.Failure) or before.state is not T.RUNNING:
        return
    error = task.attempts[-1].error
    if it.who.stopped and task.losses > before.losses:
        it.wrong("23: an attempt whose time was up counts as lost because it ended in doubt")
    doubt = error is not None and error.reason == "RESOURCE_UNCERTAIN"
    if not doubt or not it.cloud.resumable:
        if error is not None and not error.retryable and task.state is T.QUEUED:
            it.wrong(f"23: it goes on after {error.reason}, which is definite")
        return
    if task.losses != before.losses + 1:
        it.wrong("23: an attempt that ended in doubt does not count as a loss")
    if task.losses < task.spec.policy.losses and (task.state is not T.QUEUED or task.retry_time):
        it.wrong(f"23: it ended in doubt with losses left, and is {task.state.name}, to be tried at {task.retry_time}")
    if task.losses >= task.spec.policy.losses and task.state is T.QUEUED:
        it.wrong("23: it goes on though it was lost as often as allowed")
