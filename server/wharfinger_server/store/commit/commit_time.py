"""How long commits take, as a histogram."""

from __future__ import annotations

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds."""


class CommitTimes:
    """How many batches took up to each bound and longer than the one before, the last: beyond all; and their sum.

    Written by the writer's thread, read by any.
    """

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
