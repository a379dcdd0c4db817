"""The processes that a child process left behind, found by a mark in their environment.

Forks and programs inherit it. One that empties its environment before it starts a program is not found.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "WHARFINGER_CHILD"
"""The variable of the environment; its value begins with what tells all children of one server."""


def kill_marked(mark: str) -> int:
    """Kill all processes whose mark begins with `mark`; return how many there were. Only on Linux are they found."""
    killed = 0
    for _ in range(10):  # while they are killed they may still fork
        found = list(_marked(f"{MARK}={mark}".encode()))
        for number in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        killed += len(found)
        if not found:
            break
    return killed


def _marked(prefix: bytes) -> Iterator[int]:
    try:
        numbers = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]
    except OSError:
        return
    for number in numbers:
        if number == os.getpid():
            continue
        with suppress(OSError):
            folder = Path("/proc") / str(number)
            marks = (folder / "environ").read_bytes().split(b"\0")
            if any(mark.startswith(prefix) for mark in marks) and b") Z " not in (folder / "stat").read_bytes():
                yield number


def main() -> None:
    """Wait until whoever started this closes its standard input, or ends, and kill what it left behind.

    `python -m wharfinger.worker.marked MARK`.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1 << 16):
        pass
    kill_marked(sys.argv[1])


if __name__ == "__main__":
    main()
