"""Rules 28 and 29: what was deleted outside is found out by its id, made anew, and looked at once more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.domain.build import (
    CREATED,
    DOUBT,
    FORGOTTEN,
    MISSING,
    NOT_CREATED,
    NOW,
    RETAINED,
    SETTLED,
    UNCERTAIN,
    UNDONE,
    at,
    entry,
    intent,
    keys,
    ledger,
    running,
    states,
    task,
)

from wharfinger.ledger import missing, replacing
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.states import Cause, EntryState, Goal, Phase, TaskState
from wharfinger.ledger.verdict import Verdict
from wharfinger_server.domain.resolving import resolve

SETTLING = 30
SECOND = SETTLED + SETTLING
THIRD = SECOND + SETTLING


def made(key: str = "a", state: EntryState = CREATED, **more: object) -> Entry:
    """Return an entry whose thing settles at SETTLED, with settling of 30."""
    return entry(key, state, settling=SETTLING, **more)


def look(held: Ledger, key: str, when: int, *, shown: bool | None) -> list[Entry]:
    """Look at an entry, asked and answered at once."""
    return held.looked(key, held.named(key).version, shown, at(held, when), when)


def check_all(held: Ledger, when: int) -> None:
    """Resume at `when`."""
    at(held, when)
    missing.check_all(held)


def check_last(held: Ledger, when: int) -> None:
    """End at `when`."""
    at(held, when)
    missing.check_last(held)


def due(held: Ledger, when: int) -> list[Entry]:
    """Return what is to be looked at by `when`."""
    at(held, when)
    return held.to_look()


def gone(*more: Entry) -> Ledger:
    """Return a ledger whose `a` was looked at in vain twice."""
    held = ledger(made(), *more)
    check_all(held, SETTLED)
    assert look(held, "a", SETTLED, shown=False) == []
    look(held, "a", SECOND, shown=False)
    return held


# ---------------------------------------------------------------------- rule 28


def test_rule_28_at_resume_all_that_is_ours_and_created_waits_for_a_look() -> None:
    held = ledger(made(), made("b", owned=False), made("c", UNCERTAIN), made("a~1"), made("d", UNDONE))
    check_all(held, NOW)
    assert keys(due(held, NOW)) == ["a", "a~1"]
    one = task(TaskState.QUEUED, held)
    with pytest.raises(FailedPrecondition, match="not settled"):
        one.begin(Phase.RUN, "asyncio", "w", NOW, 60)
    assert look(held, "a", NOW, shown=True) == look(held, "a~1", NOW, shown=None) == []
    assert not one.counts.looks
    assert states(held)["a"] is states(held)["a~1"] is CREATED


def test_rule_28_two_looks_a_settling_time_apart_free_the_key_and_keep_the_id() -> None:
    held = gone()
    freed, old = held.named("a"), held.named("a~1")
    assert (freed.state, freed.external_id, freed.burnt, freed.error.reason) == (  # type: ignore[union-attr]
        NOT_CREATED,
        "",
        True,
        "RESOURCE_MISSING",
    )
    assert (old.state, old.external_id, old.owned, old.was_own, old.generation) == (MISSING, "id-a", True, True, 1)
    assert not held.counts.looks
    assert held.counts.open == 1


def test_rule_28_one_look_is_not_enough_nor_two_too_close_nor_one_before_settling() -> None:
    held = ledger(made())
    check_all(held, NOW)
    look(held, "a", SETTLED - 1, shown=False)
    look(held, "a", SETTLED, shown=False)
    look(held, "a", SECOND - 1, shown=False)
    assert states(held) == {"a": CREATED}
    assert due(held, SECOND - 1) == []
    look(held, "a", SECOND, shown=False)
    assert states(held) == {"a": NOT_CREATED, "a~1": MISSING}


@pytest.mark.parametrize("shown", [True, None], ids=["there", "can't tell"])
def test_rule_28_a_look_that_shows_it_or_cannot_tell_begins_anew(shown: bool | None) -> None:
    held = ledger(made())
    check_all(held, SETTLED)
    look(held, "a", SETTLED, shown=False)
    look(held, "a", SECOND, shown=shown)
    assert (states(held), held.counts.looks, held.named("a").denied_time) == ({"a": CREATED}, 0, 0)
    check_all(held, SECOND)
    look(held, "a", SECOND, shown=False)
    assert states(held) == {"a": CREATED}


def test_rule_28_the_key_is_made_again_under_the_next_generation() -> None:
    held = gone()
    again = replacing.intend(held, intent("a", request_digest=""), 5, SECOND)
    assert (again.generation, again.external_id, again.burnt) == (2, "", False)
    assert again.token != held.named("a~1").token
    held.created("a", 2, "new", 5, SECOND, live=True)
    assert {e.key: e.external_id for e in held} == {"a": "new", "a~1": "id-a"}


def test_rule_28_what_is_gone_of_evidence_keeps_its_key() -> None:
    held = ledger(made(), made("a~1"))
    check_all(held, SETTLED)
    look(held, "a~1", SETTLED, shown=False)
    look(held, "a~1", SECOND, shown=False)
    assert states(held) == {"a": CREATED, "a~1": MISSING}
    assert not held.named("a~1").was_own


def test_rule_28_where_the_provider_names_things_by_their_key_the_old_id_is_the_new_ones() -> None:
    held = gone()
    replacing.intend(held, intent("a", request_digest=""), 5, SECOND)
    held.created("a", 2, "id-a", 5, SECOND, live=True)
    assert states(held) == {"a": CREATED}


def test_rule_5_what_is_missing_may_be_adopted_back() -> None:
    held = gone()
    back = held.adopt(intent("a", request_digest=""), "id-a", 5, SECOND)
    assert (back.state, back.owned, states(held)) == (CREATED, True, {"a": CREATED})


@pytest.mark.parametrize("state", [RETAINED, FORGOTTEN], ids=lambda state: state.name)
def test_rule_5_what_a_person_took_over_beside_the_key_is_not_adopted_as_the_key(state: EntryState) -> None:
    held = ledger(made("a", NOT_CREATED), made("a~1", state, owned=False))
    with pytest.raises(FailedPrecondition, match="which a person took over"):
        held.adopt(intent("a", request_digest=""), "id-a~1", 5, SECOND)
    assert not held.changed


def test_rule_5_what_was_held_to_be_gone_for_good_and_shows_again_is_adopted_in_one_entry() -> None:
    held = ledger(made("a", NOT_CREATED), made("a~1", UNDONE))
    assert held.adopt(intent("a", request_digest=""), "id-a~1", 5, SECOND).owned
    assert states(held) == {"a": CREATED}


def test_rule_10_a_late_report_of_an_id_that_is_missing_changes_nothing() -> None:
    held = gone()
    assert held.created("a", 1, "id-a", 1, SECOND, live=False) is None
    assert states(held) == {"a": NOT_CREATED, "a~1": MISSING}


def test_rule_2_late_evidence_beside_what_is_gone_does_not_free_its_token() -> None:
    held = gone()
    held.created("a", 1, "another", 1, SECOND, live=False)
    assert (held.named("a").state, held.named("a").burnt) == (UNCERTAIN, True)


# ---------------------------------------------------------------------- rules 9 and 13


def test_rule_9_what_is_missing_keeps_no_task_from_running() -> None:
    held = gone()
    one = task(TaskState.QUEUED, held)
    one.begin(Phase.RUN, "asyncio", "w", SECOND, 60)
    assert one.state is TaskState.RUNNING


def test_rule_13_a_result_waits_for_the_last_look() -> None:
    held = gone()
    one = running(held)
    one.finished(b"{}", SECOND)
    assert (one.state, one.goal) == (TaskState.RUNNING, Goal.SUCCEED)
    check_last(held, SECOND)
    assert due(held, THIRD - 1) == []
    assert keys(due(held, THIRD)) == ["a~1"]
    look(held, "a~1", THIRD, shown=False)
    one.conclude(THIRD, THIRD)
    assert (one.state, one.cause) == (TaskState.SUCCEEDED, Cause.SUCCESS)


# ---------------------------------------------------------------------- rule 29


def test_rule_29_the_last_look_closes_what_is_missing_a_settling_time_after_the_second() -> None:
    held = gone()
    check_last(held, SECOND)
    look(held, "a~1", THIRD - 1, shown=False)
    assert states(held)["a~1"] is MISSING
    [closed] = look(held, "a~1", THIRD, shown=False)
    assert (closed.state, closed.external_id, held.counts.open) == (UNDONE, "id-a", 0)


def test_rule_29_the_last_look_is_asked_a_settling_time_after_the_answer_of_the_second() -> None:
    # The look was ordered at SECOND, and a slow worker asked at any time up to its answer, 8 later.
    held = ledger(made())
    check_all(held, SETTLED)
    look(held, "a", SETTLED, shown=False)
    at(held, SECOND + 8)
    held.looked("a", held.named("a").version, False, SECOND, SECOND + 8)
    check_last(held, SECOND + 8)
    assert due(held, THIRD + 7) == []
    look(held, "a~1", THIRD + 7, shown=False)
    assert states(held)["a~1"] is MISSING
    look(held, "a~1", THIRD + 8, shown=False)
    assert states(held)["a~1"] is UNDONE


def test_rule_29_what_shows_again_is_the_keys_own_where_the_key_has_nothing() -> None:
    held = gone()
    check_last(held, SECOND)
    [back] = look(held, "a~1", THIRD, shown=True)
    assert (back.key, back.state, back.external_id, back.error) == ("a", CREATED, "id-a", None)
    assert keys(held) == ["a"]


def test_rule_29_what_shows_again_beside_the_new_one_is_an_entry_of_its_own() -> None:
    held = gone()
    replacing.intend(held, intent("a", request_digest=""), 5, SECOND)
    held.created("a", 2, "new", 5, SECOND, live=True)
    check_last(held, SECOND)
    [back] = look(held, "a~1", THIRD, shown=True)
    assert (back.key, back.state, back.owned, back.denied_time) == ("a~1", CREATED, True, 0)
    assert {e.key: e.external_id for e in held} == {"a": "new", "a~1": "id-a"}


def test_rule_29_where_nobody_can_tell_it_stays_missing_and_the_task_half_done() -> None:
    held = gone()
    one = task(TaskState.RUNNING, held, goal=Goal.SUCCEED)
    check_last(held, SECOND)
    [left] = held.looked("a~1", held.named("a~1").version, None, at(held, THIRD), THIRD, error=DOUBT)
    assert (left.state, left.error, held.counts.looks) == (MISSING, DOUBT, 0)
    check_last(held, THIRD)
    assert not held.counts.looks
    one.conclude(THIRD, THIRD)
    assert one.state is TaskState.PARTIALLY_FAILED
    held.begin_round()
    check_last(held, THIRD)
    assert held.counts.looks == 1


def test_rule_29_what_exists_is_not_looked_at_when_the_task_ends() -> None:
    held = ledger(made())
    check_all(held, NOW)
    check_last(held, NOW)
    assert not held.counts.looks


def test_rule_29_a_rollback_of_some_keys_looks_at_what_it_is_about() -> None:
    held = gone(made("b~1", MISSING, denied_time=SECOND))
    at(held, SECOND)
    missing.check_last(held, lambda one: one.base == "b")
    assert keys(due(held, THIRD)) == ["b~1"]


# ---------------------------------------------------------------------- a person's word


def test_rule_29_a_persons_word_is_the_first_of_two_looks() -> None:
    held = ledger(made())
    one = task(TaskState.PARTIALLY_FAILED, held)
    resolve(one, held, "a", Verdict.GONE, "", at(held, SETTLED))
    assert (states(held), one.state) == ({"a": CREATED}, TaskState.PARTIALLY_FAILED)
    assert "a person said" in held.named("a").error.message  # type: ignore[union-attr]
    check_all(held, SETTLED + 1)
    assert due(held, SECOND - 1) == []
    look(held, "a", SECOND, shown=False)
    assert states(held) == {"a": NOT_CREATED, "a~1": MISSING}


def test_rule_29_a_persons_wrong_word_is_undone_by_the_look() -> None:
    held = ledger(made())
    resolve(task(TaskState.PARTIALLY_FAILED, held), held, "a", Verdict.GONE, "", at(held, SETTLED))
    check_all(held, SECOND)
    look(held, "a", SECOND, shown=True)
    assert (states(held), held.named("a").error, held.named("a").denied_time) == ({"a": CREATED}, None, 0)


def test_rule_29_said_twice_it_is_still_one_look() -> None:
    held = ledger(made())
    one = task(TaskState.PARTIALLY_FAILED, held)
    for when in (SETTLED, THIRD):
        resolve(one, held, "a", Verdict.GONE, "", at(held, when))
    assert (states(held), held.named("a").denied_time) == ({"a": CREATED}, SETTLED)


def test_rule_29_a_persons_word_closes_what_is_missing() -> None:
    held = gone()
    one = task(TaskState.PARTIALLY_FAILED, held)
    resolve(one, held, "a~1", Verdict.GONE, "", at(held, SECOND))
    assert (states(held)["a~1"], one.state) == (UNDONE, TaskState.FAILED)


def test_rule_20_nothing_is_gone_before_its_own_settling() -> None:
    held = ledger(made())
    with pytest.raises(FailedPrecondition) as caught:
        resolve(task(TaskState.PARTIALLY_FAILED, held), held, "a", Verdict.GONE, "", at(held, SETTLED - 1))
    assert caught.value.reason == "TASK_NOT_SETTLED"
    assert not held.changed


def test_rule_20_what_succeeded_is_not_said_to_be_gone() -> None:
    held = ledger(made())
    with pytest.raises(FailedPrecondition, match="GONE is not possible"):
        resolve(task(TaskState.SUCCEEDED, held), held, "a", Verdict.GONE, "", at(held, SETTLED))


def test_rule_27_late_evidence_of_an_intent_whose_settling_goes_on_waits_for_its_end() -> None:
    held = ledger(made(epoch=1, external_id="of a person"))
    at(held, NOW)
    assert held.created("a", 1, "late", 1, NOW, live=False) is not None
    held.put(replace(held.named("a~1"), state=CREATED))
    check_all(held, NOW)
    for when in (NOW, NOW + SETTLING, SETTLED - 1, SETTLED):
        look(held, "a~1", when, shown=False)
    assert states(held)["a~1"] is CREATED
    look(held, "a~1", SECOND, shown=False)
    assert states(held)["a~1"] is MISSING


def test_rule_27_late_evidence_that_becomes_its_keys_own_keeps_its_own_settling() -> None:
    held = ledger(made("a", NOT_CREATED, settle_time=NOW), made("a~1", UNCERTAIN))
    at(held, NOW)
    resolve(task(TaskState.PARTIALLY_FAILED, held), held, "a~1", Verdict.CREATED, "", NOW)
    assert (keys(held), held.named("a").settle_time) == (["a"], SETTLED)
