"""Rules 16 to 19: the order of undo, what is kept, how rollbacks begin and end."""

from __future__ import annotations

import pytest
from tests.domain.build import (
    BROKEN,
    CREATED,
    FORGOTTEN,
    INTENDED,
    NOT_CREATED,
    NOW,
    RETAINED,
    UNCERTAIN,
    UNDO_FAILED,
    UNDOING,
    UNDONE,
    at,
    entry,
    keys,
    ledger,
    states,
    task,
)

from wharfinger.ledger import undo
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.removing import Removal
from wharfinger.ledger.states import Cause, EntryState, Phase, TaskState
from wharfinger.ledger.undo import Order
from wharfinger_server.domain import rollback
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.task import Rollback, Task

TOO_LATE = Failure(Code.DEADLINE_EXCEEDED, "UNDO_TIMEOUT", "too late")


def diamond(**states_of: EntryState) -> Ledger:
    """a under b and c under d, and e alone."""
    after = {"b": ("a",), "c": ("a",), "d": ("b", "c")}
    return ledger(*(entry(key, states_of.get(key, CREATED), depends_on=after.get(key, ())) for key in "abcde"))


def rolling(held: Ledger, by_person: bool = True, only: tuple[str, ...] = (), **more: object) -> Task:
    """Return a task that rolls back."""
    cause = Cause.ROLLBACK if by_person else Cause.FAIL
    rollback = Rollback(by_person, only, begin_time=NOW)
    return task(TaskState.ROLLING_BACK, held, **{"rollback": rollback, "cause": cause, **more})


# ---------------------------------------------------------------------- rule 16


def test_rule_16_children_go_first_then_the_newest() -> None:
    assert undo.plan(diamond(), (), (), NOW).waves == (("e", "d"), ("c", "b"), ("a",))
    assert keys(Order(diamond()).ready()) == ["e", "d"]
    assert keys(Order(diamond(d=UNDONE)).ready()) == ["e", "c", "b"]
    assert keys(Order(diamond(d=UNDONE, c=UNDONE, e=UNDONE)).ready()) == ["b"]


@pytest.mark.parametrize("state", EntryState, ids=lambda state: state.name)
def test_rule_16_a_child_that_may_be_alive_blocks_its_parent(state: EntryState) -> None:
    held = ledger(entry("a"), entry("b", state, depends_on=("a",)))
    gone = state in (NOT_CREATED, UNDONE, FORGOTTEN)
    assert ("a" in keys(Order(held).ready())) is gone
    if not gone:
        assert Order(held).blocker(held.named("a")) == f"b, which depends on it, is {state.name}"


def test_rule_16_an_adopted_child_blocks_its_parent() -> None:
    held = ledger(entry("a"), entry("b", CREATED, owned=False, depends_on=("a",)))
    assert keys(Order(held).ready()) == []
    assert Order(held).blocked() == {"a": "b, which depends on it, is not ours"}


def test_rule_16_evidence_of_a_child_blocks_its_parent() -> None:
    held = ledger(entry("a"), entry("b", UNDONE, depends_on=("a",)), entry("b~1", UNCERTAIN, depends_on=("a",)))
    assert keys(Order(held).ready()) == ["b~1"]


def test_nothing_waits_for_evidence() -> None:
    held = ledger(entry("a"), entry("b", CREATED, depends_on=("a",)), entry("a~1", CREATED))
    assert keys(Order(held).ready()) == ["a~1", "b"]


def test_rule_16_a_failure_does_not_stop_the_others() -> None:
    held = diamond(d=UNDONE, c=UNDO_FAILED)
    held.put(entry("c", UNDO_FAILED, ordinal=3, depends_on=("a",), undo_begun=3))
    assert keys(Order(held).ready()) == ["e", "b"]


def test_rule_16_what_is_not_ours_is_never_undone() -> None:
    assert keys(Order(ledger(entry("a", CREATED, owned=False))).ready()) == []


def test_what_is_being_undone_is_not_begun_again() -> None:
    held = ledger(entry("a", UNDOING), entry("b"))
    assert keys(Order(held).ready({"a"})) == ["b"]
    assert keys(Order(held).ready()) == ["b", "a"]


