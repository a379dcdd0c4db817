"""The transition table: what is in it, what is refused, and that every verb keeps to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.domain.build import NOW, entry, ledger, running, task

from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.states import Cause, TaskState
from wharfinger.ledger.verdict import Verdict
from wharfinger_server.domain import rollback
from wharfinger_server.domain.resolving import resolve
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.transitions import TRANSITIONS, Trigger

TABLE = {
    "QUEUED": {"LEASE": "RUNNING", "GIVE_UP": "RUNNING", "CANCEL": "CANCELLED CANCELLING"},
    "RUNNING": {
        "CANCEL": "CANCELLING",
        "RESULT": "SUCCEEDED RUNNING",
        "RETRY": "QUEUED",
        "CONCLUDE": "SUCCEEDED FAILED PARTIALLY_FAILED ROLLING_BACK",
    },
    "CANCELLING": {"CONCLUDE": "CANCELLED PARTIALLY_FAILED ROLLING_BACK"},
    "ROLLING_BACK": {
        "CANCEL": "ROLLING_BACK",
        "UNDO_ENDED": "FAILED CANCELLED ROLLED_BACK SUCCEEDED PARTIALLY_FAILED ROLLBACK_FAILED",
    },
    "SUCCEEDED": {
        "ROLL_BACK": "ROLLING_BACK",
        "RESOLVE": "SUCCEEDED",
        "EVIDENCE": "PARTIALLY_FAILED",
        "DELETE": "SUCCEEDED",
    },
    "FAILED": {"EVIDENCE": "PARTIALLY_FAILED", "DELETE": "FAILED"},
    "CANCELLED": {"EVIDENCE": "PARTIALLY_FAILED", "DELETE": "CANCELLED"},
    "ROLLED_BACK": {"EVIDENCE": "PARTIALLY_FAILED", "DELETE": "ROLLED_BACK"},
    "PARTIALLY_FAILED": {
        "RESUME": "QUEUED",
        "ROLL_BACK": "ROLLING_BACK",
        "RESOLVE": "PARTIALLY_FAILED FAILED CANCELLED ROLLED_BACK SUCCEEDED",
        "EVIDENCE": "PARTIALLY_FAILED SUCCEEDED",
    },
    "ROLLBACK_FAILED": {
        "ROLL_BACK": "ROLLING_BACK",
        "RESOLVE": "ROLLBACK_FAILED FAILED CANCELLED ROLLED_BACK SUCCEEDED",
        "EVIDENCE": "ROLLBACK_FAILED",
    },
}
"""The table, written down once more: a change of it must be meant."""

CELLS = [(state, trigger) for state in TaskState for trigger in Trigger]


def targets(state: TaskState, trigger: Trigger) -> set[TaskState]:
    """Return where `trigger` may lead from `state`."""
    return {TaskState[name] for name in TABLE[state.name].get(trigger.name, "").split()}


@pytest.mark.parametrize(("state", "trigger"), CELLS, ids=lambda value: value.name)
def test_each_cell_of_the_table_leads_where_it_says_and_nowhere_else(state: TaskState, trigger: Trigger) -> None:
    for to in TaskState:
        one = task(state)
        if to in targets(state, trigger):
            one.move(trigger, to)
            assert one.state is to
        else:
            with pytest.raises(FailedPrecondition) as caught:
                one.move(trigger, to)
            assert caught.value.reason == "STATE_FORBIDS"
            assert one.state is state


def test_the_table_has_no_empty_cells() -> None:
    assert {(s, t) for s, t in CELLS if targets(s, t)} == set(TRANSITIONS)


VERBS: dict[Trigger, Callable[[Task, Ledger], object]] = {
    Trigger.CANCEL: lambda one, held: one.cancel(NOW),
    Trigger.RESUME: lambda one, held: one.resume(),
    Trigger.ROLL_BACK: lambda one, held: rollback.begin(one, held, (), (), NOW),
    Trigger.RESOLVE: lambda one, held: resolve(one, held, "a", Verdict.RETAIN, "", NOW),
    Trigger.DELETE: lambda one, held: one.delete(NOW),
}


@pytest.mark.parametrize("trigger", VERBS, ids=lambda value: value.name)
@pytest.mark.parametrize("state", TaskState, ids=lambda value: value.name)
def test_what_a_person_asks_is_done_or_refused_as_the_table_says(state: TaskState, trigger: Trigger) -> None:
    held = ledger() if trigger is Trigger.DELETE else ledger(entry("a"))
    one = task(state, held)
    if (state, trigger) == (TaskState.CANCELLED, Trigger.CANCEL):
        VERBS[trigger](one, held)
        assert one == task(state, held), "to cancel what is cancelled changes nothing"
        return
    if targets(state, trigger) or (state, trigger) == (TaskState.CANCELLING, Trigger.CANCEL):
        VERBS[trigger](one, held)
        assert one.state in targets(state, trigger) | {TaskState.CANCELLING}
        return
    with pytest.raises(FailedPrecondition) as caught:
        VERBS[trigger](one, held)
    assert one == task(state, held)
    assert caught.value.reason == "STATE_FORBIDS"
    assert caught.value.metadata["state"] == state.name
    allowed = {name for name, row in TABLE.items() if trigger.name in row}
    assert set(caught.value.allowed) == allowed
    assert state.name in caught.value.message


@pytest.mark.parametrize("cause", Cause, ids=lambda value: value.name)
def test_a_half_done_task_is_cancelled_again_only_where_a_cancel_made_it_so(cause: Cause) -> None:
    held = ledger(entry("a"))
    one = task(TaskState.PARTIALLY_FAILED, held, cause=cause)
    if cause is not Cause.CANCEL:
        with pytest.raises(FailedPrecondition):
            one.cancel(NOW)
    else:
        one.cancel(NOW)
    assert one == task(TaskState.PARTIALLY_FAILED, held, cause=cause)


@pytest.mark.parametrize("state", [state for state in TaskState if not state.resting], ids=lambda value: value.name)
def test_a_task_at_work_is_not_moved_by_late_evidence(state: TaskState) -> None:
    one = running() if state is TaskState.RUNNING else task(state)
    assert not one.late_evidence(one.error, NOW)  # type: ignore[arg-type]
    assert one.state is state


def test_a_refusal_tells_what_is_possible_instead() -> None:
    with pytest.raises(FailedPrecondition, match="possible: resume, roll back, resolve"):
        task(TaskState.PARTIALLY_FAILED, ledger(entry())).cancel(NOW)


def test_what_is_possible_looks_beyond_the_state() -> None:
    assert task(TaskState.PARTIALLY_FAILED, ledger(entry()), undo_begun=True).allowed() == ["roll back", "resolve"]
    assert task(TaskState.SUCCEEDED, ledger(entry())).allowed() == ["roll back", "resolve"]
    assert task(TaskState.SUCCEEDED, ledger()).allowed() == ["delete"]
    assert task(TaskState.QUEUED).allowed() == ["cancel"]
