"""`python -m bench`: measure, print, write JSON. Exits with 1 when an answer was wrong, not when a goal was missed."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bench import report
from bench.figure import Figure
from bench.session import Session

GOALS = {
    "1": "create",
    "2": "batch",
    "3": "end_to_end",
    "4": "watch",
    "5": "start",
    "6": "history",
    "7": "idle",
    "8": "deploy",
    "9": "image",
    "11": "get_price",
    "11b": "prices",
    "12": "command_line",
    "13": "gateway",
    "14": "clients",
}
RESULTS = Path(__file__).resolve().parent / "results.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the goals that were asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", type=_goals, default=list(GOALS), metavar="1,4", help=f"goals among {', '.join(GOALS)}"
    )
    parser.add_argument("--short", action="store_true", help="everything once and small: shows that it works, no more")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="PATH", help="where the figures go")
    asked = parser.parse_args(arguments)
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the first measurement", flush=True)
    for goal in asked.only:
        began = time.monotonic()
        try:
            found = _measure(goal, short=asked.short)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one goal, the others are measured
            failures[goal] = f"{type(error).__name__}: {error}"
            traceback.print_exc()
            continue
        figures += found
        print(
            f"\ngoal {goal}, {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}\n{report.table(found)}",
            flush=True,
        )
    if len(asked.only) > 1:
        print(f"\n{report.table(figures)}")
    for goal, why in failures.items():
        print(f"goal {goal} FAILED: {why}", file=sys.stderr)
    report.write(asked.json, report.document(figures, failures, short=asked.short))
    if asked.short:
        print("The short form shows that the measurements work; its figures are no figures.")
    return 1 if failures else 0


def _goals(text: str) -> list[str]:
    asked = [goal.strip() for goal in text.split(",")]
    unknown = [goal for goal in asked if goal not in GOALS]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no goal {', '.join(unknown)} here; there are {', '.join(GOALS)}")
    return asked


def _measure(goal: str, *, short: bool) -> list[Figure]:
    module = import_module(f"bench.goals.{GOALS[goal]}")
    with tempfile.TemporaryDirectory(prefix="wharfinger-bench-") as folder:
        session = Session(Path(folder), short)
        with session.stack:
            figures: list[Figure] = module.measure(session)
        return figures


if __name__ == "__main__":
    sys.exit(main())
