"""Run the campaign, or let it find out each mend that is taken out. Findings go into a folder as text and JSON.

python -m tests.campaigns.chaos --tasks 5000 --seed 1 --out build/chaos
python -m tests.campaigns.chaos --without all
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.campaigns.chaos.fleet import play, play_all
from tests.campaigns.chaos.without import MENDS

ON_POSTGRES = ("16",)
"""Mends of what only PostgreSQL has."""
FOUND_WITHIN = 500
"""Tasks within which a mend that is taken out must be found."""


def main() -> int:
    """Run what was asked for; exit 1 where something was violated, or a mend that was taken out was not missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=5000, help="stories in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=["both", "sqlite", "postgres"], default="both")
    parser.add_argument("--servers", type=int, default=3, help="as many at once, a third of them on PostgreSQL")
    parser.add_argument("--at-once", type=int, default=60, help="stories at once on each server")
    parser.add_argument("--without", default="", metavar="MEND", help=f"all, or one of {', '.join(sorted(MENDS))}")
    parser.add_argument("--out", type=Path, default=Path("build/chaos"))
    chosen = parser.parse_args()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    if chosen.without:
        mends = sorted(MENDS) if chosen.without == "all" else [chosen.without]
        return _hunt(mends, chosen.seed, chosen.at_once, chosen.out)
    found = play_all(chosen.tasks, chosen.seed, chosen.store, servers=chosen.servers, at_once=chosen.at_once)
    _write(chosen.out, [each.report() for each in found], [each.facts() for each in found])
    return int(any(each.violations for each in found))


def _hunt(mends: list[str], seed: int, at_once: int, out: Path) -> int:
    lines, facts = [], []
    for mend in mends:
        found = play(FOUND_WITHIN, seed, postgres=mend in ON_POSTGRES, at_once=at_once, mend=mend)
        caught = found.violations[0] if found.violations else ""
        lines.append(f"without {mend}: {f'found after {found.tasks} tasks: {caught[:200]}' if caught else 'NOT FOUND'}")
        facts.append({"mend": mend, **found.facts(), "violations": found.violations[:5]})
        print(lines[-1], flush=True)
    _write(out.with_name(f"{out.name}-without"), lines, facts)
    return int(any(not each["violations"] for each in facts))


def _write(out: Path, lines: list[str], facts: list[dict[str, object]]) -> None:
    text = "\n".join(lines)
    out.with_suffix(".txt").write_text(f"{text}\n")
    out.with_suffix(".json").write_text(json.dumps(facts, indent=1, default=str))
    print(text)


if __name__ == "__main__":
    sys.exit(main())
