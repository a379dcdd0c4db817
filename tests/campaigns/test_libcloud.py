"""Libcloud's own tests through this package, in short: some drivers of each shape of service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import libcloud

pytestmark = pytest.mark.campaign

SOME = ("compute/test_upcloud.py", "dns/test_powerdns.py", "storage/test_s3.py", "loadbalancer/test_elb.py")


@pytest.mark.timeout(180)
def test_what_passes_plainly_passes_through(tmp_path: Path) -> None:
    from tests.campaigns.libcloud.suite import exceptions, suite

    found = suite(("plain", "block", "wrapper", "aio"), SOME, tmp_path)
    assert len(found.plain) > 80
    assert [one for one in found.failed if one not in exceptions()] == []


@pytest.mark.timeout(180)
def test_no_fault_loses_what_was_made(tmp_path: Path) -> None:
    out = tmp_path / "faults"
    command = [sys.executable, "-m", "tests.campaigns.libcloud.faults", "--only", "linode_v4", "--out", str(out)]
    subprocess.run(command, check=True, env={**os.environ, "WHARFINGER_WAY": ""}, cwd=Path(__file__).parents[2])
    lines = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines()]
    assert len(lines) > 50
    assert {line["verdict"] for line in lines} & {
        "right: created with its id",
        "right: uncertain at the making request",
    }
    assert libcloud.__version__
