"""Rules 30 to 32: resume after a part was undone, and what a key's children have to say when it is made again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.domain.build import (
    BROKEN,
    CREATED,
    FORGOTTEN,
    MISSING,
    NOT_CREATED,
    NOW,
    RETAINED,
    SETTLED,
    UNDO_FAILED,
    UNDOING,
    UNDONE,
    entry,
    intent,
    ledger,
    task,
)

from wharfinger.ledger import replacing
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.removing import Removal
from wharfinger.ledger.states import Cause, EntryState, Goal, TaskState
from wharfinger_server.domain import rollback
from wharfinger_server.domain.policy import LeftoverPolicy, Policy


def without_b(state: TaskState = TaskState.PARTIALLY_FAILED) -> tuple[object, Ledger]:
    """Return a task that was rolled back `only` b, and its ledger."""
    held = ledger(entry("a"), entry("b"), entry("c"))
    one = task(state, held, error=BROKEN if state is not TaskState.SUCCEEDED else None)
    rollback.begin(one, held, ("b",), (), NOW)
    held.undoing("b", 25, NOW)
    held.undone("b", Removal.COMPLETE, None, NOW)
    rollback.end(one, held, NOW)
    return one, held


# ---------------------------------------------------------------------- rule 31


@pytest.mark.parametrize("state", [TaskState.PARTIALLY_FAILED, TaskState.SUCCEEDED, TaskState.ROLLBACK_FAILED])
def test_rule_31_after_a_rollback_of_one_key_the_task_may_resume_and_makes_it_anew(state: TaskState) -> None:
    held = ledger(entry("a"), entry("b"), entry("c"))
    one = task(state, held, undo_begun=False)
    rollback.begin(one, held, ("b",), (), NOW)
    held.undoing("b", 25, NOW)
    held.undone("b", Removal.COMPLETE, None, NOW)
    rollback.end(one, held, NOW)
    assert (one.state, one.cause, one.undo_begun) == (TaskState.PARTIALLY_FAILED, Cause.ROLLBACK, False)
    one.resume()
    assert one.state is TaskState.QUEUED
    again = replacing.intend(held, intent("b", request_digest=""), 5, NOW + 99)
    assert (again.state.name, again.generation, again.external_id) == ("INTENDED", 2, "")
    assert held.named("a").state is held.named("c").state is CREATED


@pytest.mark.parametrize("only", [(), ("b",)], ids=["whole", "only"])
def test_rule_31_resume_is_refused_after_a_whole_rollback_alone(only: tuple[str, ...]) -> None:
    held = ledger(entry("a"), entry("b"))
    one = task(TaskState.PARTIALLY_FAILED, held)
    rollback.begin(one, held, only, (), NOW)
    one.rollback.stop or one.cancel(NOW)  # type: ignore[union-attr]
    rollback.end(one, held, NOW)
    assert one.state is TaskState.ROLLBACK_FAILED
    assert one.undo_begun is not bool(only)


def test_rule_31_a_whole_rollback_before_forbids_resume_for_good() -> None:
    held = ledger(entry("a"), entry("b"))
    one = task(TaskState.ROLLBACK_FAILED, held)
    rollback.begin(one, held, ("b",), (), NOW)
    held.undoing("b", 25, NOW)
    held.undone("b", Removal.COMPLETE, None, NOW)
    rollback.end(one, held, NOW)
    assert one.state is TaskState.PARTIALLY_FAILED
    with pytest.raises(FailedPrecondition, match="all that it made has begun to be undone"):
        one.resume()


def test_rule_31_a_rollback_of_one_key_is_blocked_by_what_depends_on_it() -> None:
    held = ledger(entry("a"), entry("b", depends_on=("a",)))
    one = task(TaskState.PARTIALLY_FAILED, held)
    rollback.begin(one, held, ("a",), (), NOW)
    with pytest.raises(FailedPrecondition, match="b, which depends on it, is CREATED"):
        rollback.start(one, held, "a", NOW + 25, NOW)


def test_rule_31_a_later_failure_may_still_roll_back_by_policy() -> None:
    one, _ = without_b()
    one.resume()  # type: ignore[attr-defined]
    one.spec = replace(one.spec, policy=Policy(on_failure=LeftoverPolicy.ROLL_BACK))  # type: ignore[attr-defined]
    one.state, one.goal = TaskState.RUNNING, Goal.FAIL  # type: ignore[attr-defined]
    one.conclude(NOW, NOW)  # type: ignore[attr-defined]
    assert one.state is TaskState.ROLLING_BACK  # type: ignore[attr-defined]


# ---------------------------------------------------------------------- rule 30


def gone_with(child: EntryState | None, *, owned: bool = True, after: str = "a") -> Ledger:
    """Return a ledger whose key `a` lost its thing, with one child on it."""
    old = entry("a~1", MISSING, was_own=True)
    more = [] if child is None else [entry("b", child, depends_on=(after,), owned=owned)]
    return ledger(entry("a", NOT_CREATED, burnt=True), old, *more)


@pytest.mark.parametrize(
    ("state", "owned"),
    [(CREATED, True), (CREATED, False), (RETAINED, False), (UNDO_FAILED, True), (UNDOING, True)],
    ids=["alive", "adopted", "retained", "undo failed", "undoing"],
)
def test_rule_30_a_gone_key_is_not_made_again_under_its_children(state: EntryState, owned: bool) -> None:
    held = gone_with(state, owned=owned)
    with pytest.raises(FailedPrecondition) as caught:
        replacing.intend(held, intent("a", request_digest=""), 5, SETTLED)
    assert (caught.value.reason, caught.value.metadata) == ("KEY_REUSED", {"key": "a", "children": "b"})
    assert "b was built on it" in caught.value.message
    assert not held.changed


@pytest.mark.parametrize("state", [None, NOT_CREATED, UNDONE, FORGOTTEN, MISSING], ids=str)
def test_rule_30_it_is_where_nothing_stands_on_it(state: EntryState | None) -> None:
    again = replacing.intend(gone_with(state), intent("a", request_digest=""), 5, SETTLED)
    assert (again.state.name, again.generation) == ("INTENDED", 2)


def test_rule_30_holds_though_the_old_thing_is_known_to_be_gone_for_good() -> None:
    held = gone_with(CREATED)
    held.put(entry("a~1", UNDONE, was_own=True, ordinal=2))
    with pytest.raises(FailedPrecondition, match="b was built on it"):
        replacing.intend(held, intent("a", request_digest=""), 5, SETTLED)


def test_what_never_lost_its_own_thing_asks_nobody() -> None:
    held = ledger(entry("a", NOT_CREATED), entry("b", depends_on=("a",)))
    assert replacing.intend(held, intent("a", request_digest=""), 5, SETTLED).generation == 1


def test_the_way_out_of_rule_30_is_a_rollback_of_the_children() -> None:
    held = gone_with(CREATED)
    one = task(TaskState.PARTIALLY_FAILED, held)
    rollback.begin(one, held, ("b",), (), NOW)
    rollback.start(one, held, "b", NOW + 25, NOW)
    held.undone("b", Removal.COMPLETE, None, NOW)
    rollback.end(one, held, NOW)
    one.resume()
    assert replacing.intend(held, intent("a", request_digest=""), 5, SETTLED).generation == 2


# ---------------------------------------------------------------------- rule 32


@pytest.mark.parametrize(("state", "owned"), [(CREATED, True), (CREATED, False), (RETAINED, False), (MISSING, True)])
def test_rule_32_a_script_cannot_remove_what_its_children_stand_on(state: EntryState, owned: bool) -> None:
    held = ledger(entry("a"), entry("b", state, depends_on=("a",), owned=owned))
    with pytest.raises(FailedPrecondition) as caught:
        replacing.remove(held, "a", 25, NOW)
    assert (caught.value.reason, caught.value.metadata["key"]) == ("UNDO_FAILED", "a")
    assert "b, which depends on it" in caught.value.message
    assert not held.changed


@pytest.mark.parametrize("state", [NOT_CREATED, UNDONE, FORGOTTEN], ids=str)
def test_rule_32_children_that_are_gone_stand_in_nothings_way(state: EntryState) -> None:
    held = ledger(entry("a"), entry("b", state, depends_on=("a",)))
    assert replacing.remove(held, "a", 25, NOW).state is UNDOING
    assert held.undone("a", Removal.COMPLETE, None, NOW).state is UNDONE  # type: ignore[union-attr]
    assert replacing.intend(held, intent("a", request_digest=""), 1, NOW).generation == 2


def test_rule_32_what_could_not_be_removed_may_be_removed_again() -> None:
    held = ledger(entry("a", UNDO_FAILED))
    assert replacing.remove(held, "a", 25, NOW).state is UNDOING
