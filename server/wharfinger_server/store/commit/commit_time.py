"""How long commits take, as a histogram."""

from __future__ import annotations

from bisect import bisect_left

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds."""


class CommitTimes:
    """Counts batches by how long each took. Written by the writer's thread, read by any."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Count one batch."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
