"""The campaigns in short, so that each run of the suite has seen them work."""

from __future__ import annotations

from pathlib import Path

from tests.campaigns.kills import campaign


async def test_nothing_is_lost_or_run_twice_when_the_server_is_killed(tmp_path: Path) -> None:
    findings = await campaign(tmp_path, kills=5, tasks=30, seed=7)
    assert findings.kills == 5
    assert not findings.violations, findings.report()