def test_things_that_wait_for_each_other_go_newest_first() -> None:
    held = ledger(entry("a", CREATED, depends_on=("b",)), entry("b", CREATED, depends_on=("a",)))
    assert undo.plan(held, (), (), NOW).waves == (("b",), ("a",))


def test_a_dependency_on_what_came_later_holds_all_the_same() -> None:
    held = ledger(entry("a", CREATED, depends_on=("b",)), entry("b"))
    assert undo.plan(held, (), (), NOW).waves == (("a",), ("b",))


def test_a_dependency_on_what_the_ledger_does_not_have_binds_nobody() -> None:
    assert undo.plan(ledger(entry("a", CREATED, depends_on=("gone",))), (), (), NOW).waves == (("a",),)


# ---------------------------------------------------------------------- the plan


def test_the_plan_tells_what_is_blocked_sought_and_kept() -> None:
    held = ledger(
        entry("net"),
        entry("node", CREATED, depends_on=("net",)),
        entry("disk"),
        entry("old", RETAINED, owned=False, depends_on=("disk",)),
        entry("lost", UNCERTAIN, external_id=""),
    )
    before = dict(held.entries)
    plan = undo.plan(held, (), ("node",), NOW)
    assert plan.waves == ()
    assert plan.retained == ("net", "node")
    assert plan.sought == ("lost",)
    assert plan.blocked == {"disk": "old, which depends on it, is RETAINED"}
    assert held.entries == before
    assert not held.changed


def test_the_plan_of_a_part_leaves_the_rest() -> None:
    assert undo.plan(diamond(), ("e",), (), NOW).waves == (("e",),)
    assert undo.plan(diamond(), ("b",), (), NOW).blocked == {"b": "d, which depends on it, is CREATED"}


# ---------------------------------------------------------------------- rule 17


def test_rule_17_retain_keeps_all_that_it_depends_on() -> None:
    held = diamond()
    one = task(TaskState.PARTIALLY_FAILED, held)
    changed = rollback.begin(one, held, (), ("b",), NOW)
    assert keys(changed) == ["a", "b"]
    assert states(held) == {"a": RETAINED, "b": RETAINED, "c": CREATED, "d": CREATED, "e": CREATED}
    assert (one.state, one.undo_begun, one.rollback) == (
        TaskState.ROLLING_BACK,
        True,
        Rollback(by_person=True, begin_time=NOW),
    )


def test_rule_17_what_is_retained_is_not_owned_any_more() -> None:
    held = ledger(entry())
    rollback.begin(task(TaskState.SUCCEEDED, held), held, (), ("a",), NOW)
    assert (held.named("a").owned, held.counts.open, held.counts.of(RETAINED)) == (False, 0, 1)


def test_retain_keeps_the_evidence_of_a_key_with_it() -> None:
    held = ledger(entry("a"), entry("a~1", UNCERTAIN), entry("b"))
    rollback.begin(task(TaskState.PARTIALLY_FAILED, held), held, (), ("a",), NOW)
    assert states(held) == {"a": RETAINED, "a~1": RETAINED, "b": CREATED}


@pytest.mark.parametrize(("only", "retain"), [(("x",), ()), ((), ("x",))], ids=["only", "retain"])
def test_rule_17_unknown_keys_are_refused(only: tuple[str, ...], retain: tuple[str, ...]) -> None:
    held = ledger(entry())
    one = task(TaskState.PARTIALLY_FAILED, held)
    with pytest.raises(FailedPrecondition) as caught:
        rollback.begin(one, held, only, retain, NOW)
    assert caught.value.reason == "KEY_UNKNOWN"
    with pytest.raises(FailedPrecondition):
        undo.plan(held, only, retain, NOW)
    assert (one.state, one.undo_begun) == (TaskState.PARTIALLY_FAILED, False)
    assert not held.changed


def test_what_has_no_id_cannot_be_retained() -> None:
    held = ledger(entry(state=UNCERTAIN, external_id=""))
    with pytest.raises(FailedPrecondition, match="has no id"):
        rollback.begin(task(TaskState.PARTIALLY_FAILED, held), held, (), ("a",), NOW)


