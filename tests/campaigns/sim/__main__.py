"""`python -m tests.campaigns.sim --seeds 1000 [--first 1] [--seed K]`: play histories, and tell those that go wrong."""

from __future__ import annotations

import argparse
import collections
import os
import sys
import time

from tests.campaigns.sim.world import play, template, workplace


def main() -> int:
    """Play; exit 1 when anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="play this one and tell its history")
    parser.add_argument("--most", type=int, default=5, help="stop after so many failures")
    chosen = parser.parse_args()
    seeds = [chosen.seed] if chosen.seed else range(chosen.first, chosen.first + chosen.seeds)
    ends: collections.Counter[str] = collections.Counter()
    began, bad, crashes, events, played = time.perf_counter(), 0, 0, 0, 0
    with workplace() as folder:
        empty = template(folder)
        for seed in seeds:
            history = play(seed, empty, folder)
            played += 1
            ends.update(history.ends)
            crashes, events = crashes + history.crashes, events + history.events
            if chosen.seed or history.wrongs:
                print(history.text if chosen.seed else f"seed {seed}:")
                print("\n".join(f"  {wrong}" for wrong in history.wrongs[:6]))
                print(f"  digest {history.digest}; again: make sim SEED={seed}")
            bad += bool(history.wrongs)
            if bad >= chosen.most:
                break
    seconds = time.perf_counter() - began
    print(f"{played} histories in {seconds:.1f} s ({played / seconds:.1f}/s), {crashes} kills, {events} events")
    print(f"ends {dict(sorted(ends.items()))}; {bad} histories with violations")
    return 1 if bad else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # what was killed in a history is not to run its `finally` blocks now
