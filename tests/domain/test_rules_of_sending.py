"""Rules 21 and 22: a call that was not sent, said by the one that would have sent it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.domain.build import (
    BROKEN,
    CREATED,
    INTENDED,
    NOT_CREATED,
    NOW,
    UNCERTAIN,
    at,
    intent,
    ledger,
    states,
)

from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition

UNSENT = Failure(Code.UNAVAILABLE, "NOT_SENT", "nothing answered at that address")


def unsent(held: Ledger, *keys: str, epoch: int = 1, number: int = 1) -> list[str]:
    return [one.key for one in held.not_sent(keys, epoch, number, UNSENT, NOW)]


def test_rule_21_not_sent_is_definite_and_says_why() -> None:
    held = ledger()
    held.intend(intent(), 1, NOW)
    assert unsent(held, "a") == ["a"]
    assert (held.named("a").state, held.named("a").error) == (NOT_CREATED, UNSENT)


def test_rule_21_the_next_intent_of_the_same_attempt_has_the_same_token_and_the_next_number() -> None:
    held = ledger()
    first = held.intend(intent(), 1, NOW)
    unsent(held, "a")
    again = held.intend(intent(), 1, at(held, NOW + 5))
    assert (first.number, again.number) == (1, 2)
    assert (again.state, again.generation, again.token, again.error) == (INTENDED, 1, first.token, None)
    assert again.settle_time == NOW + 65


def test_rule_21_a_report_that_comes_again_changes_nothing() -> None:
    held = ledger()
    held.intend(intent(), 1, NOW)
    unsent(held, "a")
    assert unsent(held, "a") == []
    held.intend(intent(), 1, NOW)
    assert unsent(held, "a") == []
    assert states(held) == {"a": INTENDED}


def test_rule_21_a_report_of_another_attempts_intent_changes_nothing() -> None:
    held = ledger()
    held.intend(intent(), 1, NOW)
    unsent(held, "a")
    held.intend(intent(), 3, NOW)
    assert unsent(held, "a", epoch=1, number=2) == []
    assert unsent(held, "a", epoch=3, number=1) == []
    assert states(held) == {"a": INTENDED}


def test_rule_21_it_closes_what_find_could_not_tell() -> None:
    held = ledger()
    first = held.intend(intent(), 1, NOW)
    held.cannot_tell("a", first.version, BROKEN, NOW)
    assert states(held) == {"a": UNCERTAIN}
    assert unsent(held, "a") == ["a"]
    assert states(held) == {"a": NOT_CREATED}


@pytest.mark.parametrize("state", [CREATED, UNCERTAIN])
def test_rule_21_what_has_an_id_was_sent(state: object) -> None:
    held = ledger()
    made = held.intend(intent(), 1, NOW)
    held.put(replace(made, state=state, external_id="i-1"))
    assert unsent(held, "a") == []
    assert states(held) == {"a": state}


def test_rule_21_what_the_cloud_refused_was_sent_and_its_key_is_not_free() -> None:
    held = ledger()
    held.intend(intent(), 1, NOW)
    held.refused("a", 1, BROKEN, NOW)
    assert unsent(held, "a") == []
    assert held.free_again(["a"], ["a"], 1, 1) == []


def test_rule_21_what_is_asked_for_beside_it_is_free_too_unless_it_was_sent_and_did_not_come() -> None:
    held = ledger()
    for key in ("there", "refused", "doubted"):
        held.intend(intent(key), 1, NOW, 5)
    held.created("there", 1, "i-1", 1, NOW, live=True)
    held.refused("refused", 1, BROKEN, NOW)
    held.intend(intent("before"), 0, NOW, 5)
    held.created("before", 1, "i-2", 0, NOW, live=True)
    held.intend(intent("a"), 1, NOW, 5)
    used = ["a", "there", "refused", "doubted", "before"]
    assert held.free_again(["a"], used, 1, 5) == []  # it may still be sent
    held.not_sent(["a"], 1, 5, UNSENT, NOW)
    assert held.free_again(["a"], used, 1, 4) == []
    assert held.free_again(["a"], used, 1, 5) == ["a", "there", "before"]


def test_rule_21_a_key_that_was_never_intended_changes_nothing() -> None:
    assert unsent(ledger(), "a") == []


def test_rule_21_an_adopted_key_keeps_counting_its_intents() -> None:
    held = ledger()
    held.intend(intent(), 1, NOW)
    unsent(held, "a")
    held.adopt(intent(), "i-1", 1, NOW)
    assert held.named("a").number == 1


def test_rule_2_a_cloud_that_refused_before_still_frees_the_token_after_not_sent() -> None:
    held = ledger()
    held.intend(intent(), 1, NOW)
    held.refused("a", 1, BROKEN, NOW)
    assert held.intend(intent(), 3, NOW).generation == 2
    unsent(held, "a", epoch=3, number=2)
    assert held.intend(intent(), 3, NOW).generation == 2


# ---------------------------------------------------------------------- groups


def group(held: Ledger, *keys: str, epoch: int = 1) -> int:
    number = held.next_number(keys)
    for key in keys:
        held.intend(intent(key, group="all"), epoch, NOW, number)
    return number


def test_rule_22_of_a_group_it_closes_all_intended_parts() -> None:
    held = ledger()
    group(held, "a", "b", "c")
    assert unsent(held, "a", "b", "c") == ["a", "b", "c"]
    assert set(states(held).values()) == {NOT_CREATED}


def test_rule_22_of_a_single_part_it_is_refused() -> None:
    held = ledger()
    group(held, "a", "b", "c")
    for part in (("a",), ("a", "c")):
        with pytest.raises(FailedPrecondition, match="whole call"):
            unsent(held, *part)
    assert set(states(held).values()) == {INTENDED}


def test_rule_22_all_parts_of_a_call_have_one_number_whatever_they_had_before() -> None:
    held = ledger()
    group(held, "a", "b")
    unsent(held, "a", "b")
    held.intend(intent("a", group="all"), 1, NOW)
    held.created("a", 1, "i-a", 1, NOW, live=True)
    assert group(held, "a", "b", "c", epoch=3) == 3
    assert [held.named(key).number for key in "abc"] == [2, 3, 3]
    assert unsent(held, "a", "b", "c", epoch=3, number=3) == ["b", "c"]
    assert states(held) == {"a": CREATED, "b": NOT_CREATED, "c": NOT_CREATED}


def test_rule_22_a_part_that_the_answer_left_out_says_that_the_call_was_sent() -> None:
    held = ledger()
    group(held, "a", "b")
    held.created("a", 1, "i-a", 1, NOW, live=True)
    held.in_doubt("b", 1, BROKEN, NOW, unnamed=True)
    assert unsent(held, "a", "b") == []
    assert states(held) == {"a": CREATED, "b": UNCERTAIN}