def test_a_parent_without_an_id_stays_under_what_is_retained() -> None:
    held = ledger(entry("a", UNCERTAIN, external_id=""), entry("b", CREATED, depends_on=("a",)))
    rollback.begin(task(TaskState.PARTIALLY_FAILED, held), held, (), ("b",), NOW)
    assert states(held) == {"a": UNCERTAIN, "b": RETAINED}


def test_rule_17_a_part_that_is_done_leaves_the_task_half_done() -> None:
    held = ledger(entry("a", UNDONE), entry("b"))
    one = rolling(held, only=("a",))
    rollback.end(one, held, NOW)
    assert (one.state, one.cause, one.rollback, one.rollback_error) == (
        TaskState.PARTIALLY_FAILED,
        Cause.ROLLBACK,
        None,
        None,
    )


def test_a_part_that_is_not_done_is_a_failed_rollback() -> None:
    held = ledger(entry("a", UNDO_FAILED, error=BROKEN), entry("b"))
    one = rolling(held, only=("a",))
    rollback.end(one, held, NOW)
    assert one.state is TaskState.ROLLBACK_FAILED
    assert one.rollback_error is not None
    assert (one.rollback_error.reason, one.rollback_error.metadata) == ("UNDO_FAILED", {"count": "1", "key": "a"})


# ---------------------------------------------------------------------- rule 18


def test_rule_18_an_undo_has_a_call_window() -> None:
    held = ledger(entry())
    assert held.undoing("a", 25, NOW).undo_deadline == NOW + 25 + 30
    held.undone("a", Removal.LOST, BROKEN, NOW + 5)
    held.steady = NOW + 25 + 29
    with pytest.raises(FailedPrecondition) as caught:
        held.undoing("a", 10, NOW + 25 + 29)
    assert caught.value.reason == "TASK_NOT_SETTLED"
    held.steady += 1
    assert held.undoing("a", 10, NOW + 25 + 30).undo_deadline == NOW + 25 + 30 + 10 + 30
    assert held.named("a").undo_window == 10 + 30
    assert held.named("a").undo_attempts == 2


def test_rule_18_nothing_is_retained_while_an_undo_may_be_on_its_way() -> None:
    held = ledger(entry("a", UNDO_FAILED, undo_deadline=NOW + 25))
    one = task(TaskState.ROLLBACK_FAILED, held)
    with pytest.raises(FailedPrecondition) as caught:
        rollback.begin(one, held, (), ("a",), at(held, NOW + 24))
    assert caught.value.reason == "TASK_NOT_SETTLED"
    rollback.begin(one, held, (), ("a",), at(held, NOW + 25))
    assert states(held) == {"a": RETAINED}


def test_rule_18_what_is_uncertain_and_has_an_id_is_undone_by_id() -> None:
    held = ledger(entry("a", UNCERTAIN), entry("b", UNCERTAIN, external_id=""))
    assert keys(Order(held).ready()) == ["a"]
    assert held.undoing("a", 0, NOW).state is UNDOING
    with pytest.raises(FailedPrecondition):
        held.undoing("b", 0, NOW)


@pytest.mark.parametrize("state", [INTENDED, NOT_CREATED, UNDONE, RETAINED, FORGOTTEN], ids=lambda state: state.name)
def test_what_is_not_alive_is_not_taken_away(state: EntryState) -> None:
    held = ledger(entry(state=state))
    with pytest.raises(FailedPrecondition) as caught:
        held.undoing("a", 0, NOW)
    assert caught.value.reason == "KEY_REUSED"


def test_what_is_not_ours_or_not_known_is_not_taken_away() -> None:
    with pytest.raises(FailedPrecondition, match="not owned"):
        ledger(entry(owned=False)).undoing("a", 0, NOW)
    with pytest.raises(FailedPrecondition) as caught:
        ledger().undoing("a", 0, NOW)
    assert caught.value.reason == "KEY_UNKNOWN"


def test_the_result_of_an_undo_is_kept() -> None:
    held = ledger(entry("a"), entry("b"), entry("c"))
    held.undoing("a", 5, NOW)
    held.undoing("b", 5, NOW)
    gone, failed = held.undone("a", Removal.COMPLETE, None, NOW), held.undone("b", Removal.LOST, BROKEN, NOW)
    assert gone is not None
    assert failed is not None
    assert (gone.state, failed.state, failed.error) == (UNDONE, UNDO_FAILED, BROKEN)
    assert held.undone("c", Removal.COMPLETE, None, NOW) is None
    assert keys(Order(held, steady=NOW).ready()) == ["c"]


