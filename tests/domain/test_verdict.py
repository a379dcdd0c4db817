"""Rule 20: a person's verdicts."""

from __future__ import annotations

import pytest
from tests.domain.build import (
    BROKEN,
    CREATED,
    FORGOTTEN,
    INTENDED,
    MISSING,
    NOT_CREATED,
    NOW,
    RETAINED,
    SETTLED,
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

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition, InvalidArgument
from wharfinger.ledger.states import Cause, EntryState, TaskState
from wharfinger.ledger.verdict import Verdict
from wharfinger_server.domain.resolving import resolve

POSSIBLE = {
    CREATED: {"RETAIN", "FORGET", "GONE"},
    UNCERTAIN: {"CREATED", "NOT_CREATED", "RETAIN", "FORGET"},
    UNDO_FAILED: {"NOT_CREATED", "RETAIN", "FORGET"},
    MISSING: {"CREATED", "GONE", "RETAIN", "FORGET"},
}


def ask(held: Ledger, verdict: Verdict, id_: str = "", key: str = "a", now: int = SETTLED, **more: object) -> TaskState:
    """Ask for a verdict on a half-done task and return its state then."""
    one = task(**{"state": TaskState.PARTIALLY_FAILED, "held": held, **more})
    resolve(one, held, key, verdict, id_, at(held, now))
    return one.state


@pytest.mark.parametrize("state", EntryState, ids=lambda state: state.name)
@pytest.mark.parametrize("verdict", Verdict, ids=lambda verdict: verdict.name)
def test_each_state_of_an_entry_has_its_verdicts(state: EntryState, verdict: Verdict) -> None:
    held = ledger(entry("a", state), entry("b"))
    if verdict.name in POSSIBLE.get(state, ()):
        ask(held, verdict)
        assert list(held.changed) == ["a"]
        return
    with pytest.raises(FailedPrecondition) as caught:
        ask(held, verdict)
    assert caught.value.reason == "STATE_FORBIDS"
    assert not held.changed


@pytest.mark.parametrize("verdict", [Verdict.NOT_CREATED, Verdict.FORGET], ids=lambda verdict: verdict.name)
@pytest.mark.parametrize("id_", ["", "x"])
def test_rule_20_nothing_is_written_off_before_settling(verdict: Verdict, id_: str) -> None:
    held = ledger(entry("a", UNCERTAIN, external_id=id_))
    with pytest.raises(FailedPrecondition) as caught:
        ask(held, verdict, now=SETTLED - 1)
    assert caught.value.reason == "TASK_NOT_SETTLED"
    assert caught.value.metadata == {"key": "a", "settle_time": "1970-01-01T00:00:00Z"}
    assert not held.changed
    assert ask(held, verdict, now=SETTLED) is TaskState.FAILED


def test_rule_20_retain_needs_an_id() -> None:
    with pytest.raises(FailedPrecondition, match="has no id"):
        ask(ledger(entry("a", UNCERTAIN, external_id="")), Verdict.RETAIN)
    held = ledger(entry("a", UNCERTAIN))
    assert ask(held, Verdict.RETAIN, now=NOW) is TaskState.FAILED


def test_rule_20_an_id_belongs_to_one_entry() -> None:
    held = ledger(entry("a", UNCERTAIN, external_id=""), entry("b", UNDONE, external_id="x"))
    with pytest.raises(FailedPrecondition, match="x is b already"):
        ask(held, Verdict.CREATED, "x")
    assert not held.changed


@pytest.mark.parametrize("verdict", [Verdict.RETAIN, Verdict.FORGET], ids=lambda verdict: verdict.name)
@pytest.mark.parametrize("state", [CREATED, UNCERTAIN, UNDO_FAILED], ids=lambda state: state.name)
def test_rule_20_what_is_handed_over_is_not_owned_and_stays_listed(verdict: Verdict, state: EntryState) -> None:
    held = ledger(entry("a", state, error=BROKEN))
    assert ask(held, verdict) is TaskState.FAILED
    handed = held.named("a")
    assert handed.state is (RETAINED if verdict is Verdict.RETAIN else FORGOTTEN)
    assert (handed.owned, handed.external_id, handed.error) == (False, "id-a", BROKEN)
    assert (held.counts.open, held.counts.of(handed.state), held.counts.foreign) == (0, 1, 0)


@pytest.mark.parametrize("verdict", [Verdict.RETAIN, Verdict.FORGET], ids=lambda verdict: verdict.name)
def test_rule_20_what_a_success_made_may_be_taken_over_so_that_it_can_be_deleted(verdict: Verdict) -> None:
    held = ledger(entry("a"))
    one = task(TaskState.SUCCEEDED, held, end_time=NOW)
    resolve(one, held, "a", verdict, "", at(held, SETTLED))
    assert (one.state, one.end_time) == (TaskState.SUCCEEDED, NOW)
    one.delete(SETTLED)
    assert one.delete_time == SETTLED


def test_what_a_success_made_is_not_called_gone_and_the_refusal_names_what_is_possible() -> None:
    held = ledger(entry("a"))
    with pytest.raises(FailedPrecondition) as caught:
        resolve(task(TaskState.SUCCEEDED, held, end_time=NOW), held, "a", Verdict.GONE, "", at(held, SETTLED))
    assert caught.value.reason == "STATE_FORBIDS"
    assert str(caught.value).endswith(
        "of a task that SUCCEEDED: the verdict GONE is not possible; possible: RETAIN, FORGET"
    )


def test_rule_18_retain_waits_for_an_undo_that_is_on_its_way_and_forget_does_not() -> None:
    held = ledger(entry("a", UNDO_FAILED, undo_deadline=NOW + 25))
    with pytest.raises(FailedPrecondition) as caught:
        ask(held, Verdict.RETAIN, now=NOW + 24)
    assert caught.value.reason == "TASK_NOT_SETTLED"
    assert ask(held, Verdict.FORGET, now=NOW + 24) is TaskState.FAILED
    again = ledger(entry("a", UNDO_FAILED, undo_deadline=NOW + 25))
    assert ask(again, Verdict.RETAIN, now=NOW + 25) is TaskState.FAILED


def test_a_thing_that_exists_gets_the_id_a_person_gives() -> None:
    held = ledger(entry("a", UNCERTAIN, external_id="", tried=True, error=BROKEN))
    assert ask(held, Verdict.CREATED, "x", now=NOW) is TaskState.PARTIALLY_FAILED
    made = held.named("a")
    assert (made.state, made.external_id, made.owned, made.tried, made.error) == (CREATED, "x", True, False, None)


@pytest.mark.parametrize(("held_id", "given"), [("", ""), ("x", "y")], ids=["missing", "another"])
def test_a_wrong_or_missing_id_is_refused(held_id: str, given: str) -> None:
    held = ledger(entry("a", UNCERTAIN, external_id=held_id))
    with pytest.raises(InvalidArgument) as caught:
        ask(held, Verdict.CREATED, given)
    assert caught.value.violations[0].field == "external_id"
    assert not held.changed


def test_evidence_that_exists_becomes_the_keys_own_thing_where_it_has_none() -> None:
    held = ledger(entry("a", NOT_CREATED), entry("a~1", UNCERTAIN))
    one = task(TaskState.PARTIALLY_FAILED, held)
    assert keys(resolve(one, held, "a~1", Verdict.CREATED, "", NOW)) == ["a"]
    assert states(held) == {"a": CREATED}


def test_a_verdict_of_gone_keeps_the_id_so_that_an_old_report_of_it_is_no_news() -> None:
    held = ledger(entry("a", UNCERTAIN))
    ask(held, Verdict.NOT_CREATED)
    assert (held.named("a").external_id, held.named("a").burnt) == ("id-a", False)
    assert held.created("a", 1, "id-a", 1, SETTLED, live=False) is None


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(FailedPrecondition) as caught:
        ask(ledger(entry()), Verdict.FORGET, key="b")
    assert caught.value.reason == "KEY_UNKNOWN"


@pytest.mark.parametrize(
    "settled",
    [entry("a", UNDONE), entry("a", RETAINED, owned=False), entry("a", CREATED, owned=False)],
    ids=["undone", "retained", "adopted"],
)
def test_what_is_settled_or_not_ours_gets_no_verdict(settled: Entry) -> None:
    held = ledger(settled, entry("b"))
    with pytest.raises(FailedPrecondition, match="verdict FORGET is not possible"):
        ask(held, Verdict.FORGET)


@pytest.mark.parametrize("state", [INTENDED, UNDOING], ids=lambda state: state.name)
def test_what_is_at_work_gets_no_verdict(state: EntryState) -> None:
    with pytest.raises(FailedPrecondition):
        ask(ledger(entry("a", state)), Verdict.FORGET, now=SETTLED * 9)


@pytest.mark.parametrize(
    ("state", "cause", "end"),
    [
        (TaskState.PARTIALLY_FAILED, Cause.FAIL, TaskState.FAILED),
        (TaskState.PARTIALLY_FAILED, Cause.CANCEL, TaskState.CANCELLED),
        (TaskState.PARTIALLY_FAILED, Cause.ROLLBACK, TaskState.ROLLED_BACK),
        (TaskState.PARTIALLY_FAILED, Cause.SUCCESS, TaskState.SUCCEEDED),
        (TaskState.ROLLBACK_FAILED, Cause.FAIL, TaskState.FAILED),
        (TaskState.ROLLBACK_FAILED, Cause.ROLLBACK, TaskState.ROLLED_BACK),
    ],
)
def test_the_last_open_entry_resolved_ends_the_task_by_its_cause(
    state: TaskState, cause: Cause, end: TaskState
) -> None:
    held = ledger(entry("a", UNCERTAIN), entry("b", UNCERTAIN))
    one = task(state, held, cause=cause, end_time=NOW)
    resolve(one, held, "a", Verdict.FORGET, "", at(held, SETTLED))
    assert (one.state, one.end_time) == (state, NOW)
    resolve(one, held, "b", Verdict.FORGET, "", at(held, SETTLED))
    assert (one.state, one.end_time) == (end, SETTLED)


def test_the_evidence_of_a_success_resolved_makes_it_one_again() -> None:
    held = ledger(entry("a"), entry("a~1", UNCERTAIN))
    assert ask(held, Verdict.RETAIN, key="a~1", cause=Cause.SUCCESS) is TaskState.SUCCEEDED
