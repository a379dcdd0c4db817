"""The languages that have a driver, and how each is built and started."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
ROOT = HOME.parents[1]
DRIVERS = HOME / "drivers"
# The first build fetches and compiles what a language's gRPC consists of.
BUILD_LIMIT = 1500.0


class NotBuilt(Exception):
    """A driver does not build; with what its compiler said."""


@dataclass(frozen=True)
class Language:
    """A driver: `id` is its folder's name, `needs` the programs without which it can't be built or run."""

    id: str
    name: str
    folder: Path
    needs: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...]
    run: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def lacking(self) -> list[str]:
        """The programs that are not here."""
        return [program for program in self.needs if shutil.which(program) is None]

    def build(self) -> None:
        """Build the driver. Raises NotBuilt."""
        for step in self.steps:
            done = subprocess.run(
                step, cwd=self.folder, capture_output=True, text=True, timeout=BUILD_LIMIT, check=False
            )
            if done.returncode:
                raise NotBuilt(f"{' '.join(step)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def known() -> list[str]:
    """Return the languages that have a driver, Python first; `broken` is no language."""
    found = sorted(place.parent.name for place in DRIVERS.glob("*/driver.json"))
    return sorted((name for name in found if name != "broken"), key=lambda name: (name != "python", name))


def language(name: str, environ: Mapping[str, str] | None = None) -> Language:
    """Return the driver in the folder of that name. Raises LookupError where there is none."""
    folder = DRIVERS / name
    if not (folder / "driver.json").exists():
        raise LookupError(f"there is no driver {name!r}; there are {', '.join(known())}")
    told = json.loads((folder / "driver.json").read_text())
    return Language(
        name,
        told["language"],
        folder,
        tuple(told.get("needs", ())),
        tuple(_command(step, folder) for step in told.get("build", ())),
        _command(told["run"], folder),
        environ or {},
    )


def _command(words: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Return a command of a driver.json: `{python}` is this Python, and a program with a path begins at its folder."""
    first, *others = [word.replace("{python}", sys.executable) for word in words]
    if "/" in first and not first.startswith("/"):
        first = str(folder / first)
    return (first, *others)
