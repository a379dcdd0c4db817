"""What happens between people: a script that ends the process beside others, and a queue too long for one berth."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Any

from tests.campaigns.chaos.house import Vessel
from tests.campaigns.chaos.weather import Weather
from tests.campaigns.crash.people import answered
from tests.servers.serving import NotServing

from wharfinger import aio, errors
from wharfinger.models import TaskState

QUEUE = 120
"""Tasks of one berth: more than the server holds ready at a time."""
PROMPT = 30.0
"""Seconds in which a task that waits for nothing must have ended."""
DEATHS = 240.0
"""Seconds in which a script that ends the process must have been given up: all that ran at its first death run alone
before the others go on, one after another, and a server that starts waits for the session of the one before."""
SCENE = 300.0
"""Seconds in which a scene must be over."""
INNOCENTS = 4


class Squalls:
    """Single scenes, each with tasks of its own, while nothing else goes wrong."""

    def __init__(self, client: aio.Client, vessel: Vessel, weather: Weather, port: int, dice: random.Random) -> None:
        self._client = client
        self._vessel = vessel
        self._weather = weather
        self._port = port
        self._dice = dice
        self._numbers = iter(range(1_000_000))
        self.wrongs: list[str] = []
        self.tasks = 0

    async def play(self, name: str) -> None:
        """Play a scene, in which the server may end at any time: it is started again."""
        reviving = asyncio.create_task(self._revive())
        try:
            async with asyncio.timeout(SCENE):
                await getattr(self, f"_{name}")()
        except TimeoutError:
            self.wrongs.append(f"the scene {name} was not over after {SCENE:g} s")
        reviving.cancel()
        await asyncio.gather(reviving, return_exceptions=True)
        if await asyncio.to_thread(lambda: self._vessel.ended):
            await self._weather.revive()

    async def _revive(self) -> None:
        while True:
            if await asyncio.to_thread(lambda: self._vessel.ended):
                with suppress(NotServing):  # what ends it may do so before it is ready
                    await asyncio.to_thread(self._vessel.revive)
            await asyncio.sleep(0.05)

    async def _bomb(self) -> None:
        """Run a script that ends the process beside four that do no harm: it fails, and they do not."""
        name = f"bomb{next(self._numbers)}"
        innocents = [await self._submit("storm.build", f"{name}-by{n}", pause=1.0, things=3) for n in range(INNOCENTS)]
        how = self._dice.choice(["exit", "segv"])
        bomb = await answered(lambda: self._client.submit("storm.bomb", {"how": how}, task_id=name))
        watching = [asyncio.create_task(self._end(each)) for each in (bomb.name, *innocents)]
        try:
            async with asyncio.timeout(DEATHS):
                await asyncio.wait(watching)
        except TimeoutError:
            self.wrongs.append(f"{bomb.name} ({how}) and those beside it did not end within {DEATHS:g} s")
            await self._cancel(bomb.name)  # or it ends servers for the rest of the campaign
        for one in watching:
            one.cancel()
        ends = await asyncio.gather(*watching, return_exceptions=True)
        self.wrongs += [
            f"in the scene of {bomb.name}: {end!r}" for end in ends if isinstance(end, errors.WharfingerError)
        ]
        if isinstance(ends[0], tuple) and ends[0] != (TaskState.FAILED, "EXECUTOR_LOST"):
            self.wrongs.append(f"{bomb.name} ends the process ({how}), and is {ends[0]}")
        for innocent, end in zip(innocents, ends[1:], strict=True):
            if isinstance(end, tuple) and end[1] == "EXECUTOR_LOST":
                self.wrongs.append(f"{innocent} was given up for what {bomb.name} did: {end[0].name}")

    async def _queue(self) -> None:
        """Fill one berth's queue, and ask for a task that needs no berth: it does not wait."""
        name = f"queue{next(self._numbers)}"
        berth = {"concurrency_key": name, "max_lost_attempts": 1000}
        holder = await self._submit("storm.build", f"{name}-first", pause=PROMPT, things=1, policy=berth)
        waiting = [
            await self._submit("storm.build", f"{name}-{n}", pause=PROMPT, things=1, policy=berth) for n in range(QUEUE)
        ]
        await asyncio.to_thread(self._vessel.kill)  # the next server reads the queue page by page
        await self._cancel(holder)  # the berth changes hands
        free = await self._submit("storm.build", f"{name}-free", pause=0.0, things=1)
        first = await self._submit("storm.build", f"{name}-last", pause=0.0, things=1, policy={**berth, "priority": 9})
        try:
            async with asyncio.timeout(PROMPT):
                await self._end(free)
        except TimeoutError:
            self.wrongs.append(f"{free} needs no berth, and waits behind {QUEUE} tasks that do")
        for each in waiting:
            await self._cancel(each)
        for each in (holder, *waiting, first):
            await self._end(each)

    async def _cancel(self, name: str) -> None:
        """Cancel a task, unless it is over already."""
        with suppress(errors.FailedPrecondition):
            await answered(lambda: self._client.cancel(name))

    async def _submit(self, script: str, name: str, *, pause: float, things: int, policy: Any = None) -> str:
        params = {
            "port": self._port,
            "kind": "storm.token",
            "keys": [f"{name}/{n}" for n in range(things)],
            "pause": pause,
        }
        self.tasks += 1
        ask = self._client.submit
        return (await answered(lambda: ask(script, params, task_id=name, policy=policy, request_id=name))).name

    async def _end(self, name: str) -> tuple[TaskState, str]:
        """Return how a task ended, and for what reason."""
        while True:
            with suppress(errors.TimedOut):  # of a server that is away for longer
                task = await answered(lambda: self._client.wait(name, timeout=5))
                if task.state.resting:
                    return task.state, task.failure.reason if task.failure else ""
