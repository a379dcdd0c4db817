"""The clocks of one history: what really passes, and what the server's wall and steady clocks show of it.

A restart may be on the same boot of the same machine, after a reboot, or on another machine that has been up for longer
or less long; and with each the wall clock may step. Times are microseconds.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from wharfinger_server.store.store import SteadyClock

SECOND = 1_000_000
HOUR = 3600 * SECOND
STEPS = (0, 0, -24 * HOUR, -HOUR, -SECOND, SECOND, HOUR, 24 * HOUR)
UPTIMES = (SECOND, 30 * SECOND, 1000 * HOUR)


_current: Clocks | None = None


def current() -> Clocks:
    """Return the clocks of the history that is played."""
    assert _current is not None
    return _current


class Clocks:
    """`passed` is the true time since the history began; `epoch` what the wall clock shows then."""

    def __init__(self, seed: int, passed: Callable[[], int], epoch: int) -> None:
        global _current  # noqa: PLW0603 - for planted bugs, which have nobody else to ask
        _current = self
        self.passed = passed
        self.latest = self._offset = epoch
        self._dice = random.Random(f"clocks {seed}")
        self._jumpy = self._dice.random() < 0.6
        self._boots = 0
        self.skew = self._dice.choice((0, 0, -HOUR, -2 * SECOND, 2 * SECOND, HOUR)) if self._jumpy else 0
        """How far the workers' wall clocks are ahead of the server's."""
        self._slow = self._dice.choice((0.0, 0.5, 0.9)) if self._jumpy else 0.0
        self._boot(self._dice.choice(UPTIMES))

    def _boot(self, uptime: int) -> None:
        self._boots += 1
        self._zero = self.passed() - uptime

    def wall(self) -> int:
        """Return the time of day, as the server's machine and the database have it."""
        now = self._offset + self.passed()
        self.latest = max(self.latest, now)
        return now

    def steady(self) -> SteadyClock:
        """Return the steady clock of the server that begins now."""
        zero = self._zero
        return SteadyClock(f"boot {self._boots}", lambda: self.passed() - zero)

    def delay(self) -> float:
        """Return how many seconds a report of a worker elsewhere is on its way: most often none."""
        return self._dice.uniform(10, 45) if self._dice.random() < self._slow else 0.0

    def step(self) -> str:
        """Have done with the clocks what is done to them while no server runs; return what that was."""
        if not self._jumpy:
            return ""
        by, where = self._dice.choice(STEPS), self._dice.choice(("", "", "after a reboot", "on another machine"))
        self._offset += by
        if where:
            self._boot(SECOND if where == "after a reboot" else self._dice.choice(UPTIMES))
        said = [f"the wall clock stepped by {by // SECOND:+d} s"] * (by != 0) + [where] * (where != "")
        return ", ".join(said)
