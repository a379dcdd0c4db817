"""An environment with `wharfinger-prices` alone: its wheel, that of `wharfinger-outbound`, and what those need."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
OURS = {"wharfinger-outbound": "server/outbound", "wharfinger-prices": "server/prices"}


class Alone:
    """The environment, and a data folder, a home and settings to work with, all of them empty."""

    def __init__(self, folder: Path) -> None:
        self._venv = folder / "venv"
        self.home = folder / "home"
        self.home.mkdir()
        self.data = folder / "data"
        run([sys.executable, "-m", "venv", "--without-pip", str(self._venv)])
        wheels = folder / "wheels"
        for part in OURS.values():
            run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)], ROOT / part)
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python"]
        run([*install, str(self.python), *map(str, sorted(wheels.glob("*.whl")))])
        (site,) = self._venv.glob("lib/python*/site-packages")
        for distribution in needed():
            for file in distribution.files or ():
                if ".." not in file.parts and not (site / file.parts[0]).exists():
                    (site / file.parts[0]).symlink_to(Path(str(distribution.locate_file(file.parts[0]))))

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self._venv / "bin" / "python"

    def environ(self, **more: str) -> dict[str, str]:
        """Return the variables that its processes have."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("WHARFINGER_", "PYTHON"))}
        return kept | {"HOME": str(self.home), "WHARFINGER_DATA_DIR": str(self.data), "NO_COLOR": "1"} | more

    def __call__(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the program that the wheel brings."""
        return self.ran([str(self._venv / "bin" / "wharfinger-prices"), *arguments], **more)

    def ran(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command with the environment's variables."""
        environ = self.environ(**more)
        return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False, env=environ)


def needed() -> list[metadata.Distribution]:
    """Return the distributions of others that the two need, by what each declares."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(OURS)
    while waiting:
        distribution = metadata.distribution(waiting.pop())
        for told in distribution.requires or ():
            requirement = Requirement(told)
            if requirement.name in {*found, *OURS} or not (requirement.marker is None or requirement.marker.evaluate()):
                continue
            found[requirement.name] = metadata.distribution(requirement.name)
            waiting.append(requirement.name)
    return list(found.values())


def run(command: list[str], folder: Path | None = None) -> None:
    """Run a command that must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
