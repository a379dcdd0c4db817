"""What must be true of a task at its end: its ledger as the server tells it, against what the provider has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.campaigns.chaos.provider import Thing

from wharfinger.models import LedgerEntry, LedgerEntryState, Task, TaskState

KEPT = (LedgerEntryState.CREATED, LedgerEntryState.RETAINED)
GONE = (LedgerEntryState.UNDONE, LedgerEntryState.NOT_CREATED)
ENDED = (TaskState.FAILED, TaskState.CANCELLED, TaskState.ROLLED_BACK)


def check(task: Task, entries: Sequence[LedgerEntry], things: Iterable[Thing]) -> list[str]:
    """Return what is wrong with a task at its end. `things` are those of its that exist."""
    alive = {thing.id: thing for thing in things}
    known = {entry.external_id: entry for entry in entries if entry.external_id and entry.state not in GONE}
    wrongs = [f"{one} of {alive[one].key} exists and no ledger knows it" for one in sorted(set(alive) - set(known))]
    for entry in entries:
        said = f"{entry.key} ({entry.external_id}) is {entry.state.name}"
        if entry.state in KEPT and entry.external_id not in alive:
            wrongs.append(f"{said}, but it does not exist")
        if entry.state in GONE and entry.external_id in alive:
            wrongs.append(f"{said}, but it exists")
        if entry.evidence_of and entry.state in KEPT:
            wrongs.append(f"{entry.key} exists beside {entry.evidence_of}: it was made twice")
    if task.state in ENDED:
        kept = {entry.external_id for entry in entries if entry.state is LedgerEntryState.RETAINED}
        wrongs += [f"{one} exists after the end of {task.state.name}" for one in sorted(set(alive) - kept)]
        wrongs += [
            f"{entry.key} is {entry.state.name} in a task that is {task.state.name}"
            for entry in entries
            if entry.owned and not entry.state.closed
        ]
    if task.state is TaskState.SUCCEEDED:
        there = sorted(thing.key for thing in alive.values())
        if there != sorted(task.params["keys"]):
            wrongs.append(f"it succeeded with {there} of {sorted(task.params['keys'])}")
    if not task.state.resting:
        wrongs.append(f"it has not ended: it is {task.state.name}")
    return [f"{task.name}: {wrong}" for wrong in wrongs]
