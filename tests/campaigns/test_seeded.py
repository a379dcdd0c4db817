"""Planted bugs in short: that the simulation would see them is what its silence is worth."""

from __future__ import annotations

import pytest
from tests.campaigns.seeded import BUGS, hunt

MOST = 12
"""How many histories a bug here gets. The others need more of them: `make seeded` hunts all."""
QUICK = (
    "intent_after_the_call",
    "token_by_attempt",
    "find_believed_before_settling",
    "runs_while_uncertain",
    "failed_with_something_open",
    "uncertain_counted_as_alive",
    "sums_rounded",
    "budgets_never_freed",
)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", QUICK)
def test_a_planted_bug_is_found(name: str) -> None:
    [bug] = [bug for bug in BUGS if bug.name == name]
    caught = hunt(bug, 1, MOST)
    assert caught.seed, caught.text()


def test_every_rule_of_the_ledger_is_broken_by_a_planted_bug() -> None:
    assert {bug.rule for bug in BUGS} >= {str(rule) for rule in range(1, 21)}
    assert len({bug.name for bug in BUGS}) == len(BUGS)
