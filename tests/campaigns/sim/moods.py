"""What kinds of trouble strike in a history, and how often."""

from __future__ import annotations

import random

from tests.campaigns.sim.cloud import Moods


def random_moods(dice: random.Random, lean: str) -> Moods:
    """Return how often what strikes in a history that leans to `lean`."""
    if not lean and dice.random() < 0.3:
        return Moods()
    names = ("refuse", "lose", "drop", "slow", "part", "find", "undo")
    own = {name: dice.choice((0.0, 0.0, 0.0, 0.3)) for name in ("fickle", "sight", "again")}
    moods = Moods(**{name: dice.choice((0.0, 0.0, 0.1, 0.4)) for name in names}, **own)
    if lean == "blind":
        moods.find, moods.undo = 0.9, dice.choice((0.4, 0.8))  # a find is tried more than once
        moods.drop, moods.slow = 0.3, 0.4
    elif lean == "parts":
        moods.part = 0.4
    elif lean == "careless":
        moods.fickle = moods.sight = 0.3
        moods.drop = 0.4
    return moods


def whimsical(moods: Moods, whims: random.Random) -> None:
    """Let half of the clouds merely accept deletes, and deny what is there."""
    if whims.random() < 0.5:
        moods.accept, moods.shy, moods.blink = (whims.choice((0.0, 0.2, 0.6)) for _ in range(3))
