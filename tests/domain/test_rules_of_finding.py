"""Rules 6 to 12: finding, and late evidence."""

from __future__ import annotations

import pytest
from tests.domain.build import (
    BROKEN,
    CREATED,
    DOUBT,
    INTENDED,
    LATE,
    LOST,
    NOT_CREATED,
    NOW,
    SETTLED,
    UNCERTAIN,
    UNDO_FAILED,
    UNDOING,
    UNDONE,
    entry,
    intent,
    keys,
    ledger,
    running,
    states,
    task,
)

from wharfinger.ledger import ids
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.removing import Removal
from wharfinger.ledger.states import Cause, EntryState, Goal, Phase, TaskState


def find(held: Ledger, key: str, found: list[str], asked: int) -> list[str]:
    """Look for `key` and return the keys that changed."""
    return keys(held.found(key, held.named(key).version, found, asked, asked))


# ---------------------------------------------------------------------- rule 6


def test_rule_6_not_there_counts_only_when_it_was_asked_after_settling() -> None:
    held = ledger(entry(state=INTENDED))
    early = held.named("a").version
    assert held.found("a", early, [], SETTLED - 1, SETTLED + 100) == []
    assert states(held) == {"a": INTENDED}
    assert held.named("a").asked_early
    assert find(held, "a", [], SETTLED) == ["a"]
    assert states(held) == {"a": NOT_CREATED}


def test_rule_6_without_tokens_there_waits_for_settling_too() -> None:
    held = ledger(entry(state=INTENDED, idempotent=False))
    assert find(held, "a", ["x"], SETTLED - 1) == []
    assert states(held) == {"a": INTENDED}
    assert find(held, "a", ["x"], SETTLED) == ["a"]
    assert held.named("a").external_id == "x"


def test_rule_6_under_a_token_there_counts_at_once() -> None:
    held = ledger(entry(state=INTENDED, idempotent=True))
    assert find(held, "a", ["x"], NOW) == ["a"]
    assert (held.named("a").state, held.named("a").external_id) == (CREATED, "x")


# ---------------------------------------------------------------------- rule 7


def test_rule_7_all_that_is_found_is_listed() -> None:
    held = ledger(entry(state=INTENDED, generation=2, epoch=4))
    assert find(held, "a", ["x", "y", "z", "y"], SETTLED) == ["a", "a~1", "a~2"]
    extra = held.named("a~2")
    assert (extra.state, extra.external_id, extra.owned, extra.generation, extra.epoch) == (UNCERTAIN, "z", True, 2, 4)
    assert held.counts.open == 3


def test_rule_7_ids_that_other_entries_hold_are_left_out() -> None:
    held = ledger(entry(state=INTENDED), entry("a~1", UNDONE, external_id="x"), entry("b", CREATED, external_id="y"))
    find(held, "a", ["x", "y"], SETTLED)
    assert held.named("a").state is NOT_CREATED


def test_the_same_id_elsewhere_is_another_thing() -> None:
    held = ledger(entry(state=INTENDED), entry("b", CREATED, external_id="x", region="elsewhere"))
    find(held, "a", ["x"], SETTLED)
    assert held.named("a").external_id == "x"


def test_rule_7_extra_things_of_evidence_are_listed_too() -> None:
    held = ledger(entry(state=CREATED), entry("a~1", UNCERTAIN))
    assert find(held, "a~1", ["id-a~1", "new"], SETTLED) == ["a~1", "a~2"]


def test_rule_7_what_the_present_intent_may_have_made_is_not_taken_for_evidence() -> None:
    held = ledger(entry(state=INTENDED, token="same"), entry("a~1", UNCERTAIN, token="same"))
    assert find(held, "a~1", ["id-a~1", "new"], SETTLED) == ["a~1"]


def test_an_id_that_find_does_not_show_stays_uncertain() -> None:
    held = ledger(entry(state=UNCERTAIN))
    assert find(held, "a", ["other"], SETTLED + 1) == ["a"]
    found = held.named("a")
    assert (found.state, found.external_id, found.tried) == (UNCERTAIN, "id-a", True)


