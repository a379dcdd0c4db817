"""Rules 24 to 27: one undo at a time, tried again n times, and gone only when two looks by id say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.domain.build import BROKEN, DOUBT, NOW, SETTLED, UNDO_FAILED, UNDOING, UNDONE, entry, keys, ledger

from wharfinger.ledger import looking
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.looking import Seen
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.removing import Removal
from wharfinger.ledger.undo import Order
from wharfinger_server.domain.policy import Policy

WINDOW, SETTLING = 20, 30
LATER = SETTLED + 1000
"""A time at which everything of an entry's making has settled."""


def begun(now: int = LATER, **more: object) -> Ledger:
    """Return a ledger whose `a` began to be undone at `now`, by either clock."""
    held = ledger(entry("a", **more))
    held.steady = now
    held.undoing("a", WINDOW, now)
    return held


def look(held: Ledger, shown: bool | None, asked: int, state: str = "") -> Entry:
    """Look at `a`, and return it as it is then."""
    held.steady = asked
    held.looked("a", held.named("a").version, shown, asked, asked, state, None if shown is not None else DOUBT)
    return held.named("a")


# ---------------------------------------------------------------------- rule 27


@pytest.mark.parametrize(
    ("looks", "seen"),
    [
        ([(False, 0)], Seen.DENIED),
        ([(False, 0), (False, SETTLING)], Seen.GONE),
        ([(False, 0), (False, SETTLING - 1)], Seen.DENIED),
        ([(False, 0), (True, 5), (False, SETTLING)], Seen.DENIED),
        ([(False, 0), (True, 5), (False, 6), (False, 6 + SETTLING)], Seen.GONE),
        ([(False, 0), (None, 5), (False, SETTLING)], Seen.GONE),
        ([(None, 0), (None, SETTLING), (None, 2 * SETTLING)], Seen.UNKNOWN),
        ([(True, 0)], Seen.SHOWN),
    ],
)
def test_rule_27_two_denials_in_a_row_a_settling_time_apart_count(
    looks: list[tuple[bool | None, int]], seen: Seen
) -> None:
    one = looking.awaits(entry(), SETTLED)
    for shown, after in looks:
        one, came = looking.judge(one, shown, SETTLED + after, SETTLED + after)
    assert came is seen


def test_rule_27_what_was_asked_before_the_things_own_settling_ended_does_not_count() -> None:
    one = looking.awaits(entry(), NOW)
    one, early = looking.judge(one, False, SETTLED - 1, SETTLED + 500)
    assert (early, one.denied_time, one.look_time) == (Seen.DENIED, 0, SETTLED)
    one, first = looking.judge(one, False, SETTLED, SETTLED)
    assert (first, one.denied_time, one.look_time) == (Seen.DENIED, SETTLED, SETTLED + SETTLING)
    assert looking.judge(one, False, SETTLED + SETTLING, SETTLED + SETTLING)[1] is Seen.GONE


