"""Many histories: played in slices, each in a process of its own, so that memory ends with it; and their summary."""

from __future__ import annotations

import collections
import json
import multiprocessing
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.campaigns.sim.coverage import never
from tests.campaigns.sim.world import play, template, workplace

SLICE = 50
"""How many histories one process plays: what is dead in them is kept until it ends."""
LONGEST = 900.0
"""Seconds without the end of any slice, after which one of their histories hangs."""
SHOWN = 6


@dataclass
class Summary:
    """What came of some seeds. `wrongs`: the violations of each history that had some."""

    seeds: int = 0
    first: int = 1
    seconds: float = 0.0
    events: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    wrongs: dict[int, list[str]] = field(default_factory=dict)

    def add(self, other: Summary) -> None:
        """Take in what came of other seeds."""
        self.seeds += other.seeds
        self.events += other.events
        for mine, more in ((self.ends, other.ends), (self.seen, other.seen)):
            for name, n in more.items():
                mine[name] = mine.get(name, 0) + n
        self.wrongs |= other.wrongs

    def text(self) -> str:
        """Return it for people."""
        speed = f"{self.seconds:.0f} s ({self.seeds / max(self.seconds, 0.001):.1f}/s)"
        lines = [
            f"{self.seeds} histories from seed {self.first} in {speed}, {self.events} events",
            f"{len(self.wrongs)} of them with violations",
        ]
        for seed, wrongs in sorted(self.wrongs.items()):
            lines += [f"seed {seed} (make sim SEED={seed} tells it):", *(f"  {wrong}" for wrong in wrongs[:SHOWN])]
        lines += ["", "how tasks ended:", *_table(self.ends), "", "what happened, and how often:", *_table(self.seen)]
        missed = never(self.seen)
        lines += ["", f"{len(missed)} transitions of the table never happened:", *(f"  {one}" for one in missed)]
        return "\n".join(lines)

    def write(self, folder: Path) -> Path:
        """Write `sim.json` and `sim.txt` into a folder; return the latter."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sim.json").write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")
        text = folder / "sim.txt"
        text.write_text(self.text() + "\n")
        return text


def _table(counts: dict[str, int]) -> list[str]:
    return [f"{n:9} {name}" for name, n in sorted(counts.items())]


def play_slice(seeds: tuple[int, int]) -> Summary:
    """Play some seeds, `(first, count)`, one after the other."""
    first, count = seeds
    ends: collections.Counter[str] = collections.Counter()
    seen: collections.Counter[str] = collections.Counter()
    summary = Summary(count, first)
    with workplace() as folder:
        empty = template(folder)
        for seed in range(first, first + count):
            history = play(seed, empty, folder)
            ends.update(history.ends)
            seen.update(history.seen)
            summary.events += history.events
            if history.wrongs:
                summary.wrongs[seed] = history.wrongs
    summary.ends, summary.seen = dict(ends), dict(seen)
    return summary


def play_all(first: int, count: int, jobs: int, most: int = 10) -> Summary:
    """Play `count` seeds in `jobs` processes at a time; stop early after `most` histories with violations.

    Raises TimeoutError, with the slices that did not end, where a history hangs.
    """
    slices = [(start, min(SLICE, first + count - start)) for start in range(first, first + count, SLICE)]
    open_slices = set(slices)
    summary = Summary(first=first)
    began = time.perf_counter()
    # Forked, what is imported need not be imported again; each process plays one slice and is gone.
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
        parts = pool.imap_unordered(play_slice, slices)
        for _ in slices:
            try:
                part = parts.next(LONGEST)
            except multiprocessing.TimeoutError:
                raise TimeoutError(f"a history hangs; the slices that did not end: {sorted(open_slices)}") from None
            open_slices.remove((part.first, part.seeds))
            summary.add(part)
            for seed, wrongs in part.wrongs.items():
                print(f"\rseed {seed}: {wrongs[0]}", flush=True)
            summary.seconds = time.perf_counter() - began
            if len(summary.wrongs) >= most:
                break
            print(f"\r{summary.seeds} histories, {summary.seeds / summary.seconds:.1f}/s", end="", flush=True)
    print()
    return summary