def test_evidence_that_is_found_becomes_the_keys_own_thing_where_it_has_none() -> None:
    held = ledger(entry(state=UNDONE, generation=3, undo_deadline=5), entry("a~1", UNCERTAIN, generation=1))
    assert find(held, "a~1", ["id-a~1"], SETTLED) == ["a"]
    own = held.named("a")
    assert (own.state, own.external_id, own.generation, own.undo_deadline) == (CREATED, "id-a~1", 3, 0)
    assert held.removed == {"a~1"}


def test_evidence_that_is_found_stays_beside_a_key_that_has_a_thing() -> None:
    held = ledger(entry(state=CREATED), entry("a~1", UNCERTAIN))
    assert find(held, "a~1", ["id-a~1"], SETTLED) == ["a~1"]
    assert states(held) == {"a": CREATED, "a~1": CREATED}


# ---------------------------------------------------------------------- rule 8


@pytest.mark.parametrize(
    "moved",
    [{"state": UNCERTAIN}, {"generation": 2}, {"external_id": "y"}, {"epoch": 2}],
    ids=["state", "generation", "id", "epoch"],
)
def test_rule_8_a_finding_about_what_has_moved_on_changes_nothing(moved: dict[str, object]) -> None:
    asked = entry(state=INTENDED).version
    held = ledger(entry(**{"state": INTENDED, **moved}))
    assert held.found("a", asked, ["x"], SETTLED, SETTLED) == []
    assert held.cannot_tell("a", asked, DOUBT, SETTLED) is None
    assert not held.changed


@pytest.mark.parametrize(
    "state", [state for state in EntryState if state not in (INTENDED, UNCERTAIN)], ids=lambda state: state.name
)
def test_rule_8_nothing_is_found_about_what_is_known(state: EntryState) -> None:
    held = ledger(entry(state=state))
    version = held.named("a").version
    assert held.found("a", version, [], SETTLED, SETTLED) == []
    assert held.cannot_tell("a", version, DOUBT, SETTLED) is None
    assert not held.changed


def test_rule_8_the_result_of_an_undo_counts_only_for_what_it_was_asked_about() -> None:
    held = ledger(entry(state=UNDOING, generation=2))
    stale = entry(state=UNDOING, generation=1).version
    assert held.undone("a", Removal.COMPLETE, None, NOW, stale) is None
    assert held.undone("a", Removal.COMPLETE, None, NOW, held.named("a").version) is not None


def test_a_version_may_come_back_as_a_list() -> None:
    held = ledger(entry(state=INTENDED))
    assert held.cannot_tell("a", list(held.named("a").version), DOUBT, NOW) is not None  # type: ignore[arg-type]


def test_when_find_cannot_tell_nobody_guesses() -> None:
    held = ledger(entry(state=INTENDED))
    told = held.cannot_tell("a", held.named("a").version, DOUBT, SETTLED + 100)
    assert told is not None
    assert (told.state, told.tried, told.error) == (UNCERTAIN, True, DOUBT)


# ---------------------------------------------------------------------- rule 9


@pytest.mark.parametrize("state", [INTENDED, UNCERTAIN], ids=lambda state: state.name)
def test_rule_9_nothing_runs_while_an_entry_is_unsettled(state: EntryState) -> None:
    one = task(TaskState.QUEUED, ledger(entry(state=state)))
    with pytest.raises(FailedPrecondition) as caught:
        one.begin(Phase.RUN, "x", "w", NOW, 60)
    assert caught.value.reason == "TASK_NOT_SETTLED"
    assert (one.state, one.lease, one.epoch) == (TaskState.QUEUED, None, 0)


def test_rule_9_what_is_uncertain_after_settling_ends_the_task_as_failed() -> None:
    held = ledger(entry(state=UNCERTAIN, tried=True))
    one = task(TaskState.QUEUED, held)
    one.give_up(DOUBT, NOW)
    assert (one.state, one.goal, one.error) == (TaskState.RUNNING, Goal.FAIL, DOUBT)
    one.conclude(NOW, NOW)
    assert (one.state, one.cause) == (TaskState.PARTIALLY_FAILED, Cause.FAIL)


