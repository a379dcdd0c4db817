"""Which steps of the transition table happened in a history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.transitions import TRANSITIONS, Trigger


def _name(state: TaskState, trigger: Trigger, to: TaskState) -> str:
    return f"{state.name}, {trigger.name.lower()} > {to.name}"


ALL = tuple(_name(state, trigger, to) for (state, trigger), steps in TRANSITIONS.items() for to in sorted(steps))


def never(seen: Mapping[str, int]) -> list[str]:
    """Return the steps of the table that were not seen."""
    return [name for name in ALL if not seen.get(name)]


@contextmanager
def counting(seen: Counter[str]) -> Iterator[None]:
    """Count the steps that tasks take, and those decisions of the table that leave a task where it is."""
    move, delete, cancel = Task.move, Task.delete, Task.cancel
    finished, evidence = Task.finished, Task.late_evidence

    def moved(task: Task, trigger: Trigger, to: TaskState) -> None:
        before = task.state
        move(task, trigger, to)
        seen[_name(before, trigger, to)] += 1

    def deleted(task: Task, now: int) -> None:
        delete(task, now)
        seen[_name(task.state, Trigger.DELETE, task.state)] += 1

    def cancelled(task: Task, now: int) -> None:
        before = task.state
        cancel(task, now)
        if before is TaskState.ROLLING_BACK is task.state:
            seen[_name(before, Trigger.CANCEL, before)] += 1

    def ended(task: Task, result: bytes, now: int) -> None:
        before = task.state
        finished(task, result, now)
        if before is TaskState.RUNNING is task.state:
            seen[_name(before, Trigger.RESULT, before)] += 1

    def heard(task: Task, error: object, now: int) -> bool:
        before = task.state
        result = evidence(task, error, now)  # type: ignore[arg-type]
        if before is task.state and before.resting:
            seen[_name(before, Trigger.EVIDENCE, before)] += 1
        return result

    with (
        patch.object(Task, "move", moved),
        patch.object(Task, "delete", deleted),
        patch.object(Task, "cancel", cancelled),
        patch.object(Task, "finished", ended),
        patch.object(Task, "late_evidence", heard),
    ):
        yield
