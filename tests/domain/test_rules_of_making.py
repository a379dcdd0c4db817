"""Rules 1 to 5: intents, tokens, groups, keys, adoption."""

from __future__ import annotations

import pytest
from tests.domain.build import (
    BROKEN,
    CREATED,
    DOUBT,
    FORGOTTEN,
    INTENDED,
    NOT_CREATED,
    NOW,
    RETAINED,
    UNCERTAIN,
    UNDO_FAILED,
    UNDOING,
    UNDONE,
    entry,
    intent,
    ledger,
    states,
)

from wharfinger.ledger import ids
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.states import EntryState


def refused(reason: str) -> pytest.RaisesExc[FailedPrecondition]:
    return pytest.raises(FailedPrecondition, check=lambda error: error.reason == reason)


def test_rule_1_settling_counts_from_the_end_of_the_send_window_and_the_call() -> None:
    made = ledger().intend(intent(send_window=10, call_timeout=20, settling=30), 1, NOW)
    assert (made.intent_time, made.send_by, made.settle_time) == (NOW, NOW + 10, NOW + 60)


def test_rule_2_a_token_is_made_of_task_key_and_generation_alone() -> None:
    first = ledger().intend(intent("a", step="one", region="here"), 1, NOW)
    again = ledger().intend(intent("a", step="two", region="there"), 9, NOW + 500)
    assert first.token == again.token == ids.token("uid", "a", 1)
    others = [ids.token("uid", "a", 2), ids.token("uid", "b", 1), ids.token("other", "a", 1)]
    assert len({first.token, *others}) == 4


def test_rule_2_what_find_concluded_does_not_free_the_token() -> None:
    held = ledger()
    first = held.intend(intent(), 1, NOW)
    held.found("a", first.version, [], first.settle_time, first.settle_time)
    assert states(held) == {"a": NOT_CREATED}
    again = held.intend(intent(), 3, first.settle_time)
    assert (again.generation, again.token, again.epoch) == (1, first.token, 3)


def test_rule_2_the_clouds_own_refusal_frees_the_token() -> None:
    held = ledger()
    first = held.intend(intent(), 1, NOW)
    held.refused("a", 1, BROKEN, NOW)
    again = held.intend(intent(), 3, NOW)
    assert (again.generation, again.token) == (2, ids.token("uid", "a", 2))
    assert again.token != first.token
    assert not again.burnt


def test_rule_2_an_undo_frees_the_token() -> None:
    held = ledger(entry(state=UNDONE, generation=3))
    again = held.intend(intent(), 2, NOW)
    assert (again.generation, again.external_id) == (4, "")


def test_rule_2_a_refusal_that_a_later_report_contradicts_does_not_free_the_token() -> None:
    held = ledger()
    held.intend(intent(), 1, NOW)
    held.refused("a", 1, BROKEN, NOW)
    held.created("a", 1, "x", 1, NOW, live=False)
    assert held.named("a").state is UNCERTAIN
    assert not held.named("a").burnt


def test_rule_3_the_parts_of_a_group_share_one_token() -> None:
    held = ledger()
    a, b = (held.intend(intent(key, group="both"), 1, NOW) for key in "ab")
    assert a.token == b.token == ids.token("uid", "both", 1)


def test_rule_3_a_part_that_the_answer_does_not_name_is_uncertain() -> None:
    held = ledger()
    for key in "ab":
        held.intend(intent(key, group="both"), 1, NOW)
    held.created("a", 1, "x", 1, NOW, live=True)
    part = held.in_doubt("b", 1, DOUBT, NOW, unnamed=True)
    assert part is not None
    assert (part.state, part.error) == (UNCERTAIN, DOUBT)


def test_rule_3_each_part_of_a_group_finds_an_id_of_its_own() -> None:
    held = ledger()
    a, b = (held.intend(intent(key, group="both", idempotent=True), 1, NOW) for key in "ab")
    held.found("a", a.version, ["x", "y"], NOW, NOW)
    held.found("b", b.version, ["x", "y"], NOW, NOW)
    assert {one.key: one.external_id for one in held} == {"a": "x", "b": "y"}