def test_a_look_that_decides_nothing_is_repeated_after_a_growing_pause() -> None:
    one, pauses = looking.awaits(entry(), NOW), []
    for _ in range(7):
        one, _seen = looking.judge(one, None, LATER, LATER)
        pauses.append((one.look_time - LATER) // 1_000_000)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_rule_8_a_look_at_an_entry_that_moved_on_changes_nothing() -> None:
    held = begun()
    version = held.named("a").version
    held.undone("a", Removal.LOST, BROKEN, LATER)
    assert held.looked("a", version, False, LATER, LATER) == []
    assert held.named("a").denied_time == 0


def test_nothing_is_looked_at_that_is_not_ours_or_has_no_id() -> None:
    held = begun()
    assert keys(held.to_look()) == ["a"]
    assert held.counts.looks == 1
    for other in (replace(held.named("a"), owned=False), replace(held.named("a"), external_id="")):
        assert not other.awaits_look


# ---------------------------------------------------------------------- rule 26


@pytest.mark.parametrize("how", [Removal.ACCEPTED, Removal.NOT_FOUND])
def test_rule_26_accepted_is_not_done(how: Removal) -> None:
    held = begun()
    assert held.undone("a", how, None, LATER) is None
    assert held.named("a").state is UNDOING
    assert look(held, False, LATER).state is UNDOING
    assert look(held, False, LATER + SETTLING).state is UNDONE
    assert held.counts.looks == 0


def test_rule_26_a_lost_answer_is_looked_at() -> None:
    held = begun()
    held.undone("a", Removal.LOST, BROKEN, LATER + 1)
    assert (held.named("a").state, held.named("a").awaits_look) == (UNDO_FAILED, True)
    look(held, False, LATER + 2)
    assert look(held, False, LATER + 2 + SETTLING).state is UNDONE


def test_rule_26_what_is_there_within_the_window_waits_and_after_it_has_failed_with_the_providers_state() -> None:
    held = begun()
    held.undone("a", Removal.ACCEPTED, None, LATER)
    one = look(held, True, LATER + WINDOW + SETTLING - 1, "error_deleting")
    assert (one.state, one.look_time) == (UNDOING, LATER + WINDOW + SETTLING)
    failed = look(held, True, LATER + WINDOW + SETTLING, "error_deleting")
    assert (failed.state, failed.awaits_look) == (UNDO_FAILED, False)
    assert failed.error is not None
    assert failed.error.message == "the provider accepted the delete; it is still there, in state error_deleting"
    assert failed.error.metadata == {"key": "a", "provider_state": "error_deleting"}


def test_rule_26_what_cannot_be_told_after_the_window_has_failed_and_says_so() -> None:
    held = begun()
    held.undone("a", Removal.ACCEPTED, None, LATER)
    assert look(held, None, LATER + 1).state is UNDOING
    failed = look(held, None, LATER + WINDOW + SETTLING)
    assert failed.state is UNDO_FAILED
    assert failed.error is not None
    assert "the provider accepted the delete; whether it is gone is not known: nobody knows" in failed.error.message


def test_rule_26_a_look_after_the_window_that_denies_once_waits_for_the_second() -> None:
    held = begun()
    held.undone("a", Removal.ACCEPTED, None, LATER)
    end = LATER + WINDOW + SETTLING
    assert look(held, False, end).state is UNDOING
    assert look(held, False, end + SETTLING).state is UNDONE


def test_what_began_to_be_undone_and_was_never_answered_is_looked_at() -> None:
    held = begun()
    assert keys(held.to_look()) == ["a"]
    assert keys(Order(held, steady=LATER).to_look()) == ["a"]
    assert (Order(held, steady=LATER).startable(), Order(held).waves()) == ([], ())


def test_a_thing_is_looked_at_only_once_its_own_settling_has_ended() -> None:
    held = begun(NOW)
    assert held.named("a").look_time == SETTLED
    held.steady = SETTLED - 1
    assert held.to_look() == []
    held.steady = SETTLED
    assert keys(held.to_look()) == ["a"]


# ---------------------------------------------------------------------- rule 24


def test_rule_24_the_next_undo_waits_for_the_whole_window_of_the_last() -> None:
    held = begun()
    held.undone("a", Removal.LOST, BROKEN, LATER + 1)
    end = LATER + WINDOW + SETTLING
    held.steady = end - 1
    with pytest.raises(FailedPrecondition) as caught:
        held.undoing("a", WINDOW, end - 1)
    assert caught.value.reason == "TASK_NOT_SETTLED"
    assert "settle_time" in caught.value.metadata
    held.steady = end
    assert held.undoing("a", WINDOW, end).state is UNDOING


def test_rule_24_a_definite_answer_frees_it_at_once() -> None:
    held = begun()
    held.undone("a", Removal.REFUSED, BROKEN, LATER + 1)
    assert (held.named("a").state, held.named("a").awaits_look) == (UNDO_FAILED, False)
    assert held.undoing("a", WINDOW, LATER + 1).state is UNDOING


def test_rule_24_an_answer_about_an_earlier_undo_changes_nothing() -> None:
    held = begun()
    held.steady += WINDOW + SETTLING
    held.undoing("a", WINDOW, LATER + WINDOW + SETTLING)
    assert held.named("a").undo_attempts == 2
    assert held.undone("a", Removal.COMPLETE, None, LATER + 60, number=1) is None
    assert held.named("a").state is UNDOING
    assert held.undone("a", Removal.COMPLETE, None, LATER + 60, number=2) is not None


# ---------------------------------------------------------------------- rule 25


def test_rule_25_an_undo_that_failed_is_tried_again_after_a_backoff_n_times() -> None:
    held = ledger(entry("a", UNDO_FAILED, undo_begun=1, undo_failed_time=LATER))
    policy = Policy(max_undo_attempts=2, retry_backoff=10)
    order = Order(held, (), policy, LATER + 9)
    assert (order.ready(), keys(order.startable()), order.waves()) == ([], ["a"], ())
    assert order.start_time(held.named("a")) == LATER + 10
    assert keys(Order(held, (), policy, LATER + 10).ready()) == ["a"]
    held.undoing("a", WINDOW, LATER + 10)
    held.undone("a", Removal.REFUSED, BROKEN, LATER + 11)
    last = Order(held, (), policy, LATER + 10_000)
    assert (last.startable(), last.spent(held.named("a"))) == ([], True)


def test_rule_25_begun_is_counted_in_the_commit_of_undoing() -> None:
    held = begun()
    assert (held.named("a").undo_begun, held.named("a").undo_attempts) == (1, 1)
    held.undone("a", Removal.REFUSED, BROKEN, LATER)
    assert held.named("a").undo_begun == 1


def test_rule_25_a_new_rollback_counts_anew() -> None:
    held = ledger(entry("a", UNDO_FAILED, undo_begun=3, undo_failed_time=LATER, undo_attempts=3))
    assert Order(held).ready() == []
    held.begin_round()
    assert keys(Order(held, steady=LATER).ready()) == ["a"]
    assert held.named("a").undo_attempts == 3


def test_rule_25_three_undos_are_the_default() -> None:
    assert Policy().undos == 3
