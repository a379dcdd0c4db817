"""What happens to the server: each strike is one thing that goes wrong, for a while or for good."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from tests.campaigns.chaos.house import House, Vessel
from tests.campaigns.chaos.seabed import Seabed
from tests.servers.serving import NotServing

JUMPS = (86_400, 86_400, -3_600, 30, 0)
"""Seconds by which the wall clock is wrong from then on."""
ORDERLY = 25.0
"""Seconds in which a server that is asked to end must have ended."""
PROBED = 25.0
"""Seconds after which PostgreSQL finds out that a peer has vanished, by the TCP keepalives that sessions ask for."""
STARTS = 45.0
"""Seconds in which a server must start, whatever an earlier one left behind: a session that is not over yet, too."""


class Weather:
    """Strikes at random. `seabed` is PostgreSQL behind a proxy, None where the database is on the house's disk.

    `strikes`: how often each of them of all, where it is not as usual.
    """

    def __init__(
        self,
        house: House,
        vessel: Vessel,
        seabed: Seabed | None,
        dice: random.Random,
        strikes: Mapping[str, int] | None = None,
    ) -> None:
        self._house = house
        self._vessel = vessel
        self._seabed = seabed
        self._dice = dice
        self.wrongs: list[str] = []
        self.struck: Counter[str] = Counter()
        self._kinds: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "kill": (6, self._kill),
            "stop": (3, self._stop),
            "pause": (3, self._pause),
            "jump": (3, self._jump),
            "step": (1, self._step),
        }
        if seabed is None:
            self._kinds |= {"full": (2, self._full), "eio": (2, self._eio), "lock": (2, self._lock)}
        else:
            self._kinds |= {"cut": (4, self._cut), "freeze": (2, self._freeze), "away": (2, self._away)}
        if strikes:
            self._kinds = {name: (often, self._kinds[name][1]) for name, often in strikes.items()}

    async def strike(self) -> str:
        """Let one thing go wrong, and see to it that a server lives afterwards; return what it was."""
        name = self._dice.choices(list(self._kinds), [weight for weight, _ in self._kinds.values()])[0]
        await self._kinds[name][1]()
        self.struck[name] += 1
        if await asyncio.to_thread(lambda: self._vessel.ended):
            last = await asyncio.to_thread(self._vessel.log)
            self.wrongs.append(f"the server ended by itself ({name}): {last[-1500:]}")
            await self.revive()
        return name

    async def revive(self) -> None:
        """Start the server again, as often as it takes; that it refuses is wrong."""
        loop = asyncio.get_running_loop()
        until, refused = loop.time() + STARTS, ""
        while True:
            try:
                await asyncio.to_thread(self._vessel.revive)
            except NotServing as error:
                away = "is in use by another server" in str(error)  # the session of the one before, as it should be
                refused = refused if away else refused or f"the server does not start again: {str(error)[-400:]}"
                if loop.time() > until:
                    raise
                await asyncio.sleep(0.5)
            else:
                break
        if refused:
            self.wrongs.append(refused)

    # ------------------------------------------------------------------ the process

    async def _kill(self) -> None:
        await asyncio.to_thread(self._vessel.kill)
        await self.revive()

    async def _stop(self) -> None:
        if not await asyncio.to_thread(self._vessel.stop, ORDERLY):
            self.wrongs.append(f"the server did not end within {ORDERLY:g} s of SIGTERM")
        await self.revive()

    async def _pause(self) -> None:
        await asyncio.to_thread(self._vessel.pause, self._dice.choice([0.3, 1.0, 4.0]))

    async def _jump(self) -> None:
        await asyncio.to_thread(self._vessel.kill)
        self._house.set_clock(self._dice.choice(JUMPS))
        await self.revive()

    async def _step(self) -> None:
        """Set the clock of the server that runs."""
        self._house.set_clock(self._dice.choice(JUMPS))

    # ------------------------------------------------------------------ SQLite and its disk

    async def _full(self) -> None:
        if self._house.can_fill:
            await asyncio.to_thread(self._house.fill)
            await asyncio.sleep(self._dice.uniform(0.3, 4.0))
            self._house.make_room()

    async def _eio(self) -> None:
        with self._house.failing_disk():
            await asyncio.sleep(self._dice.uniform(0.1, 4.0))

    async def _lock(self) -> None:
        """Hold the database as another program would, such as a backup; longer than a send window at times."""
        await asyncio.to_thread(self._hold, self._dice.choice([0.5, 2.5, 4.0]))

    def _hold(self, seconds: float) -> None:
        database = self._house.data / "wharfinger.db"
        connection = sqlite3.connect(database, timeout=2, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT count(*) FROM tasks")
            time.sleep(seconds)
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            self.struck["lock, refused"] += 1
        finally:
            connection.close()

    # ------------------------------------------------------------------ PostgreSQL

    async def _cut(self) -> None:
        assert self._seabed is not None
        self._seabed.proxy.refuse()
        self._seabed.proxy.cut()
        await asyncio.sleep(self._dice.choice([0.0, 0.5, 3.0, 6.0]))
        self._seabed.proxy.refuse(False)

    async def _freeze(self) -> None:
        """Leave the connections of now open and dead; new ones work. The database's own probes end them in the end."""
        assert self._seabed is not None
        self._seabed.proxy.blackhole()
        self._seabed.proxy.blackhole(False)
        asyncio.get_running_loop().call_later(PROBED, self._seabed.proxy.drop_silent)

    async def _away(self) -> None:
        assert self._seabed is not None
        await asyncio.to_thread(self._seabed.restart, self._dice.choice([0.0, 1.0, 5.0]))