def test_rule_9_open_evidence_of_a_wanted_key_forbids_to_make_it() -> None:
    held = ledger(entry(state=UNDONE), entry("a~1", CREATED))
    with pytest.raises(FailedPrecondition) as caught:
        held.intend(intent(), 5, NOW)
    assert caught.value.reason == "KEY_REUSED"
    closed = ledger(entry(state=UNDONE), entry("a~1", UNDONE))
    assert closed.intend(intent(), 5, NOW).state is INTENDED


def test_each_uncertain_entry_is_looked_for_once_in_a_round() -> None:
    held = ledger(
        entry("a", INTENDED),
        entry("b", UNCERTAIN),
        entry("c", UNCERTAIN, tried=True),
        entry("d", CREATED),
        entry("e", UNDO_FAILED, tried=True),
    )
    assert keys(held.to_settle()) == ["a", "b"]
    held.begin_round()
    assert keys(held.to_settle()) == ["a", "b", "c"]
    assert not held.named("e").tried


# ---------------------------------------------------------------------- rule 10


def late(held: Ledger, id_: str, *, epoch: int = 1, generation: int = 1) -> str | None:
    """Report `id_` for the key a from a fenced attempt; return the key that changed."""
    changed = held.created("a", generation, id_, epoch, NOW + 5, live=False)
    return changed.key if changed else None


@pytest.mark.parametrize("state", [INTENDED, UNCERTAIN], ids=lambda state: state.name)
def test_rule_10_late_evidence_fills_its_own_intent(state: EntryState) -> None:
    held = ledger(entry(state=state, external_id="", error=DOUBT))
    assert late(held, "x") == "a"
    assert (held.named("a").state, held.named("a").external_id, held.named("a").error) == (CREATED, "x", None)


@pytest.mark.parametrize("state", [UNCERTAIN, NOT_CREATED], ids=lambda state: state.name)
def test_rule_10_late_evidence_never_takes_the_place_of_a_known_id(state: EntryState) -> None:
    held = ledger(entry(state=state, external_id="known"))
    assert late(held, "x") == "a~1"
    assert held.named("a").external_id == "known"


def test_rule_10_late_evidence_against_a_conclusion_is_uncertain() -> None:
    held = ledger(entry(state=NOT_CREATED))
    assert late(held, "x") == "a"
    assert (held.named("a").state, held.named("a").external_id, held.named("a").tried) == (UNCERTAIN, "x", False)


@pytest.mark.parametrize("state", list(EntryState), ids=lambda state: state.name)
def test_rule_10_late_evidence_of_another_attempts_intent_stands_for_itself(state: EntryState) -> None:
    held = ledger(entry(state=state, epoch=5))
    before = held.named("a")
    assert late(held, "x", epoch=1) == "a~1"
    assert held.named("a") is before
    apart = held.named("a~1")
    assert (apart.base, apart.state, apart.external_id, apart.owned, apart.epoch) == ("a", UNCERTAIN, "x", True, 1)


def test_rule_10_evidence_of_what_was_adopted_since_is_ours() -> None:
    held = ledger(entry(state=CREATED, owned=False, epoch=5))
    assert late(held, "x") == "a~1"
    assert held.named("a~1").owned


def test_rule_10_late_evidence_of_another_generation_stands_for_itself_under_its_own_token() -> None:
    held = ledger(entry(state=INTENDED, epoch=5, generation=2, token=ids.token("uid", "a", 2)))
    late(held, "x", generation=1)
    apart = held.named("a~1")
    assert (apart.generation, apart.token) == (1, ids.token("uid", "a", 1))


def test_evidence_has_nothing_to_wait_for() -> None:
    held = ledger(entry(state=INTENDED, epoch=5, undo_attempts=3, tried=True, burnt=True, blocked_by="b"))
    late(held, "x")
    apart = held.named("a~1")
    assert apart.settle_time == NOW
    assert (apart.undo_attempts, apart.tried, apart.burnt, apart.blocked_by) == (0, False, False, "")


