"""A person's verdict on one ledger entry of a task, and where it leads the task."""

from __future__ import annotations

from wharfinger.ledger import verdict as verdicts
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition, invalid
from wharfinger.ledger.states import EntryState, TaskState
from wharfinger.ledger.verdict import POSSIBLE, Verdict
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.transitions import Trigger

_OF_A_SUCCESS = frozenset({Verdict.RETAIN, Verdict.FORGET})
"""What may be said of what a task made that SUCCEEDED: that it goes over to the person."""


def resolve(task: Task, ledger: Ledger, key: str, verdict: Verdict, external_id: str, now: int) -> list[Entry]:
    """Take a person's verdict on `key` and let the task go where it leads; return the entries that changed.

    `external_id` is needed for CREATED where the entry has no id. Raises FailedPrecondition: STATE_FORBIDS where task
    or entry are in a state that the verdict is not for, KEY_UNKNOWN, TASK_NOT_SETTLED where nobody can tell yet; and
    InvalidArgument for an id that is missing or wrong.
    """
    task.require(Trigger.RESOLVE)
    entry = ledger.named(key)
    possible = POSSIBLE.get(entry.state, frozenset()) if entry.open else frozenset()
    if task.state is TaskState.SUCCEEDED:
        possible &= _OF_A_SUCCESS
    if verdict not in possible:
        raise _not_for(task, entry, verdict, possible)
    if entry.external_id and external_id not in ("", entry.external_id):
        raise invalid("external_id", f"{key} is {entry.external_id}; it cannot be {external_id} as well")
    changed = verdicts.take(ledger, entry, verdict, external_id, now)
    task.resolved(now)
    return changed


def said_already(ledger: Ledger, key: str, verdict: Verdict, external_id: str) -> bool:
    """Whether the entry is what the verdict would make of it, as when it is given again."""
    entry = ledger.get(key)
    if entry is None or entry.state is not _LEADS_TO.get(verdict):
        return False
    if verdict is Verdict.CREATED:
        return entry.owned and bool(entry.external_id) and external_id in ("", entry.external_id)
    return True


_LEADS_TO = {
    Verdict.CREATED: EntryState.CREATED,
    Verdict.NOT_CREATED: EntryState.NOT_CREATED,
    Verdict.RETAIN: EntryState.RETAINED,
    Verdict.FORGET: EntryState.FORGOTTEN,
    Verdict.GONE: EntryState.UNDONE,
}


def _not_for(task: Task, entry: Entry, verdict: Verdict, possible: frozenset[Verdict]) -> FailedPrecondition:
    state = entry.state.name if entry.owned else f"{entry.state.name} and not owned"
    of = f", of a task that {task.state.name}" if task.state is TaskState.SUCCEEDED else ""
    names = ", ".join(one.name for one in sorted(possible))
    return FailedPrecondition(
        "STATE_FORBIDS",
        f"{entry.key} is {state}{of}: the verdict {verdict.name} is not possible"
        + (f"; possible: {names}" if names else ""),
        {"task": task.name, "key": entry.key, "state": entry.state.name},
    )