def test_rule_3_more_than_a_group_has_parts_is_listed() -> None:
    held = ledger()
    a, b = (held.intend(intent(key, group="both", idempotent=True), 1, NOW) for key in "ab")
    held.found("a", a.version, ["x", "y", "z"], NOW, NOW)
    held.found("b", b.version, ["x", "y", "z"], NOW, NOW)
    assert {one.external_id for one in held} == {"x", "y", "z"}
    assert len(states(held)) == 3


def test_rule_3_a_late_report_of_a_part_that_was_found_as_another_is_of_one_that_is_still_sought() -> None:
    """What finds them by their token can't tell the parts apart: all three are there, and none is made again."""
    held = ledger()
    _, b, c = (held.intend(intent(key, group="all", idempotent=True), 1, NOW) for key in "abc")
    held.found("b", b.version, ["z", "x", "y"], NOW, NOW)
    changed = held.created("b", 1, "y", 1, NOW, live=False)
    assert changed is not None
    assert (changed.key, changed.state, changed.external_id) == ("a", CREATED, "y")
    held.found("c", c.version, ["z", "x", "y"], NOW, NOW)
    assert {one.key: one.external_id for one in held} == {"a": "y", "b": "z", "c": "x"}
    assert held.created("c", 1, "x", 1, NOW, live=False) is None
    assert held.created("a", 1, "y", 1, NOW, live=False) is None


def test_rule_3_a_late_report_of_a_part_is_no_other_attempts() -> None:
    held = ledger()
    a = held.intend(intent("a", group="all", idempotent=True), 1, NOW)
    held.intend(intent("b", group="all", idempotent=True), 1, NOW)
    held.found("a", a.version, ["z"], NOW, NOW)
    late = held.created("a", 1, "y", 2, NOW, live=False)
    assert late is not None
    assert (late.key, late.state) == ("a~1", UNCERTAIN)
    assert held.named("b").state is INTENDED


def test_an_unanswered_call_stays_intended_with_the_reason() -> None:
    held = ledger()
    held.intend(intent(), 1, NOW)
    doubted = held.in_doubt("a", 1, DOUBT, NOW)
    assert doubted is not None
    assert (doubted.state, doubted.error) == (INTENDED, DOUBT)


@pytest.mark.parametrize("state", [state for state in EntryState if state is not INTENDED], ids=lambda s: s.name)
def test_reports_of_an_intent_that_is_over_change_nothing(state: EntryState) -> None:
    held = ledger(entry(state=state))
    assert held.refused("a", 1, BROKEN, NOW) is None
    assert held.in_doubt("a", 1, DOUBT, NOW) is None
    assert not held.changed


def test_reports_of_another_attempts_intent_change_nothing() -> None:
    held = ledger(entry(state=INTENDED, epoch=3))
    assert held.refused("a", 1, BROKEN, NOW) is None
    assert held.in_doubt("a", 1, DOUBT, NOW, unnamed=True) is None
    assert not held.changed


def test_rule_4_what_an_earlier_attempt_made_is_reused() -> None:
    held = ledger(entry(state=CREATED, epoch=1, request_digest="digest of a"))
    assert held.intend(intent(), 5, NOW).external_id == "id-a"
    assert not held.changed


@pytest.mark.parametrize("state", [CREATED, NOT_CREATED, UNDONE], ids=lambda state: state.name)
def test_rule_4_another_request_under_the_same_key_is_refused(state: EntryState) -> None:
    held = ledger(entry(state=state, request_digest="digest of something else"))
    with refused("REQUEST_CHANGED"):
        held.intend(intent(), 5, NOW)
    assert not held.changed


@pytest.mark.parametrize(
    "state", [INTENDED, UNCERTAIN, UNDOING, UNDO_FAILED, RETAINED, FORGOTTEN], ids=lambda state: state.name
)
def test_rule_4_a_key_that_is_not_settled_is_not_made_again(state: EntryState) -> None:
    held = ledger(entry(state=state, owned=state not in (RETAINED, FORGOTTEN)))
    with refused("KEY_REUSED"):
        held.intend(intent(), 5, NOW)
    assert not held.changed


