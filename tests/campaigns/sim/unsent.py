"""Calls that are not sent, words of it that come late, and a database that is away for longer than a call may wait.

They happen in one history of three. In half of all, a cancel or a time-out may overtake the word of a doubt.

All of it is drawn from dice of its own, so that the other histories stay what they are.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.campaigns.sim.cloud import SEND_WINDOW, Cloud
from tests.campaigns.sim.lives import ALWAYS

from wharfinger.runtime.protocol import Entry, Failure, LeaseLost, Rejected
from wharfinger.script import NotSent

NOISE = Failure(14, "NOT_SENT", "said of a part")
TRIES = 4
"""How often a script tries again what it could not send."""


class Unsent:
    """The dice of one history. `often`: how likely a script can't send; `echoes`: how likely its word comes again.

    `holds`: how likely its word is held up until others have given its worker up; `crosses`: how likely an attempt that
    ends in doubt is cancelled before that is heard of, and `slow` that the word of it takes long.
    """

    def __init__(self, seed: int, note: Callable[[str], None], wrong: Callable[[str], None], cloud: Cloud) -> None:
        self._dice = random.Random(f"unsent {seed}")
        here = self._dice.random() < 0.35
        self.often = self._dice.choice((0.2, 0.5)) if here else 0.0
        self.echoes = self._dice.choice((0.3, 0.8)) if here else 0.0
        self.away = self._dice.choice((0.0, 20.0, 60.0)) if here else 0.0
        self.holds = self._dice.choice((0.0, 0.0, 0.8)) if here else 0.0
        self.crosses, self.slow = self._dice.choice(((0.0, 0.0), (0.0, 0.0), (0.0, 0.8), (0.4, 0.4)))
        self._note, self._wrong = note, wrong
        self._back = 0.0
        cloud.unsent = self
        if self.holds:  # what the word is about is to be in doubt until it comes
            cloud.moods.find = 0.9

    def __str__(self) -> str:
        dice = f"unsent={self.often} echoes={self.echoes} away={self.away}"
        return f"{dice} holds={self.holds} crosses={self.crosses} slow={self.slow}"

    def heal(self) -> None:
        """Let everything be sent from now on, and the database be there."""
        self.often = self.echoes = self.holds = self.crosses = self.slow = self._back = 0.0

    # ------------------------------------------------------------------ the script

    def strikes(self, *, part: bool = False) -> None:
        """Raise NotSent now and then, as a call that finds no connection does before it sends anything.

        `part`: of a call of several, some are there already; that is rare, and strikes are not.
        """
        if self.often and self._dice.random() < (0.9 if part else self.often):
            self._note("a call is not sent")
            raise NotSent("there is no connection", retryable=self._dice.random() < 0.5)

    async def until_sent(self, make: Callable[[], Awaitable[Any]]) -> Any:
        """Make something, and try again now and then where it could not be sent. Raises what `make` raises at last."""
        for tried in range(TRIES):
            if tried:
                self._note("what was not sent is intended again in the same attempt")
            try:
                return await make()
            except NotSent:
                if self._dice.random() < 0.3:
                    raise
            except Rejected as refused:
                if tried and "used twice" in refused.failure.message:
                    self._wrong(f"21: what was not sent is refused in the same attempt: {refused.failure.message}")
                raise
        return await make()

    # ------------------------------------------------------------------ the worker

    def is_held(self) -> bool:
        """Whether a worker is held up with its word that a call was not sent."""
        return self._struck(self.holds, "the word that a call was not sent is held up")

    def is_crossed(self, outcome: object) -> bool:
        """Whether a cancel comes while the report of an attempt that ended in doubt is on its way."""
        return _is_doubt(outcome) and self._struck(self.crosses, "a cancel comes before the word of a doubt")

    def delay(self, outcome: object) -> float:
        """Return how long that report is on its way, in seconds: perhaps until the attempt's time is up."""
        slow = _is_doubt(outcome) and self._struck(self.slow, "the word of a doubt takes long")
        return self._dice.uniform(0, 35) if slow else 0.0

    def _struck(self, chance: float, kind: str) -> bool:
        struck = chance > 0 and self._dice.random() < chance
        if struck:
            self._note(kind)
        return struck

    # ------------------------------------------------------------------ the network

    def echo(self, say: Callable[[], Awaitable[Any]], *, lies: bool = False) -> None:
        """Have a report come once more, later, whoever lives then; or have a part of a group `lies`."""
        if self.echoes and self._dice.random() < self.echoes:
            delay = self._dice.choice((0.0, 0.05, 1.0, 30.0)) * self._dice.random()
            kind = "NOT_SENT is said of a part" if lies else "NOT_SENT comes again"
            ALWAYS.context().run(asyncio.get_running_loop().create_task, self._later(delay, kind, say))

    async def _later(self, delay: float, kind: str, say: Callable[[], Awaitable[Any]]) -> None:
        await asyncio.sleep(delay)
        if not self.echoes:
            return
        self._note(kind)
        try:
            await say()
        except (LeaseLost, Rejected):
            return

    def parts(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return the entries of `entries` that are parts of one call of several, [] where there are none."""
        new = [entry for entry in entries if entry.group and entry.state == "INTENDED"]
        same = [entry for entry in new if entry.token == new[0].token]
        return same if len(same) > 1 else []

    # ------------------------------------------------------------------ the database

    async def outages(self) -> None:
        """Have the database be away now and then, longer than a call may wait to be sent."""
        if not self.away:
            return
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._dice.expovariate(1 / self.away))
            longest = self._dice.uniform(SEND_WINDOW, 4 * SEND_WINDOW)
            self._note("database: away for longer than the send window")
            self._back = loop.time() + longest
            await asyncio.sleep(longest)

    def database_away(self, now: float) -> bool:
        """Whether the database is away."""
        return now < self._back


def _is_doubt(outcome: object) -> bool:
    return isinstance(outcome, Failure) and outcome.reason == "RESOURCE_UNCERTAIN"
