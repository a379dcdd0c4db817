"""`python -m tests.campaigns.sim --seeds 1000 [--first 1] [--jobs 2] [--out FOLDER]`, or `--seed K` to tell one."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tests.campaigns.sim.campaign import play_all
from tests.campaigns.sim.world import play, template, workplace


def main() -> int:
    """Play; exit 1 when anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="histories at once")
    parser.add_argument("--out", type=Path, default=Path("build/campaigns"), help="where the summary is written")
    parser.add_argument("--seed", type=int, default=0, help="play this one and tell its history")
    parser.add_argument("--most", type=int, default=10, help="stop after so many failures")
    chosen = parser.parse_args()
    if chosen.seed:
        return _tell(chosen.seed)
    summary = play_all(chosen.first, chosen.seeds, chosen.jobs, chosen.most)
    print(summary.text())
    print(f"\nwritten to {summary.write(chosen.out)} and sim.json beside it")
    return 1 if summary.wrongs else 0


def _tell(seed: int) -> int:
    with workplace() as folder:
        history = play(seed, template(folder), folder)
    print(history.text)
    print("\n".join(f"  {wrong}" for wrong in history.wrongs))
    print(f"digest {history.digest}")
    return 1 if history.wrongs else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # what was killed in a history is not to run its `finally` blocks now
