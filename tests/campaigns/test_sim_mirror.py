"""The simulation's mirror of a ledger: what another clock timed anew is the same, and what is lost is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.campaigns.sim.decision import MOMENTS, untimed
from tests.domain.build import entry

from wharfinger_server.domain.clock import Reading, retimed

pytestmark = pytest.mark.campaign

ANOTHER = Reading("another boot", steady=500, wall=1_000_000, since=400)
DECIDED = entry(**dict.fromkeys(MOMENTS, 10**12), settle_window=60, undo_window=25)


def test_what_another_server_timed_anew_is_the_same_ledger() -> None:
    assert retimed(DECIDED, ANOTHER) != DECIDED
    assert untimed(retimed(DECIDED, ANOTHER)) == untimed(DECIDED)


@pytest.mark.parametrize("lost", [*MOMENTS, "settle_window", "undo_window", "external_id"])
def test_what_was_lost_is_another_ledger(lost: str) -> None:
    assert untimed(replace(DECIDED, **{lost: type(getattr(DECIDED, lost))()})) != untimed(DECIDED)
