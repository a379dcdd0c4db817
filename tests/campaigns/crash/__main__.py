"""Kill the server at random instants; exit 1 where anything was lost, made twice, or unknown.

python -m tests.campaigns.crash --kills 1000 --seed 1 --out build/crash
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.campaigns.crash.campaign import AT_ONCE, Campaign
from tests.servers.nursery import Nursery


def main() -> int:
    """Run the campaign from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="deployments in flight")
    parser.add_argument("--store", default="", help="URL of an empty database; SQLite without it")
    parser.add_argument("--out", type=Path, help="write the findings to FILE.json and FILE.txt")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wharfinger-crash-") as folder, Nursery() as nursery:
        wanted = {"kills": chosen.kills, "seed": chosen.seed, "at_once": chosen.at_once, "store": chosen.store}
        campaign = Campaign(nursery, Path(folder), **wanted)
        findings = asyncio.run(campaign.run())
    print(findings.report())
    if chosen.out:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        chosen.out.with_suffix(".txt").write_text(findings.report() + "\n")
        chosen.out.with_suffix(".json").write_text(json.dumps(findings.facts(), indent=2) + "\n")
    return 1 if findings.violations else 0


if __name__ == "__main__":
    sys.exit(main())
