"""Programs for tests that are built with Go, into this tree, where they are not there yet."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from tools.generate_clients import BINARIES, TOOLS


def go_program(name: str, package: str) -> Path:
    """Return a program, built from its package and version if need be. Raises RuntimeError where Go is missing."""
    program = BINARIES / name
    if program.exists():
        return program
    if shutil.which("go") is None:
        raise RuntimeError(f"{name} is built with Go, which is not installed")
    BINARIES.mkdir(parents=True, exist_ok=True)
    with (TOOLS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side may all want it
        if not program.exists():
            subprocess.run(["go", "install", package], check=True, env={**os.environ, "GOBIN": str(BINARIES)})
    return program
