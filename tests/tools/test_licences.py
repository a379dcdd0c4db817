"""Each distribution that is built from this repository brings the licence that it names."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
LICENCE = (ROOT / "LICENSE").read_text()
FOLDERS = sorted(
    file.parent.relative_to(ROOT).as_posix()
    for pattern in ("pyproject.toml", "clients/*/pyproject.toml", "server/**/pyproject.toml")
    for file in ROOT.glob(pattern)
)


def test_every_distribution_is_looked_at() -> None:
    assert FOLDERS == [
        ".",
        "clients/python",
        "server/libcloud",
        "server/outbound",
        "server/prices",
        "server/scripts/compute",
        "server/scripts/image",
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_distribution_names_the_licence_of_this_repository_and_has_it_as_a_file(folder: str) -> None:
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    assert project["license-files"] == ["LICENSE"]
    assert not (ROOT / folder / "LICENSE").is_symlink()
    assert (ROOT / folder / "LICENSE").read_text() == LICENCE


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_wheel_and_its_source_have_the_licence(folder: str, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT / folder, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,), (source,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        (inside,) = (name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
        assert archive.read(inside).decode() == LICENCE
    with tarfile.open(source) as packed:
        (member,) = (one for one in packed.getmembers() if one.name.count("/") == 1 and one.name.endswith("/LICENSE"))
        assert member.isfile(), "a link would point at nothing once it is unpacked"
        stream = packed.extractfile(member)
        assert stream is not None
        assert stream.read().decode() == LICENCE
