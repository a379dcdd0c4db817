"""What must be true of a task at its end, seen from outside: its ledger as the server tells it, and what exists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.servers.cloud_oracle import Thing

from wharfinger.models import LedgerEntry, LedgerEntryState, Task, TaskState

LINKS = ("attachment", "association")
KEPT = (LedgerEntryState.CREATED, LedgerEntryState.RETAINED)
GONE = (LedgerEntryState.UNDONE, LedgerEntryState.NOT_CREATED)
ENDED = (TaskState.FAILED, TaskState.CANCELLED, TaskState.ROLLED_BACK)


def kind_of(entry: LedgerEntry) -> str:
    """Return node, volume, address, attachment or association."""
    return entry.type.rpartition(".")[2]


def check(task: Task, entries: Sequence[LedgerEntry], things: Iterable[Thing]) -> list[str]:
    """Return what is wrong with a task at its end. `things` are those of its that exist."""
    alive = {thing.id: thing for thing in things}
    wrongs = [*_unknown(entries, alive), *_agrees(entries, alive), *_twice(entries)]
    if task.state in ENDED:
        kept = {entry.external_id for entry in entries if entry.state is LedgerEntryState.RETAINED}
        wrongs += [f"{one} exists after the end of {task.state.name}" for one in sorted(set(alive) - kept)]
        wrongs += [
            f"{entry.key} is {entry.state.name} in a task that is {task.state.name}"
            for entry in entries
            if entry.owned and not entry.state.closed
        ]
    if task.state is TaskState.SUCCEEDED:
        wrongs += _complete(task, entries, alive)
    if not task.state.resting:
        wrongs.append(f"it has not ended: it is {task.state.name}")
    return [f"{task.name}: {wrong}" for wrong in wrongs]


def _unknown(entries: Sequence[LedgerEntry], alive: dict[str, Thing]) -> list[str]:
    known = {entry.external_id for entry in entries if entry.state not in GONE}
    return [f"the {alive[one].kind} {one} exists and no ledger knows it" for one in sorted(set(alive) - known)]


def _agrees(entries: Sequence[LedgerEntry], alive: dict[str, Thing]) -> list[str]:
    wrongs = []
    for entry in entries:
        said = f"{entry.key} ({entry.external_id}) is {entry.state.name}"
        if kind_of(entry) in LINKS:
            one, _, node = entry.external_id.partition(":")
            there = one in alive and alive[one].attached == node
        else:
            there = entry.external_id in alive
        if entry.state in KEPT and not there:
            wrongs.append(f"{said}, but it does not exist")
        if entry.state in GONE and there:
            wrongs.append(f"{said}, but it exists")
    return wrongs


def _twice(entries: Sequence[LedgerEntry]) -> list[str]:
    return [
        f"{entry.key} exists beside {entry.evidence_of}: it was made twice"
        for entry in entries
        if entry.evidence_of and entry.state in KEPT
    ]


def _complete(task: Task, entries: Sequence[LedgerEntry], alive: dict[str, Thing]) -> list[str]:
    asked = task.params
    count = int(asked.get("count", 1))
    wanted = {"node": count, "volume": count * len(asked.get("volumes", []))}
    wanted["address"] = count if asked.get("addresses") else 0
    wrongs = []
    for kind, number in wanted.items():
        there = [thing for thing in alive.values() if thing.kind == kind]
        if len(there) != number:
            wrongs.append(f"it succeeded with {len(there)} of {number} of kind {kind}")
        if kind != "node" and any(thing.attached not in alive for thing in there):
            wrongs.append(f"it succeeded with a {kind} that hangs on no node")
    return wrongs
