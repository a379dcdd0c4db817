"""The campaigns of a server that is killed under deployments, in short."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.campaigns.crash.campaign import Campaign
from tests.campaigns.crashpoints.play import campaign
from tests.servers.nursery import Nursery

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.mark.timeout(240)
async def test_deployments_lose_nothing_when_the_server_is_killed_at_random(nursery: Nursery, tmp_path: Path) -> None:
    findings = await Campaign(nursery, tmp_path, kills=3, seed=5, at_once=2).run()
    assert findings.kills == 3
    assert findings.made
    assert not findings.violations, findings.report()


@pytest.mark.timeout(240)
async def test_a_deployment_loses_nothing_when_the_server_dies_at_one_of_its_points(
    nursery: Nursery, tmp_path: Path
) -> None:
    summary = await campaign(nursery, tmp_path, every=90, first=40, pairs=[("ec2", "through"), ("openstack", "resume")])
    assert sum(summary.died.values()) == sum(summary.points.values()) >= 3, summary.report()
    assert not summary.violations, summary.report()
