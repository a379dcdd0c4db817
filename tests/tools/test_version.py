"""There is one version, in VERSION; every other place has it from there."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from tools import version

import wharfinger
import wharfinger_prices
import wharfinger_server

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
TOOL = [sys.executable, str(ROOT / "tools/version.py")]


def test_every_place_has_the_version_of_the_file() -> None:
    done = subprocess.run([*TOOL, "--check"], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr


def test_no_place_of_the_python_packages_is_forgotten() -> None:
    now = version.SOURCE.read_text().strip()
    ours = [one.metadata["Name"] for one in metadata.distributions() if one.metadata["Name"].startswith("wharfinger")]
    assert {name: metadata.version(name) for name in ours} == dict.fromkeys(ours, now)
    assert wharfinger.__version__ == wharfinger_server.__version__ == wharfinger_prices.__version__ == now


def test_a_place_that_differs_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = tmp_path / "server/scripts/new/pyproject.toml"
    copy.parent.mkdir(parents=True)
    text = (ROOT / "server/scripts/image/pyproject.toml").read_text()
    for file, _ in version.places():
        near = tmp_path / file.relative_to(ROOT)
        near.parent.mkdir(parents=True, exist_ok=True)
        near.write_text(file.read_text())
    copy.write_text(text.replace('"wharfinger==', '"wharfinger==9.'))
    monkeypatch.setattr(version, "ROOT", tmp_path)
    monkeypatch.setattr(version, "SOURCE", tmp_path / "VERSION")
    now = (ROOT / "VERSION").read_text().strip()
    assert version.differing(now) == [f"server/scripts/new/pyproject.toml has 9.{now}, not {now}"]
    version.write("7.8.9rc1")
    assert version.differing("7.8.9rc1") == []
    assert 'version = "7.8.9rc1"' in copy.read_text()


def test_what_is_no_version_is_refused() -> None:
    done = subprocess.run([*TOOL, "1.0-beta"], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "is no version such as 0.2.0" in done.stderr
