"""Rules 13 to 15, and how attempts, settling and a person's wishes end or go on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.domain.build import (
    BROKEN,
    CREATED,
    DOUBT,
    FORGOTTEN,
    INTENDED,
    LATE,
    LOST,
    NOT_CREATED,
    NOW,
    RETAINED,
    RETRYABLE,
    UNCERTAIN,
    UNDO_FAILED,
    UNDONE,
    entry,
    ledger,
    running,
    task,
)

from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.states import Cause, EntryState, Goal, Phase, TaskState
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.domain.task import MAX_ATTEMPTS_KEPT, Rollback

ROLL_BACK = Policy(on_failure=LeftoverPolicy.ROLL_BACK, on_cancel=LeftoverPolicy.ROLL_BACK)


# ---------------------------------------------------------------------- rule 13


@pytest.mark.parametrize("state", [CREATED, NOT_CREATED, UNDONE], ids=lambda state: state.name)
def test_rule_13_a_result_with_all_settled_succeeds_at_once(state: EntryState) -> None:
    one = running(ledger(entry(state=state)))
    one.finished(b"{}", NOW + 9)
    assert (one.state, one.cause, one.result, one.end_time) == (TaskState.SUCCEEDED, Cause.SUCCESS, b"{}", NOW + 9)
    assert (one.lease, one.epoch) == (None, 2)


@pytest.mark.parametrize("state", [INTENDED, UNCERTAIN, UNDO_FAILED], ids=lambda state: state.name)
def test_rule_13_a_result_is_taken_only_after_settling(state: EntryState) -> None:
    held = ledger(entry(state=state))
    one = running(held)
    one.finished(b"{}", NOW)
    assert (one.state, one.goal) == (TaskState.RUNNING, Goal.SUCCEED)
    one.conclude(NOW, NOW)
    assert (one.state, one.cause, one.result) == (TaskState.PARTIALLY_FAILED, Cause.FAIL, b"")


def test_rule_13_a_pending_result_succeeds_once_the_rest_is_found() -> None:
    held = ledger(entry(state=INTENDED))
    one = running(held)
    one.finished(b"{}", NOW)
    held.found("a", held.named("a").version, ["x"], NOW + 100, NOW + 100)
    one.conclude(NOW, NOW)
    assert (one.state, one.cause, one.result) == (TaskState.SUCCEEDED, Cause.SUCCESS, b"{}")


def test_a_pending_result_with_doubts_is_never_rolled_back_by_policy() -> None:
    one = task(TaskState.RUNNING, ledger(entry(state=UNCERTAIN)), policy=ROLL_BACK, goal=Goal.SUCCEED)
    one.conclude(NOW, NOW)
    assert one.state is TaskState.PARTIALLY_FAILED


# ---------------------------------------------------------------------- rule 14


def test_rule_14_what_a_success_leaves_is_not_open_for_it() -> None:
    assert task(TaskState.PARTIALLY_FAILED, ledger(entry()), cause=Cause.SUCCESS).rest_state() is TaskState.SUCCEEDED
    assert (
        task(TaskState.PARTIALLY_FAILED, ledger(entry()), cause=Cause.FAIL).rest_state() is TaskState.PARTIALLY_FAILED
    )


@pytest.mark.parametrize("state", [INTENDED, UNCERTAIN, UNDO_FAILED], ids=lambda state: state.name)
def test_rule_14_what_is_unsettled_keeps_a_success_open(state: EntryState) -> None:
    one = task(TaskState.PARTIALLY_FAILED, ledger(entry("a"), entry("a~1", state)), cause=Cause.SUCCESS)
    assert one.rest_state() is TaskState.PARTIALLY_FAILED


def test_rule_14_a_success_that_is_being_undone_is_one_no_more() -> None:
    one = task(TaskState.PARTIALLY_FAILED, ledger(entry()), cause=Cause.SUCCESS, undo_begun=True)
    assert one.rest_state() is TaskState.PARTIALLY_FAILED
    one.counts = ledger(entry(state=UNDONE)).counts
    assert one.rest_state() is TaskState.ROLLED_BACK


@pytest.mark.parametrize(
    ("cause", "state"),
    [(Cause.FAIL, TaskState.FAILED), (Cause.CANCEL, TaskState.CANCELLED), (Cause.ROLLBACK, TaskState.ROLLED_BACK)],
    ids=lambda value: value.name,
)
def test_with_nothing_open_a_task_is_what_caused_its_end(cause: Cause, state: TaskState) -> None:
    closed = ledger(entry("a", NOT_CREATED), entry("b", UNDONE), entry("c", RETAINED), entry("d", FORGOTTEN))
    assert task(TaskState.PARTIALLY_FAILED, closed, cause=cause).rest_state() is state
    assert task(TaskState.ROLLBACK_FAILED, closed, cause=cause).rest_state() is state


def test_with_something_open_a_failed_rollback_stays_one() -> None:
    assert task(TaskState.ROLLBACK_FAILED, ledger(entry())).rest_state() is TaskState.ROLLBACK_FAILED


# ---------------------------------------------------------------------- rule 15


def test_rule_15_cancel_wins_over_a_result() -> None:
    one = running(ledger())
    one.cancel(NOW)
    one.finished(b"{}", NOW)
    assert (one.state, one.goal, one.result) == (TaskState.CANCELLING, Goal.CANCEL, b"")
    one.conclude(NOW, NOW)
    assert (one.state, one.cause) == (TaskState.CANCELLED, Cause.CANCEL)


def test_rule_15_cancel_wins_over_a_result_that_waits_for_settling() -> None:
    held = ledger(entry(state=INTENDED))
    one = running(held)
    one.finished(b"{}", NOW)
    one.cancel(NOW)
    assert (one.state, one.goal) == (TaskState.CANCELLING, Goal.CANCEL)
    held.found("a", held.named("a").version, [], NOW + 100, NOW + 100)
    one.conclude(NOW, NOW)
    assert (one.state, one.result) == (TaskState.CANCELLED, b"")


def test_rule_15_every_end_of_a_lease_raises_the_epoch() -> None:
    ends = {
        "result": lambda one: one.finished(b"{}", NOW),
        "failure": lambda one: one.failed(BROKEN, NOW),
        "retry": lambda one: one.failed(RETRYABLE, NOW),
        "loss": lambda one: one.lost(LOST, NOW, resumable=True),
        "settled": lambda one: one.attempt_over(NOW),
    }
    for what, end in ends.items():
        one = running(policy=Policy(max_attempts=2))
        assert one.holds(1)
        end(one)
        assert (what, one.epoch, one.lease, one.holds(1), one.holds(2)) == (what, 2, None, False, False)


def test_rule_15_an_attempt_does_not_hold_the_lease_of_the_next() -> None:
    one = running()
    one.lost(LOST, NOW, resumable=True)
    one.begin(Phase.RUN, "x", "w", NOW, 60)
    assert not one.holds(1)
    assert not one.holds(2)
    assert one.holds(3)


def test_a_cancelled_attempt_that_fails_or_is_lost_is_not_tried_again() -> None:
    for end in (lambda one: one.failed(RETRYABLE, NOW), lambda one: one.lost(LOST, NOW, resumable=True)):
        one = running(policy=Policy(max_attempts=9))
        one.cancel(NOW)
        assert end(one) is False  # type: ignore[no-untyped-call]
        assert (one.state, one.goal, one.error) == (TaskState.CANCELLING, Goal.CANCEL, None)


# ---------------------------------------------------------------------- attempts


def test_a_retryable_failure_is_tried_again_while_attempts_are_left() -> None:
    one = running(policy=Policy(max_attempts=2))
    assert one.failed(RETRYABLE, NOW)
    assert (one.state, one.goal, one.error) == (TaskState.QUEUED, Goal.NONE, None)
    one.begin(Phase.RUN, "x", "w", NOW, 60)
    assert not one.failed(RETRYABLE, NOW)
    assert (one.state, one.goal, one.error) == (TaskState.RUNNING, Goal.FAIL, RETRYABLE)


def test_a_failure_that_is_not_retryable_is_the_end() -> None:
    one = running(policy=Policy(max_attempts=9))
    assert not one.failed(BROKEN, NOW)
    assert one.goal is Goal.FAIL


def test_losses_do_not_use_up_the_attempts_that_may_fail() -> None:
    one = running(policy=Policy(max_attempts=2))
    assert one.lost(LOST, NOW, resumable=True)
    one.begin(Phase.RUN, "x", "w", NOW, 60)
    assert one.failed(RETRYABLE, NOW)
    assert one.runs == 2


def test_a_task_that_costs_its_executor_as_often_as_allowed_fails() -> None:
    one = running(policy=Policy(max_lost_attempts=2))
    assert one.lost(LOST, NOW, resumable=True)
    one.begin(Phase.RUN, "x", "w", NOW, 60)
    assert not one.lost(LOST, NOW, resumable=True)
    assert (one.goal, one.error) == (Goal.FAIL, LOST)


def test_a_script_that_is_not_resumable_is_not_run_again_after_a_loss() -> None:
    one = running()
    assert not one.lost(LOST, NOW, resumable=False)
    assert one.goal is Goal.FAIL


def test_a_lost_settle_attempt_is_repeated_but_not_for_ever() -> None:
    one = task(TaskState.QUEUED, ledger(entry(state=INTENDED)), policy=Policy(max_lost_attempts=2))
    again = []
    for _ in range(2):
        one.begin(Phase.SETTLE, "x", "w", NOW, 60)
        again.append(one.lost(LOST, NOW, resumable=False))
    assert again == [True, False]
    assert (one.state, one.losses, one.goal) == (TaskState.QUEUED, 0, Goal.NONE)


def test_a_settle_attempt_that_ends_well_forgets_the_losses() -> None:
    one = task(TaskState.QUEUED, ledger(entry(state=INTENDED)), settle_losses=1)
    one.begin(Phase.SETTLE, "x", "w", NOW, 60)
    one.attempt_over(NOW)
    assert one.settle_losses == 0


def test_the_last_attempts_are_kept_with_how_they_ended() -> None:
    one = task(policy=Policy(max_attempts=99))
    for n in range(MAX_ATTEMPTS_KEPT + 3):
        one.begin(Phase.RUN, "x", f"w{n}", NOW + n, 60)
        one.failed(RETRYABLE, NOW + n + 1)
    assert len(one.attempts) == MAX_ATTEMPTS_KEPT
    last = one.attempts[-1]
    assert (last.worker, last.end_time, last.error) == (
        f"w{MAX_ATTEMPTS_KEPT + 2}",
        NOW + MAX_ATTEMPTS_KEPT + 3,
        RETRYABLE,
    )


def test_a_leased_task_is_not_leased_again() -> None:
    one = running()
    with pytest.raises(FailedPrecondition):
        one.begin(Phase.SETTLE, "x", "w", NOW, 60)


@pytest.mark.parametrize("state", [state for state in TaskState if state.resting], ids=lambda state: state.name)
@pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.name)
def test_a_task_at_rest_is_not_leased(state: TaskState, phase: Phase) -> None:
    one = task(state)
    with pytest.raises(FailedPrecondition):
        one.begin(phase, "x", "w", NOW, 60)
    assert one.lease is None


def test_undo_attempts_belong_to_rollbacks() -> None:
    with pytest.raises(FailedPrecondition):
        task(TaskState.QUEUED).begin(Phase.UNDO, "x", "w", NOW, 60)
    one = task(TaskState.ROLLING_BACK)
    one.begin(Phase.UNDO, "x", "w", NOW, 60)
    assert one.lease is not None
    assert one.lease.phase is Phase.UNDO
    assert one.lost(LOST, NOW, resumable=False)
    assert one.state is TaskState.ROLLING_BACK


# ---------------------------------------------------------------------- concluding


@pytest.mark.parametrize(
    ("goal", "state"), [(Goal.FAIL, TaskState.RUNNING), (Goal.CANCEL, TaskState.CANCELLING)], ids=lambda v: v.name
)
def test_concluding_goes_by_what_is_open_and_by_policy(goal: Goal, state: TaskState) -> None:
    ended = TaskState.FAILED if goal is Goal.FAIL else TaskState.CANCELLED
    nothing = task(state, ledger(entry(state=NOT_CREATED)), goal=goal, policy=ROLL_BACK)
    nothing.conclude(NOW, NOW)
    assert (nothing.state, nothing.end_time, nothing.goal) == (ended, NOW, Goal.NONE)

    kept = task(state, ledger(entry()), goal=goal)
    kept.conclude(NOW, NOW)
    assert kept.state is TaskState.PARTIALLY_FAILED

    undone = task(state, ledger(entry()), goal=goal, policy=ROLL_BACK)
    undone.conclude(NOW, NOW)
    assert (undone.state, undone.undo_begun, undone.end_time) == (TaskState.ROLLING_BACK, True, 0)
    assert undone.rollback == Rollback(by_person=False, begin_time=NOW)

    again = task(state, ledger(entry()), goal=goal, policy=ROLL_BACK, undo_begun=True)
    again.conclude(NOW, NOW)
    assert again.state is TaskState.PARTIALLY_FAILED


def test_what_is_not_ours_does_not_keep_a_failed_task_open() -> None:
    one = task(TaskState.RUNNING, ledger(entry(owned=False)), goal=Goal.FAIL)
    one.conclude(NOW, NOW)
    assert one.state is TaskState.FAILED


# ---------------------------------------------------------------------- what people ask


def test_cancelling_a_queued_task_that_made_nothing_ends_it_at_once() -> None:
    one = task(TaskState.QUEUED, wake_time=NOW + 5)
    one.cancel(NOW)
    assert (one.state, one.cause, one.end_time, one.wake_time) == (TaskState.CANCELLED, Cause.CANCEL, NOW, 0)


def test_cancelling_a_queued_task_with_a_ledger_settles_first() -> None:
    one = task(TaskState.QUEUED, ledger(entry(state=NOT_CREATED)))
    one.cancel(NOW)
    assert (one.state, one.goal) == (TaskState.CANCELLING, Goal.CANCEL)


def test_cancelling_twice_changes_nothing() -> None:
    one = running()
    one.cancel(NOW)
    one.cancel(NOW)
    assert (one.state, one.goal) == (TaskState.CANCELLING, Goal.NONE)


def test_cancelling_while_it_settles_needs_no_other_end() -> None:
    one = task(TaskState.RUNNING, ledger(entry(state=INTENDED)), goal=Goal.FAIL, error=BROKEN)
    one.begin(Phase.SETTLE, "x", "w", NOW, 60)
    one.cancel(NOW)
    assert (one.state, one.goal, one.error) == (TaskState.CANCELLING, Goal.CANCEL, BROKEN)


def test_resume_queues_the_task_anew_with_what_it_made() -> None:
    held = ledger(entry())
    one = task(TaskState.PARTIALLY_FAILED, held, failures=3, losses=4, runs=7, error=BROKEN, expire_time=9)
    one.resume()
    assert (one.state, one.cause, one.error, one.end_time, one.expire_time) == (
        TaskState.QUEUED,
        Cause.NONE,
        None,
        0,
        0,
    )
    assert (one.failures, one.losses, one.runs) == (0, 0, 7)
    assert one.counts is held.counts


def test_nothing_is_resumed_once_undo_has_begun() -> None:
    one = task(TaskState.PARTIALLY_FAILED, ledger(entry()), undo_begun=True)
    with pytest.raises(FailedPrecondition, match="begun to be undone"):
        one.resume()
    assert one.state is TaskState.PARTIALLY_FAILED


@pytest.mark.parametrize(
    "state",
    [s for s in EntryState if s not in (NOT_CREATED, UNDONE, RETAINED, FORGOTTEN)],
    ids=lambda state: state.name,
)
def test_nothing_is_deleted_while_something_may_be_alive(state: EntryState) -> None:
    one = task(TaskState.SUCCEEDED, ledger(entry(state=state)))
    assert not one.purgeable
    with pytest.raises(FailedPrecondition) as caught:
        one.delete(NOW)
    assert (caught.value.reason, caught.value.metadata) == ("LEFTOVERS_ALIVE", {"task": one.name, "count": "1"})
    assert one.delete_time == 0


def test_what_was_handed_over_or_was_never_ours_may_be_deleted() -> None:
    held = ledger(entry("a", RETAINED, owned=False), entry("b", FORGOTTEN, owned=False), entry("c", owned=False))
    one = task(TaskState.SUCCEEDED, held)
    assert one.purgeable
    one.delete(NOW)
    assert one.delete_time == NOW


def test_giving_up_keeps_the_first_error() -> None:
    one = task(TaskState.QUEUED, error=BROKEN)
    one.give_up(DOUBT, NOW)
    assert (one.error, one.start_time) == (BROKEN, NOW)


def test_a_task_that_succeeds_in_the_end_has_no_error() -> None:
    one = task(TaskState.PARTIALLY_FAILED, ledger(entry()), cause=Cause.SUCCESS, error=LATE, rollback_error=BROKEN)
    one.resolved(NOW + 3)
    assert (one.state, one.error, one.rollback_error, one.end_time) == (TaskState.SUCCEEDED, None, None, NOW + 3)


# ---------------------------------------------------------------------- what is temporary


@pytest.mark.parametrize(("left", "ends"), [((), TaskState.CANCELLED), (("b",), TaskState.PARTIALLY_FAILED)])
def test_what_is_temporary_is_rolled_back_before_a_cancelled_task_rests(left: tuple[str, ...], ends: TaskState) -> None:
    held = ledger(entry("a", temporary=True), *(entry(key, ordinal=2) for key in left))
    one = task(TaskState.CANCELLING, held, goal=Goal.CANCEL)
    one.conclude(NOW, NOW, ("a",))
    assert (one.state, one.undo_begun) == (TaskState.ROLLING_BACK, False)
    assert one.rollback is not None
    assert (one.rollback.only, one.rollback.temporary) == (("a",), True)
    held.put(replace(held.named("a"), state=UNDONE))
    one.undo_ended(NOW, halted=False, done=True)
    assert (one.state, one.cause, one.undo_begun) == (ends, Cause.CANCEL, False)


def test_what_is_temporary_and_can_not_be_undone_leaves_the_task_as_it_would_be() -> None:
    held = ledger(entry("a", temporary=True))
    one = task(TaskState.CANCELLING, held, goal=Goal.CANCEL)
    one.conclude(NOW, NOW, ("a",))
    held.put(replace(held.named("a"), state=UNDO_FAILED))
    one.undo_ended(NOW, halted=False, done=False, error=BROKEN)
    assert (one.state, one.cause, one.rollback_error) == (TaskState.PARTIALLY_FAILED, Cause.CANCEL, None)


def test_what_is_temporary_is_kept_by_a_task_that_failed_for_it_may_be_resumed() -> None:
    one = task(TaskState.RUNNING, ledger(entry("a", temporary=True)), goal=Goal.FAIL)
    one.conclude(NOW, NOW, ("a",))
    assert one.state is TaskState.PARTIALLY_FAILED
