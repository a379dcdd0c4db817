"""What a campaign is made of: how often each thing goes wrong. There is one for all, and some that aim at one mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAKING = {"fine": 16, "slow": 2, "dropped": 2, "made_dropped": 3, "late": 2, "refused": 1}
REMOVING = {"fine": 12, "dropped": 2, "made_dropped": 4, "accepted": 4, "accepted_never": 1}
"""What becomes of a call, and how often of all.

`dropped` does nothing, `made_dropped` does it; both break the connection. `late` breaks it and does it some time later.
`accepted` says so and does it later; `accepted_never` says so once and does not.
"""
SCRIPTS = {"storm.build": 8, "storm.mill": 4, "storm.fork": 1, "storm.loud": 2}
"""How often each is asked for."""


@dataclass(frozen=True, slots=True)
class Mix:
    """`strikes`: how often each of them of all, empty for the usual; `scenes` come after each `every` stories, in turn.

    `making` and `finding`: what becomes of the provider's calls; `scripts`: how often each is asked for. `endings`: how
    many stories end between two strikes, one of these: a slow machine is not struck more often. `at_once`: as many
    stories at once at most, 0: as was asked for.
    """

    scenes: tuple[str, ...] = ()
    every: int = 30
    strikes: Mapping[str, int] | None = None
    making: Mapping[str, int] | None = None
    finding: Mapping[str, int] | None = None
    scripts: Mapping[str, int] | None = None
    endings: tuple[int, ...] = (0, 0, 4, 8, 16)
    at_once: int = 0


USUAL = Mix(scenes=("bomb", "queue"), every=150)
AIMS = {
    # What lands late must do so just after the clock stepped, over a crash or not.
    "3": Mix(strikes={"jump": 1, "step": 1}, making={"fine": 8, "late": 8}, at_once=12),
    # Whatever is in doubt without a server's death, though nothing was sent, is so for no reason.
    "4": Mix(strikes={"lock": 1}, making={"fine": 1}, finding={"dropped": 1}, endings=(0,)),
    "13": Mix(scenes=("queue",), every=5),
    "15": Mix(strikes={"kill": 1}, scripts={"storm.build": 1, "storm.fork": 1}),
    "16": Mix(strikes={"freeze": 1}),
    "18": Mix(scenes=("bomb",), every=10),
}
"""The mixes that show that a mend is gone, by its number."""
