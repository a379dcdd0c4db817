"""One-transaction decisions of the engine, on a world without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.domain.build import BROKEN, DOUBT, LOST, RETRYABLE, UNCERTAIN, intent
from tests.domain.world import Setup, Work, World

from wharfinger.ledger.removing import Removal
from wharfinger.ledger.states import EntryState, Phase, TaskState
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.engine.lifecycle import rollback


def world(policy: Policy | None = None) -> World:
    """Return a world whose task runs its first attempt."""
    made = World(Setup())
    made.task.spec = replace(made.task.spec, policy=policy or Policy())
    made.change(lambda work: made.life.lease(work, Phase.RUN, "w"))
    return made


def intends(made: World, epoch: int, **more: bool) -> None:
    """Write an intent of `a`."""
    made.change(lambda work: work.ledger("a").intend(intent(**more), epoch, work.now))


def test_the_time_to_wait_before_a_retry_survives_settling() -> None:
    made = world(Policy(max_attempts=2, retry_backoff=500))
    intends(made, 1, idempotent=True)
    made.change(lambda work: made.life.failure(work, 1, RETRYABLE))
    due = made.task.retry_time
    assert due > made.now + 300
    assert (made.task.state, made.task.wake_time) == (TaskState.QUEUED, made.now)
    made.change(lambda work: made.life.lease(work, Phase.SETTLE, "w"))
    epoch, version = made.task.epoch, made.entries["a"].version
    made.change(lambda work: work.ledger().found("a", version, ["x"], work.now, work.now))
    made.change(lambda work: made.life.settled_once(work, epoch))
    assert (made.task.state, made.task.wake_time) == (TaskState.QUEUED, due)


def test_a_settle_attempt_that_is_lost_too_often_leaves_doubt_and_a_half_done_task() -> None:
    made = world(Policy(max_lost_attempts=2))
    intends(made, 1)
    made.change(lambda work: made.life.lost(work, 1, LOST, resumable=True))
    for _ in range(2):
        made.now = made.task.wake_time
        assert made.change(lambda work: made.life.lease(work, Phase.SETTLE, "w"))
        epoch = made.task.epoch
        made.change(lambda work, epoch=epoch: made.life.lost(work, epoch, LOST, resumable=True))  # type: ignore[misc]
    assert made.entries["a"].state is UNCERTAIN
    assert made.task.state is TaskState.PARTIALLY_FAILED


def test_settling_asks_at_once_under_a_token_and_waits_without() -> None:
    for idempotent in (True, False):
        made = world()
        intends(made, 1, idempotent=idempotent)
        made.change(lambda work, made=made: made.life.failure(work, 1, BROKEN))  # type: ignore[misc]
        assert made.task.wake_time == (made.now if idempotent else made.entries["a"].settle_time)


def test_what_was_being_removed_when_its_attempt_ended_is_not_half_removed() -> None:
    made = world()
    intends(made, 1)
    made.change(lambda work: work.ledger("a").created("a", 1, "x", 1, work.now, live=True))
    made.change(lambda work: work.ledger("a").undoing("a", 9, work.now))
    made.change(lambda work: made.life.result(work, 1, b"{}"))
    assert (made.task.state, made.entries["a"].state) == (TaskState.RUNNING, EntryState.UNDOING)
    assert made.task.wake_time == made.entries["a"].settle_time
    made.now = made.entries["a"].settle_time
    made.change(lambda work: made.life.lease(work, Phase.SETTLE, "w"))
    assert made.change(lambda work: made.life.targets(work, Phase.SETTLE)) == ("a",)
    made.change(lambda work: made.life.settled_once(work, made.task.epoch, DOUBT))
    assert made.entries["a"].state is EntryState.UNDO_FAILED
    assert made.task.state is TaskState.PARTIALLY_FAILED


def test_an_undo_attempt_that_tries_nothing_ends_the_rollback() -> None:
    made = world(Policy(on_failure=LeftoverPolicy.ROLL_BACK))
    intends(made, 1)
    made.change(lambda work: work.ledger("a").created("a", 1, "x", 1, work.now, live=True))
    made.change(lambda work: made.life.failure(work, 1, BROKEN))
    assert made.task.state is TaskState.ROLLING_BACK
    made.now += 1
    made.change(lambda work: made.life.lease(work, Phase.UNDO, "w"))
    made.change(lambda work: made.life.undone_once(work, made.task.epoch))
    assert made.task.state is TaskState.ROLLBACK_FAILED
    assert made.task.rollback_error is not None
    assert made.task.rollback_error.metadata == {"key": "a"}
    assert made.task.error is BROKEN


@pytest.mark.parametrize("step", [0, -3600, 86_400], ids=["no step", "an hour back", "a day on"])
def test_an_undo_attempt_that_did_something_is_followed_by_another(step: int) -> None:
    made = world(Policy(on_failure=LeftoverPolicy.ROLL_BACK))
    for key in "ab":
        made.change(lambda work, key=key: work.ledger(key).intend(intent(key), 1, work.now))  # type: ignore[misc]
        made.change(lambda work, key=key: work.ledger(key).created(key, 1, key, 1, work.now, live=True))  # type: ignore[misc]
    made.change(lambda work: made.life.failure(work, 1, BROKEN))
    made.now += 1
    made.change(lambda work: made.life.lease(work, Phase.UNDO, "w"))
    made.ahead += step
    made.change(lambda work: work.ledger("b").undoing("b", 9, work.now))
    made.change(lambda work: work.ledger("b").undone("b", Removal.COMPLETE, None, work.now))
    made.change(lambda work: made.life.undone_once(work, made.task.epoch))
    assert (made.task.state, made.task.lease) == (TaskState.ROLLING_BACK, None)


def test_a_rollback_that_is_cancelled_ends_with_what_is_in_hand() -> None:
    made = world(Policy(on_failure=LeftoverPolicy.ROLL_BACK))
    for key in "ab":
        made.change(lambda work, key=key: work.ledger(key).intend(intent(key), 1, work.now))  # type: ignore[misc]
        made.change(lambda work, key=key: work.ledger(key).created(key, 1, key, 1, work.now, live=True))  # type: ignore[misc]
    made.change(lambda work: made.life.failure(work, 1, BROKEN))
    made.change(lambda work: made.life.lease(work, Phase.UNDO, "w"))
    made.change(lambda work: rollback.start(work, "b", 9))
    made.change(lambda work: made.life.cancel(work, "me", ""))
    assert made.task.state is TaskState.ROLLING_BACK
    made.change(lambda work: work.ledger("b").undone("b", Removal.COMPLETE, None, work.now))
    made.change(lambda work: made.life.undone_once(work, made.task.epoch))
    assert made.task.state is TaskState.ROLLBACK_FAILED
    assert {key: one.state.name for key, one in made.entries.items()} == {"a": "CREATED", "b": "UNDONE"}


ENDS: dict[str, Callable[[World, Work], object]] = {
    "result": lambda made, work: made.life.result(work, 1, b"{}"),
    "failure": lambda made, work: made.life.failure(work, 1, BROKEN),
    "loss": lambda made, work: made.life.lost(work, 1, LOST, resumable=True),
    "settled": lambda made, work: made.life.settled_once(work, 1),
}


@pytest.mark.parametrize("leased", [False, True], ids=["at rest", "with another attempt at work"])
@pytest.mark.parametrize("end", ENDS)
def test_a_fenced_attempt_ends_nothing(end: str, leased: bool) -> None:
    made = world()
    made.change(lambda work: made.life.lost(work, 1, LOST, resumable=True))
    if leased:
        made.change(lambda work: made.life.lease(work, Phase.RUN, "w"))
    before = made.task
    with pytest.raises(Fenced):
        made.change(lambda work: ENDS[end](made, work))
    assert made.task is before
