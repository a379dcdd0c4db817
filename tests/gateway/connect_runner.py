"""Connect's own conformance runner, built with Go if need be, and the definitions that its service has.

As a program it only installs them: `python -m tests.gateway.connect_runner`. Neither is kept in this tree.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.go_programs import go_program
from tools.generate_clients import BINARIES, TOOLS

PROGRAM = BINARIES / "connectconformance"
IMAGE = TOOLS / "connectconformance.binpb"
MODULE, VERSION = "connectrpc.com/conformance", "v1.0.7"


def installed() -> Path:
    """Return the runner, built from its source if it is not there yet. Raises RuntimeError where Go is missing."""
    program = go_program(PROGRAM.name, f"{MODULE}/cmd/connectconformance@{VERSION}")
    if IMAGE.exists():
        return program
    with (TOOLS / "connectconformance.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side may both want it
        if not IMAGE.exists():
            cache = subprocess.run(["go", "env", "GOMODCACHE"], check=True, capture_output=True, text=True).stdout
            protos = Path(cache.strip()) / f"{MODULE}@{VERSION}" / "proto"
            buf = shutil.which("buf") or str(Path(sys.executable).with_name("buf"))
            partial = IMAGE.with_name("partial.binpb")
            subprocess.run([buf, "build", protos, "-o", partial], check=True, cwd=protos.parent)
            partial.replace(IMAGE)
    return program


if __name__ == "__main__":
    try:
        installed()
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