@pytest.mark.parametrize(
    ("state", "what_to_do"),
    [
        (RETAINED, "roll back the rest"),
        (FORGOTTEN, "roll back the rest"),
        (UNCERTAIN, "resolve it first"),
        (UNDO_FAILED, "resolve it first"),
    ],
    ids=["retained", "forgotten", "uncertain", "undo failed"],
)
def test_a_key_that_is_not_made_again_says_what_to_do(state: EntryState, what_to_do: str) -> None:
    held = ledger(entry(state=state, owned=state not in (RETAINED, FORGOTTEN)))
    with pytest.raises(FailedPrecondition, match=what_to_do):
        held.intend(intent(), 5, NOW)


def test_a_thing_cannot_come_after_itself() -> None:
    with refused("KEY_UNKNOWN"):
        ledger().intend(intent("a", depends_on=("a",)), 1, NOW)


def test_rule_5_what_was_there_before_is_not_owned() -> None:
    adopted = ledger().adopt(intent(), "x", 1, NOW)
    assert (adopted.state, adopted.external_id, adopted.owned, adopted.token) == (CREATED, "x", False, "")


@pytest.mark.parametrize("state", [NOT_CREATED, UNDONE], ids=lambda state: state.name)
def test_rule_5_adoption_of_a_key_once_intended_stays_owned(state: EntryState) -> None:
    held = ledger(entry(state=state, generation=2, token="t", undo_data="{}", group="g"))
    adopted = held.adopt(intent(), "x", 5, NOW)
    assert (adopted.state, adopted.external_id, adopted.owned) == (CREATED, "x", True)
    assert (adopted.token, adopted.generation, adopted.undo_data, adopted.group) == ("t", 2, "{}", "g")


def test_adoption_of_what_the_key_is_already_changes_nothing() -> None:
    held = ledger(entry(state=CREATED))
    assert held.adopt(intent(), "id-a", 5, NOW).owned
    assert not held.changed


@pytest.mark.parametrize(
    "state", [CREATED, UNCERTAIN, UNDO_FAILED, UNDOING, RETAINED, FORGOTTEN], ids=lambda state: state.name
)
def test_adoption_loses_no_id(state: EntryState) -> None:
    held = ledger(entry(state=state, owned=state not in (RETAINED, FORGOTTEN)))
    with refused("KEY_REUSED"):
        held.adopt(intent(), "another", 5, NOW)
    assert not held.changed


@pytest.mark.parametrize("state", [INTENDED, UNCERTAIN], ids=lambda state: state.name)
def test_what_may_still_land_is_not_adopted(state: EntryState) -> None:
    held = ledger(entry(state=state, external_id=""))
    with refused("KEY_REUSED"):
        held.adopt(intent(), "x", 5, NOW)


def test_an_adopted_key_may_be_adopted_anew() -> None:
    held = ledger(entry(state=CREATED, owned=False))
    adopted = held.adopt(intent(), "y", 5, NOW)
    assert (adopted.external_id, adopted.owned, adopted.ordinal) == ("y", False, 1)


def test_adoption_of_evidence_makes_it_the_keys_own_thing() -> None:
    held = ledger(entry(state=UNDONE), entry("a~1", UNCERTAIN))
    adopted = held.adopt(intent(), "id-a~1", 5, NOW)
    assert (adopted.key, adopted.external_id, adopted.owned) == ("a", "id-a~1", True)
    assert held.removed == {"a~1"}


def test_adoption_beside_open_evidence_is_refused() -> None:
    held = ledger(entry(state=UNDONE), entry("a~1", UNCERTAIN))
    with refused("KEY_REUSED"):
        held.adopt(intent(), "x", 5, NOW)


def test_the_live_attempts_report_makes_the_entry_created() -> None:
    held = ledger()
    held.intend(intent(), 1, NOW)
    made = held.created("a", 1, "x", 1, NOW + 5, live=True)
    assert made is not None
    assert (made.state, made.external_id, made.update_time) == (CREATED, "x", NOW + 5)


def test_a_report_for_a_key_that_was_never_intended_changes_nothing() -> None:
    held = ledger()
    assert held.created("a", 1, "x", 1, NOW, live=True) is None
    assert not held.changed


def test_a_live_report_takes_the_id_from_evidence() -> None:
    held = ledger(entry(state=INTENDED, epoch=5), entry("a~1", UNCERTAIN, external_id="x"))
    held.created("a", 1, "x", 5, NOW, live=True)
    assert states(held) == {"a": CREATED}
    assert held.counts.total == 1
