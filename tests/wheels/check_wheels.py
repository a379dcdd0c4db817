"""The wheels in dist/ work where this tree is not: installed into empty environments, with nothing of ours beside them.

`make dist-check` builds the wheels and runs this; the tests of every day do not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from tests.docs.pages import paste

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
VERSION = (ROOT / "VERSION").read_text().strip()
NAMES = sorted(
    tomllib.loads(file.read_text())["project"]["name"]
    for pattern in ("pyproject.toml", "clients/python/pyproject.toml", "server/**/pyproject.toml")
    for file in ROOT.glob(pattern)
)
UV = Path(sys.executable).with_name("uv")
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


class Environment:
    """An empty environment in a folder, into which wheels are installed by their names."""

    def __init__(self, folder: Path, *wanted: str) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        # Nothing of this tree's environment, and no bytecode written beside what is shared with uv's cache.
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))}
        self._run(sys.executable, "-m", "venv", "--without-pip", str(folder))
        pinned = ["--constraints", str(ROOT / "requirements/dev.txt"), "--find-links", str(DIST)]
        ours = [f"{name}=={VERSION}" for name in wanted]
        self._run(str(UV), "pip", "install", "--quiet", "--python", str(self.programs / "python"), *pinned, *ours)

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=240, check=False, env=self.environ, cwd=self.folder.parent
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        """Return what `code` prints."""
        return self._run(str(self.programs / "python"), "-c", code)

    def installed(self) -> set[str]:
        """Return the names of all that is installed."""
        listed = self.python(
            "from importlib import metadata\nfor d in metadata.distributions(): print(d.metadata['Name'])"
        )
        return {name.lower().replace("_", "-").replace(".", "-") for name in listed.split()}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment where somebody asked for the server, and for nothing else."""
    return Environment(tmp_path_factory.mktemp("server") / "env", "wharfinger-server")


def test_every_distribution_is_there_as_a_wheel_and_as_its_source() -> None:
    stems = sorted(f"{name.replace('-', '_')}-{VERSION}" for name in NAMES)
    assert sorted(file.name for file in DIST.glob("*.whl")) == [f"{stem}-py3-none-any.whl" for stem in stems]
    assert sorted(file.name for file in DIST.glob("*.tar.gz")) == [f"{stem}.tar.gz" for stem in stems]


@pytest.mark.parametrize("name", NAMES)
def test_a_wheel_has_what_its_source_has_and_no_tests(name: str) -> None:
    stem = f"{name.replace('-', '_')}-{VERSION}"
    with zipfile.ZipFile(DIST / f"{stem}-py3-none-any.whl") as wheel:
        packed = {one for one in wheel.namelist() if ".dist-info/" not in one}
    with tarfile.open(DIST / f"{stem}.tar.gz") as source:
        inside = [one.name for one in source.getmembers() if one.isfile()]
    tops = {one.split("/")[0] for one in packed}
    assert tops == {name.replace("-", "_")}
    sources = {f"{top}/{one.partition(f'/{top}/')[2]}" for one in inside for top in tops if f"/{top}/" in one}
    assert packed == sources
    assert not [one for one in packed if re.search(r"(^|/)(tests?|conftest\.py)(/|$)", one)]


def test_the_server_alone_brings_its_command_line_image_scripts_and_prices(server: Environment) -> None:
    ours = {name for name in server.installed() if name.startswith("wharfinger")}
    assert ours == {f"wharfinger{part}" for part in ("", "-server", "-image", "-prices", "-outbound")}
    assert not {"apache-libcloud", "pytest"} & server.installed()
    where = server.python(
        "import wharfinger, wharfinger_server; print(wharfinger.__file__, wharfinger_server.__file__)"
    )
    assert all(Path(file).is_relative_to(server.folder) for file in where.split())


def test_the_five_minutes_of_the_readme_work_with_the_server_alone(server: Environment, tmp_path: Path) -> None:
    paste(ROOT / "README.md", tmp_path, programs=server.programs)


def test_everything_can_be_had_at_once(tmp_path: Path) -> None:
    everything = Environment(tmp_path / "env", "wharfinger-server[all]")
    missing = {name for name in NAMES if name not in everything.installed()}
    assert not missing
    named = "from importlib.metadata import entry_points as e; print(*(p.name for p in e(group='wharfinger.scripts')))"
    assert {"compute.deploy", "compute.destroy", "image.import"} <= set(everything.python(named).split())


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("wharfinger", {"sqlalchemy", "apache-libcloud"}),
        ("wharfinger-libcloud", {"wharfinger", "grpcio", "sqlalchemy"}),
        ("wharfinger-prices", {"grpcio", "sqlalchemy", "alembic", "wharfinger-server"}),
        ("wharfinger-outbound", {"grpcio", "sqlalchemy", "wharfinger"}),
    ],
)
def test_what_is_of_use_alone_installs_alone(name: str, without: set[str], tmp_path: Path) -> None:
    alone = Environment(tmp_path / "env", name)
    alone.python(f"import {name.replace('-', '_')} as it; it.__all__ if hasattr(it, '__all__') else None")
    assert not without & alone.installed()