@pytest.mark.parametrize("state", [CREATED, UNCERTAIN, UNDONE, UNDO_FAILED], ids=lambda state: state.name)
def test_rule_10_an_id_that_the_ledger_has_changes_nothing(state: EntryState) -> None:
    held = ledger(entry(state=INTENDED, epoch=5), entry("a~1", state, external_id="x"), entry("b", external_id="y"))
    assert late(held, "x") is None
    assert late(held, "y") is None
    assert not held.changed


def test_evidence_gets_a_key_that_no_other_has() -> None:
    held = ledger(entry(state=CREATED, epoch=5), entry("a~2", CREATED))
    assert late(held, "x") == "a~1"
    assert late(held, "y") == "a~3"


def test_a_second_id_from_the_live_attempt_is_evidence() -> None:
    held = ledger(entry(state=CREATED, epoch=1))
    made = held.created("a", 1, "second", 1, NOW, live=True)
    assert made is not None
    assert (made.key, made.state) == ("a~1", UNCERTAIN)


def test_a_part_that_was_not_named_may_be_reported_after_all() -> None:
    held = ledger(entry(state=UNCERTAIN, external_id="", epoch=1))
    made = held.created("a", 1, "x", 1, NOW, live=True)
    assert made is not None
    assert (made.key, made.state) == ("a", CREATED)


# ---------------------------------------------------------------------- rules 11 and 12


@pytest.mark.parametrize(
    "state",
    [TaskState.FAILED, TaskState.CANCELLED, TaskState.ROLLED_BACK, TaskState.SUCCEEDED],
    ids=lambda state: state.name,
)
def test_rule_11_late_evidence_reopens_a_task_at_rest(state: TaskState) -> None:
    one = task(state, ledger(entry("a~1", UNCERTAIN)), expire_time=5)
    cause = one.cause
    assert one.late_evidence(LATE, NOW)
    assert (one.state, one.cause, one.error, one.expire_time) == (TaskState.PARTIALLY_FAILED, cause, LATE, 0)


def test_rule_11_the_first_error_is_kept() -> None:
    one = task(TaskState.FAILED, ledger(entry("a~1", UNCERTAIN)), error=BROKEN)
    one.late_evidence(LATE, NOW)
    assert one.error is BROKEN


@pytest.mark.parametrize("state", [TaskState.PARTIALLY_FAILED, TaskState.ROLLBACK_FAILED], ids=lambda state: state.name)
def test_rule_11_late_evidence_leaves_a_half_done_task_where_it_is(state: TaskState) -> None:
    one = task(state, ledger(entry(), entry("a~1", UNCERTAIN)), error=BROKEN)
    assert not one.late_evidence(LATE, NOW)
    assert (one.state, one.error) == (state, BROKEN)


def test_rule_11_a_task_at_work_looks_again_when_it_concludes() -> None:
    held = ledger(entry("a", CREATED, epoch=5))
    one = running(held)
    one.lost(LOST, NOW, resumable=False)
    held.created("a", 1, "x", 1, NOW, live=False)
    assert not one.late_evidence(LATE, NOW)
    assert one.must_settle
    assert keys(held.to_settle()) == ["a~1"]
    one.conclude(NOW, NOW)
    assert one.state is TaskState.PARTIALLY_FAILED


def test_rule_11_evidence_that_answers_the_last_question_of_a_success_closes_it_again() -> None:
    held = ledger(entry("a", CREATED))
    one = task(TaskState.PARTIALLY_FAILED, held, cause=Cause.SUCCESS, error=LATE)
    assert one.late_evidence(LATE, NOW)
    assert (one.state, one.error) == (TaskState.SUCCEEDED, None)


def test_rule_12_late_evidence_revives_a_tombstone() -> None:
    one = task(TaskState.CANCELLED, ledger(), end_time=NOW)
    one.delete(NOW + 10)
    assert one.delete_time == NOW + 10
    one.counts = ledger(entry("a~1", UNCERTAIN)).counts
    assert one.late_evidence(LATE, NOW + 20)
    assert (one.state, one.delete_time, one.error) == (TaskState.PARTIALLY_FAILED, 0, LATE)
