"""Planted bugs in short: that the simulation would see them is what its silence is worth."""

from __future__ import annotations

import pytest
from tests.campaigns.seeded import BUGS, hunt

pytestmark = pytest.mark.campaign

MOST = 6
"""How many histories a bug here gets. The others need more of them: `make seeded` hunts all."""
QUICK = {
    "intent_after_the_call": 1,
    "token_by_attempt": 8,
    "find_believed_before_settling": 5,
    "runs_while_uncertain": 5,
    "failed_with_something_open": 2,
    "one_id_in_two_entries": 4,
    "retained_inside_the_undo_window": 11,
    "late_evidence_becomes_the_cause": 38,
    "no_intent_number": 58,
    "said_of_a_part": 58,
    "doubt_without_end": 8,
    "uncertain_counted_as_alive": 3,
    "sums_rounded": 2,
    "budgets_never_freed": 2,
    "wall_clock_ends_windows": 29,
}
"""Bugs that are soon found, and the seed from which on to look: another one after a change of the simulation."""


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("name", "first"), QUICK.items())
def test_a_planted_bug_is_found(name: str, first: int) -> None:
    [bug] = [bug for bug in BUGS if bug.name == name]
    caught = hunt(bug, first, MOST)
    assert caught.seed, caught.text()


def test_every_rule_of_the_ledger_is_broken_by_a_planted_bug() -> None:
    assert {bug.rule for bug in BUGS} >= {str(rule) for rule in range(1, 35)}
    assert len({bug.name for bug in BUGS}) == len(BUGS)
