"""Kill the server at each point of a deployment; exit 1 where anything was lost, made twice or
unknown, or where too many points were not reached.

python -m tests.campaigns.crashpoints --out build/crashpoints
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.campaigns.crashpoints.play import campaign
from tests.servers.nursery import Nursery


def main() -> int:
    """Run the campaign from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every so manieth point")
    parser.add_argument("--first", type=int, default=0, help="from which point on")
    parser.add_argument("--at-once", type=int, default=3, help="scenes at once")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no scene after so long")
    parser.add_argument("--only", nargs=2, metavar=("CLOUD", "WAY"), help="one cloud and one way")
    parser.add_argument("--out", type=Path, help="write the summary to FILE.json and FILE.txt")
    chosen = parser.parse_args()
    pairs = [(chosen.only[0], chosen.only[1])] if chosen.only else []
    wanted: dict[str, Any] = {"every": chosen.every, "first": chosen.first, "at_once": chosen.at_once, "pairs": pairs}
    wanted["seconds"] = chosen.minutes * 60
    with tempfile.TemporaryDirectory(prefix="wharfinger-points-") as folder, Nursery() as nursery:
        summary = asyncio.run(campaign(nursery, Path(folder), **wanted))
    print(summary.report())
    if chosen.out:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        chosen.out.with_suffix(".txt").write_text(summary.report() + "\n")
        chosen.out.with_suffix(".json").write_text(json.dumps(summary.facts(), indent=2) + "\n")
    return 0 if summary.ok else 1


if __name__ == "__main__":
    sys.exit(main())
