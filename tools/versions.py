"""The quick tests on every Python that is claimed, and with the lowest releases of all that is asked for.

    python tools/versions.py 3.12 3.13 lowest

Each has an environment of its own in .venv-versions. A Python that is not installed is looked for among pyenv's, and
fetched by uv where that can be; one that can't be had is named, and is a failure where CI=true.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOMES = ROOT / ".venv-versions"
UV = Path(sys.executable).with_name("uv")
LOWEST = "lowest"
LOWEST_PYTHON = "3.11"


def main() -> int:
    """Run the quick tests with each of the versions that the command line names; return how many can't or fail."""
    failed, missing = [], []
    for version in sys.argv[1:]:
        python = find(LOWEST_PYTHON if version == LOWEST else version)
        if python is None:
            missing.append(version)
            continue
        print(f"=== {version}: the quick tests on {said(python)}", flush=True)
        if not quick(ready(version, python)):
            failed.append(version)
    for version in missing:
        print(f"=== {version}: NOT RUN: there is no Python {version} on PATH or in pyenv, and uv can't fetch one")
    for version in failed:
        print(f"=== {version}: FAILED")
    return 1 if failed or (missing and os.environ.get("CI") == "true") else 0


def find(version: str) -> Path | None:
    """Return a Python of that version; None if there is none to be had."""
    roots = [Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"]
    found = [Path(one) for one in (shutil.which(f"python{version}"), sys.executable) if one]
    for root in roots:
        found += sorted(root.glob(f"{version}.*/bin/python{version}"))
    for one in found:
        if said(one).startswith(f"Python {version}."):
            return one
    told(UV, "python", "install", "--quiet", version)
    place = told(UV, "python", "find", version)
    return Path(place) if place else None


def said(python: Path) -> str:
    """Return what a Python says of its version; "" if it can't be run, as a shim of pyenv may be."""
    return told(python, "--version")


def told(*command: str | Path) -> str:
    """Return what a command prints; "" if it fails."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
    return ran.stdout.strip() if ran.returncode == 0 else ""


def ready(version: str, python: Path) -> Path:
    """Return the environment of a version, built where it is missing or older than what it is made from."""
    home = HOMES / version
    requirements = ROOT / "requirements" / ("lowest.txt" if version == LOWEST else "dev.txt")
    build = ROOT / "requirements" / "build.txt"
    projects = sorted(
        {ROOT / "pyproject.toml", *ROOT.glob("clients/python/pyproject.toml"), *ROOT.glob("server/**/pyproject.toml")}
    )
    digest = hashlib.sha256(said(python).encode())
    for file in (build, requirements, *projects):
        digest.update(file.read_bytes())
    stamp = home / "made-from"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return home
    run(UV, "venv", "--quiet", "--clear", "--python", python, home)
    # What builds our distributions comes first, and may be newer than what they are tested with.
    put = (UV, "pip", "install", "--quiet", "--python", home / "bin" / "python")
    run(*put, "--require-hashes", "-r", build)
    ours = [part for project in projects for part in ("-e", project.parent)]
    run(*put, "--no-deps", "--no-build-isolation", "--offline", *ours)
    run(*put, "--require-hashes", "-r", requirements)
    stamp.write_text(digest.hexdigest())
    return home


def run(*command: str | Path) -> None:
    """Run a command, which must succeed."""
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own commands


def quick(home: Path) -> bool:
    """Run the quick tests in an environment; return whether they pass."""
    command: list[str | Path] = [
        home / "bin" / "python",
        "-m",
        "pytest",
        "-q",
        "-m",
        "quick",
        "-n",
        "logical",
        "--dist",
        "worksteal",
    ]
    environ = dict(os.environ, PATH=os.pathsep.join([str(home / "bin"), os.environ.get("PATH", "")]))
    environ.pop("VIRTUAL_ENV", None)
    command += ["-p", "no:cacheprovider", "tests"]
    if home.name == LOWEST:  # what makes the documentation is none of what the distributions depend on
        command.append("--ignore=tests/docs")
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode == 0  # noqa: S603 - our own


if __name__ == "__main__":
    sys.exit(main())
