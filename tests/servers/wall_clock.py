"""Programs whose wall clock shows another time, by Debian's libfaketime; all other clocks stay as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = "faketime/libfaketimeMT.so.1"
_READ = """
import json, os, sys, time
clocks = [time.time(), time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME)]
print(json.dumps([*clocks, os.stat(sys.argv[1]).st_mtime]))
"""


def installed() -> str:
    """Return where libfaketime is, "" where it is not installed."""
    return next((str(path) for path in sorted(Path("/usr/lib").glob(f"*/{LIBRARY}"))), "")


def library() -> str:
    """Return where libfaketime is; skip the test where it is not installed, or fail it where CI runs it."""
    found = installed()
    if not found:
        why = "libfaketime is not installed: `make test` installs it where apt-get and the right to use it are there"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    return found


def shifted(seconds: int) -> dict[str, str]:
    """Return the environment of a program whose wall clock is that many seconds ahead; proves that only that is so."""
    preload = os.pathsep.join(filter(None, [library(), os.environ.get("LD_PRELOAD", "")]))
    environ = {
        "LD_PRELOAD": preload,
        "FAKETIME": f"{seconds:+d}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    prove(environ, seconds)
    return environ


def prove(environ: dict[str, str], seconds: int) -> None:
    """Prove that the wall clock of programs in `environ` is that many seconds ahead, and no other clock is."""
    here, there = _clocks({}), _clocks(environ)
    moved = [after - before for before, after in zip(here, there, strict=True)]
    assert abs(moved[0] - seconds) < 60, f"the wall clock moved by {moved[0]} s instead of {seconds} s"
    assert all(abs(one) < 60 for one in moved[1:]), f"other clocks moved too: {moved}"


def _clocks(environ: dict[str, str]) -> list[float]:
    """Return what a program in `environ` reads: wall clock, monotonic clock, time since boot, a file's time."""
    done = subprocess.run(
        [sys.executable, "-c", _READ, __file__], env={**os.environ, **environ}, capture_output=True, check=True
    )
    told: list[float] = json.loads(done.stdout)
    return told
