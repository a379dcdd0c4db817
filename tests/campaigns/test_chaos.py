"""The campaign of everything at once, in short."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.campaigns.chaos.campaign import Campaign
from tests.campaigns.chaos.mixes import Mix

pytestmark = pytest.mark.campaign


@pytest.mark.timeout(240)
async def test_nothing_is_lost_doubled_or_unknown_when_everything_goes_wrong(tmp_path: Path) -> None:
    findings = await Campaign(tmp_path, tasks=5, seed=4, at_once=5, mix=Mix()).run()
    assert sum(findings.struck.values()) >= 1
    assert findings.made
    assert not findings.violations, findings.report()
