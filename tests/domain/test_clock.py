"""Rule 33: what becomes of open windows when another process takes them over."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from tests.domain.build import INTENDED, NOW, entry, task

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.attempt import Rollback
from wharfinger_server.domain.clock import Reading, retime, retimed, timed
from wharfinger_server.domain.policy import Policy

HERE = Reading("another boot", steady=500, wall=1_000_000, since=400)
ENDS = {name for name in (member.name for member in fields(Entry)) if name.endswith(("_time", "_deadline"))}
FOR_SHOWING = {"intent_time", "update_time"}
ODD_CLOCKS = [0, 300, 10**12]
"""What the clock of the process before showed: less, as much, or far more than ours."""


@pytest.mark.parametrize("theirs", ODD_CLOCKS)
def test_rule_33_whoever_takes_over_restarts_every_window_in_full(theirs: int) -> None:
    old = entry(
        state=INTENDED,
        settle_time=theirs + 1,
        settle_window=60,
        undo_deadline=theirs + 1,
        undo_window=25,
        intent_time=7,
    )
    new = retimed(old, HERE)
    assert (new.settle_time, new.undo_deadline) == (460, 425)
    assert (new.settle_window, new.undo_window) == (60, 25)
    assert new.intent_time == 7  # for showing


def test_rule_33_every_moment_of_an_entry_is_timed_anew() -> None:
    theirs = 10**12
    old = entry(**dict.fromkeys(ENDS - FOR_SHOWING, theirs), settle_window=60, undo_window=25)
    assert timed(old)
    new = retimed(old, HERE)
    left = {name: getattr(new, name) for name in ENDS - FOR_SHOWING}
    assert all(moment == 0 or HERE.since <= moment <= HERE.since + 60 for moment in left.values()), left
    for name in ENDS - FOR_SHOWING:
        assert timed(replace(entry(settle_time=0), **{name: theirs})), f"{name} would be read by another's clock"


def test_an_entry_from_before_windows_were_kept_as_lengths_has_them_by_its_times() -> None:
    old = entry(state=INTENDED, intent_time=NOW, settle_time=NOW + 60, undo_deadline=NOW + 90)
    new = retimed(old, HERE)
    assert (new.settle_time, new.undo_deadline, new.settle_window, new.undo_window) == (460, 490, 60, 90)


def test_rule_33_a_back_off_is_waited_for_in_full_and_other_waits_are_decided_anew() -> None:
    one = task(TaskState.QUEUED, retry_time=10**12, retry_wait=30, wake_time=10**12)
    retime(one, HERE)
    assert (one.retry_time, one.wake_time) == (430, 430)
    settling = task(TaskState.QUEUED, wake_time=10**12)
    retime(settling, HERE)
    assert (settling.retry_time, settling.wake_time) == (0, 400)


@pytest.mark.parametrize(
    ("begun", "left"),
    [(HERE.wall - 20, 30), (HERE.wall - 10_000, 0), (HERE.wall + 10_000, 50)],
    ids=["by", "on", "back"],
)
def test_a_time_limit_has_no_more_left_than_all_of_it_wherever_the_wall_clock_stands(begun: int, left: int) -> None:
    one = task(
        TaskState.ROLLING_BACK,
        policy=Policy(total_timeout=50, undo_timeout=50),
        deadline=10**12,
        rollback=Rollback(by_person=True, begin_time=begun, deadline=10**12),
    )
    one.create_time = begun
    retime(one, HERE)
    assert (one.deadline, one.undo_end) == (HERE.steady + left, HERE.steady + left)
