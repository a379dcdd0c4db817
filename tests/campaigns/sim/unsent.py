"""Calls that are not sent, and a database that is away for longer than a call may wait: in one history of three.

All of it is drawn from dice of its own, so that the other histories stay what they are.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.campaigns.sim.cloud import SEND_WINDOW
from tests.campaigns.sim.lives import ALWAYS

from wharfinger.runtime.protocol import Entry, Failure, LeaseLost, Rejected
from wharfinger.script import NotSent

NOISE = Failure(14, "NOT_SENT", "said of a part")
TRIES = 4
"""How often a script tries again what it could not send."""


class Unsent:
    """The dice of one history. `often`: how likely a script can't send; `echoes`: how likely its word comes again."""

    def __init__(self, seed: int, note: Callable[[str], None], wrong: Callable[[str], None]) -> None:
        self._dice = random.Random(f"unsent {seed}")
        here = self._dice.random() < 0.35
        self.often = self._dice.choice((0.2, 0.5)) if here else 0.0
        self.echoes = self._dice.choice((0.3, 0.8)) if here else 0.0
        self.away = self._dice.choice((0.0, 20.0, 60.0)) if here else 0.0
        self._note, self._wrong = note, wrong
        self._back = 0.0

    def __str__(self) -> str:
        return f"unsent={self.often} echoes={self.echoes} away={self.away}"

    def heal(self) -> None:
        """Let everything be sent from now on, and the database be there."""
        self.often = self.echoes = self._back = 0.0

    # ------------------------------------------------------------------ the script

    def strikes(self) -> None:
        """Raise NotSent now and then, as a call that finds no connection does before it sends anything."""
        if self.often and self._dice.random() < self.often:
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
