"""`python -m tests.campaigns.powerloss --cuts 1000`: cut the power under FULL, then under NORMAL.

The latter is the bug that must be seen. Exit 1 when anything was lost under FULL, or nothing under NORMAL.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.campaigns.powerloss.campaign import run, write


def main() -> int:
    """Cut, print and write down what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("build/campaigns"))
    chosen = parser.parse_args()
    found = []
    for synchronous in ("FULL", "NORMAL"):
        found.append(run(chosen.cuts, synchronous))
        print(found[-1].text(), flush=True)
    print(f"\nwritten to {write(chosen.out, found)} and powerloss.json beside it")
    full, normal = found
    return 1 if full.hurt or not normal.lost else 0


if __name__ == "__main__":
    sys.exit(main())
