"""A server of an earlier commit: its wheels, built from its tree, in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path(__file__).parent / "packages"


def tree_of(commit: str, folder: Path) -> Path:
    """Write the files of a commit into `folder`, and return it."""
    folder.mkdir()
    archive = subprocess.Popen(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE)
    subprocess.run(["tar", "x", "-C", folder], stdin=archive.stdout, check=True)
    if archive.wait():
        raise SystemExit(f"this clone does not have the commit {commit}; fetch it")
    return folder


def install(tree: Path, folder: Path) -> Path:
    """Build the wheels of `tree`, install them with what that commit required; return the environment's Python.

    The scripts to run are in `folder`/packages then.
    """
    home = folder / "environment"
    # The build environment of this commit: an earlier one's backend is the same.
    build = [_uv(), "build", "--wheel", "--no-build-isolation", "--offline", "--quiet", "--python", sys.executable]
    parts = [one.parent for one in (tree / "pyproject.toml", *sorted(tree.glob("*/**/pyproject.toml")))]
    for part in parts:
        subprocess.run([*build, "--out-dir", folder / "wheels", part], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    put = [_uv(), "pip", "install", "--quiet", "--python", home / "bin" / "python"]
    subprocess.run([*put, "--require-hashes", "-r", tree / "requirements" / "dev.txt"], check=True)
    wheels = sorted((folder / "wheels").glob("*.whl"))
    subprocess.run([*put, "--offline", "--no-deps", *wheels], check=True)
    shutil.copytree(PACKAGES, folder / "packages")
    return home / "bin" / "python"


def _uv() -> Path:
    return Path(sys.executable).with_name("uv")


def environ(packages: Path = PACKAGES) -> dict[str, str]:
    """Return what a server needs of the environment to run the scripts in `packages` and keep all that it is given."""
    return {
        "PYTHONPATH": str(packages),
        "HOME": str(Path(os.sep, "nonexistent")),
        # What is over stays as long as the databases that are kept here.
        "WHARFINGER_RETENTION__ENDED": "36500d",
        "WHARFINGER_RETENTION__TOMBSTONES": "36500d",
        "WHARFINGER_LIMITS__CANCEL_GRACE": "1h",
    }
