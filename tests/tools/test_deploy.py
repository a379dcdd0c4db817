"""What the examples say of how a server is deployed is as strict as it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tools.generate_clients import ROOT

pytestmark = pytest.mark.processes

PLACE = ROOT / "examples" / "deploy"
MOST = 2.0


def test_the_unit_exposes_little(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    unit = PLACE / "wharfinger.service"
    command = [analyze, "security", "--offline=true", "--no-pager", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    found = re.search(r"Overall exposure level for wharfinger\.service: ([\d.]+)", said)
    assert found is not None, said
    assert float(found[1]) <= MOST, said
    known = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    wrong = [line for line in known.stderr.splitlines() if "wharfinger" in line and "is not executable" not in line]
    assert wrong == []


def test_the_unit_gives_what_is_kept_to_nobody_else() -> None:
    told = (PLACE / "wharfinger.service").read_text()
    for line in (
        "LimitCORE=0",
        "UMask=0077",
        "StateDirectoryMode=0700",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
    ):
        assert f"\n{line}\n" in told, line


def test_the_container_runs_as_nobody_in_particular_and_names_no_host() -> None:
    told = (PLACE / "Containerfile").read_text()
    last = told[told.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", last, re.MULTILINE)
    assert "STOPSIGNAL SIGTERM" in last
    bases = re.findall(r"^FROM (\S+)", told, re.MULTILINE)
    assert all("." not in base.partition("/")[0].partition(":")[0] for base in bases), "no registry is named"
    assert not re.search(r"(?i)(password|secret|token)\s*=", told)
    assert not re.search(r"^ADD |curl |wget |apt-get ", told, re.MULTILINE)
