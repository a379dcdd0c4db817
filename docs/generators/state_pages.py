"""The life of a task, from the one table of its transitions."""

from __future__ import annotations

from collections.abc import Iterator

from generators import api
from generators.rendering import Rendered, table
from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.transitions import TRANSITIONS, Trigger

_ASKED_BY = {
    Trigger.RESUME: "ResumeTask",
    Trigger.ROLL_BACK: "RollbackTask",
    Trigger.UNDO_ENDED: "RollbackTask",
    Trigger.RESOLVE: "ResolveLedgerEntry",
}
"""What can only happen once the API has the method."""

_OF_ROLLBACK = {TaskState.ROLLING_BACK, TaskState.ROLLED_BACK, TaskState.ROLLBACK_FAILED}


class Transitions(Rendered):
    """`{transitions}`: which state may follow which, and why; without what no method of the API can bring about."""

    sources = ("server/wharfinger_server/domain/transitions.py", "clients/python/src/wharfinger/ledger/states.py")

    def markdown(self) -> Iterator[str]:
        """Yield the table."""
        rows = [
            (f"`{state.name}`", trigger.value, _shown(trigger, after)) for (state, trigger), after in possible().items()
        ]
        yield from table(("State", "What happens", "State after it"), rows)


def _shown(trigger: Trigger, after: set[TaskState]) -> str:
    return "gone" if trigger is Trigger.DELETE else ", ".join(f"`{one.name}`" for one in sorted(after))


def possible() -> dict[tuple[TaskState, Trigger], set[TaskState]]:
    """Return the transitions that can happen today, in the order of the states."""
    methods = {method.name for method in api.service("TaskService").methods}
    hidden = set() if "RollbackTask" in methods else _OF_ROLLBACK
    return {
        (state, trigger): set(after) - hidden
        for (state, trigger), after in sorted(TRANSITIONS.items(), key=lambda item: item[0][0])
        if _ASKED_BY.get(trigger, "CreateTask") in methods and state not in hidden
    }
