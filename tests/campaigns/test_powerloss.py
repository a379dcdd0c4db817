"""Power cuts in short."""

from __future__ import annotations

import pytest
from tests.campaigns.powerloss.campaign import run
from tests.campaigns.powerloss.recording import NoCompiler

pytestmark = pytest.mark.campaign


def test_no_power_cut_loses_what_was_answered_and_a_database_that_does_not_sync_is_seen() -> None:
    try:
        full = run(18, "FULL", tasks=12)
    except NoCompiler as why:
        pytest.skip(str(why))
    assert full.hurt == 0, full.text()
    normal = run(12, "NORMAL", tasks=12)
    assert normal.lost > 0, normal.text()