# ---------------------------------------------------------------------- rule 19


def test_rule_19_undoing_evidence_alone_does_not_forbid_to_resume() -> None:
    held = ledger(entry("a"), entry("a~1", UNCERTAIN))
    one = task(TaskState.PARTIALLY_FAILED, held)
    rollback.begin(one, held, ("a~1",), (), NOW)
    assert not one.undo_begun
    held.undoing("a~1", 25, NOW)
    held.undone("a~1", Removal.COMPLETE, None, NOW)
    rollback.end(one, held, NOW)
    assert (one.state, one.cause) == (TaskState.PARTIALLY_FAILED, Cause.FAIL)
    one.resume()
    assert one.state is TaskState.QUEUED


def test_rule_19_a_rollback_of_some_keys_does_not_forbid_to_resume() -> None:
    held = ledger(entry("a"), entry("a~1", UNCERTAIN), entry("b"))
    one = task(TaskState.PARTIALLY_FAILED, held)
    rollback.begin(one, held, ("a~1", "b"), (), NOW)
    assert not one.undo_begun


def test_rule_19_what_a_script_removes_itself_does_not_forbid_to_resume() -> None:
    held = ledger(entry())
    held.undoing("a", 0, NOW)
    halted = held.undo_interrupted(NOW)
    one = task(TaskState.PARTIALLY_FAILED, held)
    assert keys(halted) == ["a"]
    one.resume()
    held.steady += 30
    assert held.undoing("a", 0, NOW + 30).state is UNDOING


def test_a_success_whose_evidence_alone_is_undone_is_one_again() -> None:
    held = ledger(entry("a"), entry("a~1", UNCERTAIN))
    one = task(TaskState.PARTIALLY_FAILED, held, cause=Cause.SUCCESS, error=BROKEN)
    rollback.begin(one, held, ("a~1",), (), NOW)
    held.undoing("a~1", 25, NOW)
    held.undone("a~1", Removal.COMPLETE, None, NOW)
    rollback.end(one, held, NOW)
    assert (one.state, one.cause, one.error) == (TaskState.SUCCEEDED, Cause.SUCCESS, None)


def test_a_success_whose_evidence_could_not_be_undone_is_closed_by_a_person() -> None:
    held = ledger(entry("a"), entry("a~1", UNCERTAIN))
    one = task(TaskState.PARTIALLY_FAILED, held, cause=Cause.SUCCESS)
    rollback.begin(one, held, ("a~1",), (), NOW)
    held.undoing("a~1", 25, NOW)
    held.undone("a~1", Removal.LOST, BROKEN, NOW)
    rollback.end(one, held, NOW)
    assert (one.state, one.cause) == (TaskState.ROLLBACK_FAILED, Cause.SUCCESS)
    assert one.rest_state() is TaskState.ROLLBACK_FAILED


# ---------------------------------------------------------------------- a rollback at work, and its end


def test_a_rollback_needs_something_that_may_be_alive() -> None:
    held = ledger(entry("a", UNDONE), entry("b", CREATED, owned=False))
    with pytest.raises(FailedPrecondition, match="nothing that it made may be alive"):
        rollback.begin(task(TaskState.SUCCEEDED, held), held, (), (), NOW)


def test_a_rollback_tries_again_what_failed_before_and_looks_again() -> None:
    held = ledger(entry("a", UNDO_FAILED, tried=True), entry("b", UNCERTAIN, external_id="", tried=True))
    one = task(TaskState.ROLLBACK_FAILED, held, rollback_error=BROKEN)
    rollback.begin(one, held, (), (), NOW)
    order = Order(held)
    assert (keys(order.ready()), keys(order.sought()), one.rollback_error) == (["a"], ["b"], None)


