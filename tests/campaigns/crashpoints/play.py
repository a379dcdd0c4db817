"""Plays the scenes: first without a death, which names the points; then one for each point."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns.crashpoints.scene import CLOUDS, WAYS, Scene, Seen
from tests.servers.nursery import Forked, Nursery

PLAYS = 4
"""How often a scene is played until it comes to its point: commits that fall together make one, and such a play is over
before it has as many as the one that the points were counted in."""
MISSED = 0.02
"""Which part of the points may not come again in so many plays: they lie beyond the end of those."""
Cast = tuple[str, str, str]
"""A cloud, a way, a point."""


@dataclass
class Summary:
    """How many points there are and were died at, by cloud and way, and every violation."""

    points: Counter[str] = field(default_factory=Counter)
    died: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    unplayed: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def report(self) -> str:
        """Return the summary as lines for people."""
        lines = [f"{key}: died at {self.died[key]} of {count} points" for key, count in sorted(self.points.items())]
        died, points = sum(self.died.values()), sum(self.points.values())
        return "\n".join(
            [
                *lines,
                f"{died} of {points} points in {self.seconds:.0f} s",
                f"{self.unplayed} points for which there was no time",
                f"{len(self.missed)} points that did not come again",
                *self.missed[:20],
                f"{len(self.violations)} violations",
                *self.violations[:30],
            ]
        )

    @property
    def ok(self) -> bool:
        """Whether nothing was violated, and all but a few points were died at."""
        return not self.violations and len(self.missed) <= MISSED * sum(self.points.values())

    def facts(self) -> dict[str, Any]:
        """Return the summary as JSON."""
        return {**self.__dict__, "ok": self.ok}


class Theatre:
    """Where scenes are played, several at once."""

    def __init__(self, nursery: Nursery, folder: Path) -> None:
        self._nursery = nursery
        self._folder = folder
        self._numbers = itertools.count()

    async def prepare(self) -> None:
        """Make a database that all scenes begin with a copy of."""
        home = self._folder / "template"
        home.mkdir()
        server = await asyncio.to_thread(Forked, self._nursery, home)
        server.signal()
        await asyncio.to_thread(server.wait)

    async def play(self, cast: Cast) -> Seen:
        """Play one scene."""
        folder = self._folder / f"scene-{next(self._numbers)}"
        return await Scene(self._nursery, self._folder / "template" / "data", folder, *cast).play()


async def count(stage: Theatre, cloud: str, way: str) -> tuple[list[str], list[str]]:
    """Return the points of one way, and what is wrong though nothing dies."""
    seen = await stage.play((cloud, way, ""))
    return seen.passed, [f"{seen}: {wrong}" for wrong in seen.wrongs]


async def campaign(
    nursery: Nursery,
    folder: Path,
    *,
    every: int = 1,
    first: int = 0,
    at_once: int = 3,
    pairs: Sequence[tuple[str, str]] = (),
    seconds: float = math.inf,
) -> Summary:
    """Die at every `every`th point from the `first` on, of all ways on all clouds or of the `pairs`.

    No scene is begun after so many `seconds`; what was played by then is from all over.
    """
    began = time.monotonic()
    summary = Summary()
    stage = Theatre(nursery, folder)
    await stage.prepare()
    casts: list[Cast] = []
    for cloud, way in pairs or itertools.product(CLOUDS, WAYS):
        points, wrongs = await count(stage, cloud, way)
        summary.violations += wrongs
        chosen = points[first::every]
        summary.points[f"{cloud} {way}"] = len(chosen)
        casts += [(cloud, way, point) for point in chosen]
        _tell(f"{cloud} {way}: {len(points)} points")
    random.Random(0).shuffle(casts)
    waiting = iter(casts)
    done = itertools.count(1)

    async def player() -> None:
        for cast in waiting:
            if time.monotonic() - began > seconds:
                summary.unplayed += 1
                continue
            for _ in range(PLAYS):
                seen = await stage.play(cast)
                if seen.died or seen.wrongs:
                    break
            _note(summary, seen)
            number = next(done)
            if number % 20 == 0:
                _tell(f"{number} of {len(casts)} points, {len(summary.violations)} violations")

    await asyncio.gather(*(player() for _ in range(at_once)))
    summary.seconds = time.monotonic() - began
    return summary


def _note(summary: Summary, seen: Seen) -> None:
    if seen.died:
        summary.died[f"{seen.cloud} {seen.way}"] += 1
    elif not seen.wrongs:
        summary.missed.append(str(seen))
    summary.violations += [f"{seen}: {wrong}" for wrong in seen.wrongs]
    for wrong in seen.wrongs[:1]:
        _tell(f"{seen}: {wrong}")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
