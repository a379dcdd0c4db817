"""Rule 23: an attempt that fails with RESOURCE_UNCERTAIN is a lost one, where its script may run again."""

from __future__ import annotations

from dataclasses import replace

from tests.domain.build import BROKEN, CREATED, DOUBT, INTENDED, NOT_CREATED, NOW, UNCERTAIN, entry, ledger, task

from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.states import Goal, Phase, TaskState
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.lifecycle.causes import told_error

IN_DOUBT = Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", "in doubt: the call that makes a failed", metadata={"key": "a"})


def running(held: Ledger | None = None, **more: object) -> Task:
    one = task(TaskState.QUEUED, held, **more)
    one.begin(Phase.RUN, "x", "w", NOW, 60)
    return one


def test_it_is_queued_at_once_and_counts_as_a_loss() -> None:
    one = running(policy=Policy(max_attempts=1, max_lost_attempts=2))
    assert one.failed(IN_DOUBT, NOW, resumable=True)
    assert (one.state, one.goal, one.error) == (TaskState.QUEUED, Goal.NONE, None)
    assert (one.losses, one.failures, one.retry_time) == (1, 0, 0)


def test_losses_are_bounded() -> None:
    one = running(policy=Policy(max_lost_attempts=2))
    assert one.failed(IN_DOUBT, NOW, resumable=True)
    one.begin(Phase.RUN, "x", "w", NOW, 60)
    assert not one.failed(IN_DOUBT, NOW, resumable=True)
    assert (one.goal, one.error) == (Goal.FAIL, IN_DOUBT)


def test_a_script_that_is_not_resumable_fails() -> None:
    one = running(policy=Policy(max_attempts=9))
    assert not one.failed(IN_DOUBT, NOW)
    assert one.goal is Goal.FAIL


def test_a_definite_failure_is_no_loss() -> None:
    one = running(policy=Policy(max_attempts=1))
    assert not one.failed(BROKEN, NOW, resumable=True)
    assert (one.goal, one.losses) == (Goal.FAIL, 0)


def test_a_cancelled_task_keeps_its_goal() -> None:
    one = running()
    one.cancel(NOW)
    assert not one.failed(IN_DOUBT, NOW, resumable=True)
    assert (one.state, one.goal) == (TaskState.CANCELLING, Goal.CANCEL)


def test_what_stays_uncertain_concludes_by_policy() -> None:
    held = ledger(entry(state=INTENDED))
    one = running(policy=Policy(on_failure=LeftoverPolicy.ROLL_BACK))
    one.counts = held.counts
    assert one.failed(IN_DOUBT, NOW, resumable=True)
    held.cannot_tell("a", held.named("a").version, DOUBT, NOW)
    one.give_up(IN_DOUBT, NOW)
    one.conclude(NOW, NOW)
    assert one.state is TaskState.ROLLING_BACK


# ---------------------------------------------------------------------- what the report says


def failed(held: Ledger, error: Failure | None = IN_DOUBT, state: TaskState = TaskState.PARTIALLY_FAILED) -> Task:
    return task(state, held, error=error)


def told(one: Task, held: Ledger) -> str:
    error = told_error(one, [e for e in held if e.open])
    return error.message if error else ""


def test_what_is_in_doubt_is_told_as_it_is() -> None:
    for state in (INTENDED, UNCERTAIN):
        held = ledger(entry(state=state, external_id=""))
        assert told(failed(held), held) == "in doubt: the call that makes a failed"


def test_what_was_found_since_is_told_so() -> None:
    held = ledger(entry(state=CREATED))
    assert told(failed(held), held) == "was in doubt, found since: the call that makes a failed"


def test_what_was_found_not_to_exist_is_told_so() -> None:
    held = ledger(entry(state=NOT_CREATED), entry("b"))
    assert told(failed(held), held) == "was in doubt, found since not to exist: the call that makes a failed"
    assert told(failed(ledger(entry(state=NOT_CREATED)), state=TaskState.FAILED), ledger()) == (
        "was in doubt, found since not to exist: the call that makes a failed"
    )


def test_where_the_ledger_was_not_read_its_numbers_tell() -> None:
    error = told_error(failed(ledger(entry(state=CREATED))))
    assert error is not None
    assert error.message == "was in doubt, found since: the call that makes a failed"
    assert (error.reason, error.metadata) == ("RESOURCE_UNCERTAIN", {"key": "a"})


def test_another_error_is_told_as_it_is() -> None:
    held = ledger(entry(state=CREATED))
    assert told_error(failed(held, BROKEN)) == BROKEN


def test_a_rollback_that_failed_after_a_success_is_told_as_its_cause() -> None:
    held = ledger(entry(state=CREATED))
    stuck = Failure(Code.FAILED_PRECONDITION, "UNDO_FAILED", "1 thing(s) could not be undone; a: it is stuck")
    one = replace(failed(held, None, TaskState.ROLLBACK_FAILED), rollback_error=stuck)
    error = told_error(one)
    assert error is not None
    assert error.reason == "UNDO_FAILED"
    assert error.message == (
        "the task had succeeded; its rollback failed: 1 thing(s) could not be undone; a: it is stuck"
    )


def test_a_rollback_of_some_after_a_success_is_told_as_that() -> None:
    held = ledger(entry(state=CREATED))
    error = told_error(failed(held, None))
    assert error is not None
    assert error.reason == "PARTLY_ROLLED_BACK"
    assert error.message == "the task had succeeded, and then some of what it made was rolled back; 1 thing(s) are left"


def test_a_task_at_work_or_well_has_no_error() -> None:
    assert told_error(task(TaskState.RUNNING)) is None
    assert told_error(task(TaskState.SUCCEEDED)) is None
    assert told_error(task(TaskState.ROLLED_BACK)) is None