def test_an_undo_begins_only_in_its_order_and_only_where_it_was_asked() -> None:
    held = ledger(entry("a"), entry("b", CREATED, depends_on=("a",)), entry("c"))
    one = rolling(held, only=("a", "b"))
    with pytest.raises(FailedPrecondition) as blocked:
        rollback.start(one, held, "a", 25, NOW)
    assert blocked.value.reason == "UNDO_FAILED"
    with pytest.raises(FailedPrecondition) as other:
        rollback.start(one, held, "c", 25, NOW)
    assert other.value.reason == "STATE_FORBIDS"
    assert rollback.start(one, held, "b", 25, NOW).state is UNDOING
    one.cancel(NOW)
    held.undone("b", Removal.COMPLETE, None, NOW)
    with pytest.raises(FailedPrecondition) as stopped:
        rollback.start(one, held, "a", 25, NOW)
    assert stopped.value.reason == "STATE_FORBIDS"


def test_a_rollback_waits_for_what_can_be_undone_or_looked_for_and_for_nothing_else() -> None:
    sought = ledger(entry(state=UNCERTAIN, external_id=""))
    assert keys(Order(sought).sought()) == ["a"]
    assert keys(Order(sought, ("b",)).sought()) == []
    assert keys(Order(ledger(entry("a", UNCERTAIN, tried=True, external_id=""))).sought()) == []
    assert keys(Order(ledger(entry("a", UNCERTAIN, owned=False))).sought()) == []
    blocked = ledger(entry("a"), entry("b", CREATED, owned=False, depends_on=("a",)))
    assert (Order(blocked).ready(), Order(blocked).sought()) == ([], [])


@pytest.mark.parametrize(
    ("by_person", "cause", "state"),
    [
        (True, Cause.FAIL, TaskState.ROLLED_BACK),
        (True, Cause.SUCCESS, TaskState.ROLLED_BACK),
        (False, Cause.FAIL, TaskState.FAILED),
        (False, Cause.CANCEL, TaskState.CANCELLED),
    ],
)
def test_a_rollback_that_closed_all_ends_by_who_asked_for_it(by_person: bool, cause: Cause, state: TaskState) -> None:
    held = ledger(entry(state=UNDONE))
    one = rolling(held, by_person, cause=cause, error=BROKEN)
    one.begin(Phase.UNDO, "x", "w", NOW, 60)
    rollback.end(one, held, NOW + 9)
    assert (one.state, one.error, one.rollback_error, one.end_time) == (state, BROKEN, None, NOW + 9)
    assert (one.lease, one.epoch) == (None, 2)


def test_what_is_blocked_says_why() -> None:
    held = ledger(entry("a"), entry("b", CREATED, owned=False, depends_on=("a",)), entry("c", blocked_by="old news"))
    one = rolling(held)
    changed = rollback.end(one, held, NOW)
    assert keys(changed) == ["a", "c"]
    assert held.named("a").blocked_by == "b, which depends on it, is not ours"
    assert held.named("c").blocked_by == ""
    assert one.state is TaskState.ROLLBACK_FAILED


@pytest.mark.parametrize("how", ["stopped", "late"])
def test_a_rollback_that_is_stopped_or_late_fails_and_leaves_nothing_half_undone(how: str) -> None:
    held = ledger(entry("a", UNDOING), entry("b"), entry("c", UNDO_FAILED, tried=True))
    one = rolling(held, error=BROKEN)
    if how == "stopped":
        one.cancel(NOW)
    rollback.end(one, held, NOW, TOO_LATE if how == "late" else None)
    assert states(held) == {"a": UNDO_FAILED, "b": CREATED, "c": UNDO_FAILED}
    assert not any(one.tried for one in held)
    assert (one.state, one.error) == (TaskState.ROLLBACK_FAILED, BROKEN)
    assert one.rollback_error is (TOO_LATE if how == "late" else rollback.STOPPED)


def test_a_part_that_was_stopped_is_a_failed_rollback_though_it_is_done() -> None:
    held = ledger(entry("a", UNDONE), entry("b"))
    one = rolling(held, only=("a",))
    one.cancel(NOW)
    rollback.end(one, held, NOW)
    assert one.state is TaskState.ROLLBACK_FAILED


def test_the_time_of_a_rollback_is_the_policys() -> None:
    one = task(TaskState.PARTIALLY_FAILED, ledger(entry()), policy=Policy(undo_timeout=50))
    assert one.undo_end == 0
    one.roll_back((), NOW, 7)
    assert one.undo_end == 7 + 50  # by the steady clock
    assert rolling(ledger(entry())).undo_end == 0
