"""Goal 12: how long `wharfinger --help` takes, against a Python that imports click."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.figure import Figure, expect, figure
from bench.session import Session
from bench.turns import take_turns

TARGET = 1.6
WHARFINGER = Path(sys.executable).with_name("wharfinger")


def measure(session: Session) -> list[Figure]:
    """Return the wall time of both; a turn is the median of some runs."""
    runs = 3 if session.short else 9

    def timed(command: list[str | Path], said: str) -> Callable[[], float]:
        def turn() -> float:
            took = []
            for _ in range(runs):
                began = time.monotonic()
                ended = subprocess.run(command, capture_output=True, text=True, check=False)
                took.append(time.monotonic() - began)
                expect(f"exit code of {command[0]}", ended.returncode, 0)
                expect(f"whether it says {said!r}", said in ended.stdout, True)
            return median(took) * 1000

        return turn

    told = take_turns(
        session.rounds,
        {
            "click": timed([sys.executable, "-c", "import click"], ""),
            "help": timed([WHARFINGER, "--help"], "submit"),
        },
    )
    return [
        figure("12", "wharfinger --help", "ms", told["help"], "import click", told["click"], TARGET, at_least=False)
    ]
