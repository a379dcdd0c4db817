"""Bugs planted one at a time: the simulation must find each of them. `python -m tests.campaigns.seeded [--only NAME]`.

A bug that no history shows is a hole in the simulation or in its checks, and ends this with 1.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tests.campaigns import (
    bugs_of_books,
    bugs_of_clocks,
    bugs_of_costs,
    bugs_of_ending,
    bugs_of_finding,
    bugs_of_gone,
    bugs_of_making,
    bugs_of_sending,
    bugs_of_undoing,
)
from tests.campaigns.planting import Bug
from tests.campaigns.powerloss import campaign as powerloss
from tests.campaigns.powerloss.recording import NoCompiler
from tests.campaigns.sim.world import play, template, workplace

BUGS: list[Bug] = [
    *bugs_of_making.BUGS,
    *bugs_of_finding.BUGS,
    *bugs_of_ending.BUGS,
    *bugs_of_costs.BUGS,
    *bugs_of_clocks.BUGS,
    *bugs_of_sending.BUGS,
    *bugs_of_undoing.BUGS,
    *bugs_of_gone.BUGS,
    *bugs_of_books.BUGS,
]


@dataclass(frozen=True, slots=True)
class Catch:
    """How a bug was caught: by which seed, after how many histories, and what was seen; seed 0: it was not."""

    bug: str
    rule: str
    seed: int
    played: int
    seen: str
    seconds: float

    def text(self) -> str:
        """Return it as a line for people."""
        if not self.seed:
            return f"NOT CAUGHT  {self.bug} (rule {self.rule}) in {self.played} histories, {self.seconds:.0f} s"
        return f"seed {self.seed:<6} {self.bug} (rule {self.rule}, {self.seconds:.0f} s): {self.seen}"


def hunt(bug: Bug, first: int, most: int) -> Catch:
    """Play histories with the bug planted until one goes wrong."""
    began, seed = time.perf_counter(), 0
    with workplace() as folder:
        empty = template(folder)
        with bug.planted():
            for played in range(1, most + 1):
                history = play(first + played - 1, empty, folder)
                if history.wrongs:
                    seed = history.seed
                    break
    seen = history.wrongs[0][:160] if seed else ""
    return Catch(bug.name, bug.rule, seed, played, seen, time.perf_counter() - began)


def hunt_power_loss() -> Catch:
    """Have the power cut while the database does not wait for its disk."""
    began = time.perf_counter()
    found = powerloss.run(12, "NORMAL", tasks=12)
    seen = f"{found.lost} acknowledged commits lost in {found.hurt} of {found.cuts} power cuts"
    took = time.perf_counter() - began
    return Catch("database_does_not_sync", "durability", int(found.lost > 0), found.cuts, seen, took)


def main() -> int:
    """Hunt all bugs, or one; print how each was caught, and exit 1 where one was not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="hunt the bug of this name")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--most", type=int, default=2000, help="histories for each bug")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="bugs at once")
    parser.add_argument("--out", type=Path, default=Path("build/campaigns"))
    chosen = parser.parse_args()
    bugs = [bug for bug in BUGS if chosen.only in ("", bug.name)]
    catches = []
    # A process for each bug: what died in its histories ends with it.
    with multiprocessing.get_context("fork").Pool(chosen.jobs, maxtasksperchild=1) as pool:
        numbers = range(len(bugs))
        for catch in pool.imap_unordered(
            partial(_hunt, [bug.name for bug in bugs], chosen.first, chosen.most), numbers
        ):
            catches.append(catch)
            print(catch.text(), flush=True)
    if not chosen.only:
        try:
            catches.append(hunt_power_loss())
            print(catches[-1].text())
        except NoCompiler as why:
            print(f"not hunted: database_does_not_sync: {why}")
    missed = [catch for catch in catches if not catch.seed]
    print(f"{len(catches) - len(missed)} of {len(catches)} planted bugs caught")
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "seeded.json").write_text(json.dumps([asdict(catch) for catch in catches], indent=1) + "\n")
    (chosen.out / "seeded.txt").write_text("\n".join(catch.text() for catch in catches) + "\n")
    return 1 if missed or not catches else 0


def _hunt(names: list[str], first: int, most: int, number: int) -> Catch:
    [bug] = [bug for bug in BUGS if bug.name == names[number]]
    return hunt(bug, first, most)


if __name__ == "__main__":
    sys.exit(main())
