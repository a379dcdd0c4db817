"""Run a command that ends with the process which started it: `python bench/leash.py PARENT COMMAND…`.

On Linux the kernel asks the command to end when its parent is gone, however that came about; elsewhere the command runs
as it would without this. It keeps this process's id.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def leashed(command: list[str]) -> list[str]:
    """Return the command line that runs `command` on a leash of this process."""
    return [sys.executable, "-S", "-E", str(Path(__file__).resolve()), str(os.getpid()), *command]


def main() -> None:
    """Become the command."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):  # it went before this was asked for
            sys.exit(f"the process {parent}, whose end is this command's too, is gone")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
