"""The demo tells its whole story, on a smaller image."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(180)
def test_the_demo_tells_its_story_to_the_end() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "tools" / "demo.py", "--megabytes", "24"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    for told in (
        "SUCCEEDED",
        "PARTIALLY_FAILED",
        "main/golden.qcow2",
        "half-way is ROLLED_BACK",
        "main/golden.qcow2 is gone; vault/golden.qcow2 is untouched",
        "kill -9",
        "the cloud itself counts 13 nodes and 12 volumes",
        "node/web-13",
        "default: 0.155638356164 USD an hour, 1 uncertain",
        "the cloud itself counts 20 nodes and 20 volumes",
        "spare is ROLLED_BACK: 36 undone",
        "EXECUTOR_LOST",
        "attempt 2",
    ):
        assert told in ran.stdout, told
