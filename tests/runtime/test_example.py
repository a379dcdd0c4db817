"""The example of a third-party script package, installed as its users would and run."""

import dataclasses
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from wharfinger.script import inspect
from wharfinger.testing import Trial

pytestmark = pytest.mark.processes

EXAMPLE = Path(__file__).parents[2] / "examples" / "beacons"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    source = tmp_path_factory.mktemp("source")
    target = tmp_path_factory.mktemp("installed")
    # Built from a copy: a build may leave files behind.
    for path in ("pyproject.toml", "src/beacons/__init__.py", "src/beacons/light.py"):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes((EXAMPLE / path).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
         "--disable-pip-version-check", "--target", str(target), str(source)],
        check=True,
        capture_output=True,
        text=True,
    )  # fmt: skip
    return target


@pytest.fixture
def script(installed, monkeypatch):
    monkeypatch.syspath_prepend(installed)
    (entry,) = (one for one in metadata.entry_points(group="wharfinger.scripts") if one.name == "beacons.light")
    return entry.load()


def test_it_is_shorter_than_40_lines_of_python():
    lines = (EXAMPLE / "src/beacons/light.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) < 40


def test_it_needs_nothing_but_the_client(installed):
    (distribution,) = metadata.distributions(name="beacons", path=[str(installed)])
    assert distribution.requires == ["wharfinger"]


def test_it_is_found_by_its_entry_point_and_is_sound(script, installed):
    info = inspect(script)
    assert Path(script.__file__).is_relative_to(installed)
    assert (info.summary, info.colour, info.can_find, info.can_undo, info.resumable) == (
        "Light beacons in a folder, one file each.",
        "plain",
        True,
        True,
        True,
    )
    assert info.params_schema["required"] == ["folder"]


def test_it_runs_and_runs_again_without_making_anything_twice(script, tmp_path):
    trial = Trial(script)
    done = trial.run({"folder": str(tmp_path), "count": 4})
    assert done.result == {"lit": 4}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(entry.token for entry in done.ledger.values())
    assert done.plan == ["beacon/1", "beacon/2", "beacon/3", "beacon/4"]
    assert (done.progress[-1].done, done.progress[-1].total, done.progress[-1].unit) == (4, 4, "beacons")
    assert done.lines[0].startswith("beacon/1 burns: ")
    again = trial.run(after=done)
    assert len(list(tmp_path.iterdir())) == 4
    assert again.result == {"lit": 4}


def test_it_finds_what_was_lit_though_nobody_heard_of_it(script, tmp_path):
    trial = Trial(script)
    done = trial.run({"folder": str(tmp_path), "count": 2})
    lost = dataclasses.replace(done.ledger["beacon/2"], state="INTENDED", external_id="")
    (tmp_path / done.ledger["beacon/1"].token).unlink()
    done.ledger = {key: dataclasses.replace(lost, key=key, token=done.ledger[key].token) for key in done.ledger}
    settled = trial.settle(done)
    assert [entry.state for entry in settled.ledger.values()] == ["NOT_CREATED", "CREATED"]


def test_it_makes_the_folder_that_is_missing(script, tmp_path):
    coast = tmp_path / "far" / "coast"
    assert Trial(script).run({"folder": str(coast)}).result == {"lit": 3}
    assert len(list(coast.iterdir())) == 3


def test_a_folder_that_can_not_be_made_is_told_at_once_and_nothing_is_in_doubt(script, tmp_path):
    (tmp_path / "file").touch()
    done = Trial(script).run({"folder": str(tmp_path / "file" / "coast")})
    assert (done.failure.reason, done.ledger) == ("SCRIPT_RAISED", {})
    assert "NotADirectoryError" in done.failure.message


def test_a_mistake_in_it_takes_seconds_and_not_minutes_to_be_told(script):
    windows = script.RESOURCE_TYPES["beacon"]
    assert windows.send_window + windows.call_timeout + windows.settling <= 5
