"""Connect's own conformance runner against the gateway: all that it tries of what the gateway claims to be."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.gateway import connect_runner
from tools.generate_clients import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900)]

HERE = Path(__file__).parent
# Far more than the cases of any one feature: nothing was left out by chance.
LEAST = 1000


def test_all_cases_of_the_runner_pass() -> None:
    if shutil.which("go") is None and not connect_runner.PROGRAM.exists() and os.environ.get("CI") != "true":
        pytest.skip("Connect's conformance runner is built with Go, which is not installed")
    runner = connect_runner.installed()
    server = [sys.executable, "-m", "tests.gateway.conformance_server"]
    claims = HERE / "conformance.yaml"
    done = subprocess.run(
        [runner, "--mode", "server", "--conf", claims, "--", *server],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-5000:]
    counted = re.search(r"(\d+) passed, (\d+) failed", said)
    assert counted, said[-2000:]
    passed, failed = map(int, counted.groups())
    assert failed == 0, said[-5000:]
    assert passed >= LEAST
