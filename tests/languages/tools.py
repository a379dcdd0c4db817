"""Tools that know nothing of us beforehand, as Go's own way of installing programs has them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from tools.generate_clients import BINARIES, TOOLS

PACKAGES = {
    "grpcurl": "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3",
    "ghz": "github.com/bojand/ghz/cmd/ghz@v0.120.0",
    "grpc-health-probe": "github.com/grpc-ecosystem/grpc-health-probe@v0.4.63",
}


def tool(name: str) -> Path | None:
    """Return a tool, built from its source if it is not there yet; None where Go is missing."""
    program = BINARIES / name
    if program.exists():
        return program
    if shutil.which("go") is None:
        return None
    BINARIES.mkdir(parents=True, exist_ok=True)
    with (TOOLS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side may all want it
        if not program.exists():
            subprocess.run(["go", "install", PACKAGES[name]], check=True, env={**os.environ, "GOBIN": str(BINARIES)})
    return program
