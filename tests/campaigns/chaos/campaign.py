"""The campaign: people, a provider whose answers get lost, and a server to which everything happens."""

from __future__ import annotations

import asyncio
import collections
import random
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns.chaos.holding import check
from tests.campaigns.chaos.house import House, Vessel
from tests.campaigns.chaos.mixes import USUAL, Mix
from tests.campaigns.chaos.provider import Oracle, Provider
from tests.campaigns.chaos.sailors import Sailor
from tests.campaigns.chaos.seabed import Seabed
from tests.campaigns.chaos.squalls import Squalls
from tests.campaigns.chaos.weather import Weather
from tests.campaigns.crash.people import Story
from tests.campaigns.feeds import Feed
from tests.servers.serving import NotServing

from wharfinger import aio, errors

LAST_STORIES = 120.0
"""Seconds that the stories have to end once the weather is calm."""
PAUSE = (0.5, 8.0)
"""Seconds between two strikes: now and then time enough to settle what the last one left."""
PATIENCE = 30.0
"""Seconds after which it strikes however few stories have ended since."""
SILENCE = 40.0
"""Seconds after a strike within which the server must take tasks again."""


@dataclass
class Findings:
    """What was seen, and every violation of what was promised."""

    seed: int
    store: str
    tasks: int = 0
    seconds: float = 0.0
    lives: int = 0
    events: int = 0
    made: int = 0
    struck: collections.Counter[str] = field(default_factory=collections.Counter)
    ends: collections.Counter[str] = field(default_factory=collections.Counter)
    acts: collections.Counter[str] = field(default_factory=collections.Counter)
    faults: collections.Counter[str] = field(default_factory=collections.Counter)
    violations: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Return the findings as lines for people."""
        return "\n".join(
            [
                f"seed {self.seed} on {self.store}: {self.tasks} tasks in {self.seconds:.0f} s, {self.lives} lives",
                f"struck {dict(self.struck)}",
                f"{self.made} things made, {self.events} events watched; the provider's faults {dict(self.faults)}",
                f"ended {dict(self.ends)}; people asked {dict(self.acts)}",
                f"{len(self.violations)} violations",
                *self.violations[:50],
            ]
        )

    def facts(self) -> dict[str, Any]:
        """Return the findings as JSON."""
        return {**self.__dict__, "ok": not self.violations}


async def _silence(client: aio.Client, vessel: Vessel) -> list[str]:
    """Return that the server takes nothing any more, if it does not: every strike ends within seconds."""
    try:
        async with asyncio.timeout(SILENCE):
            while True:
                try:
                    await client.submit("storm.build", {"port": 0, "kind": "storm.token", "keys": []})
                except (errors.Unreachable, errors.Unavailable, errors.FailedPrecondition):
                    await asyncio.sleep(0.1)
                else:
                    return []
    except TimeoutError:
        ended = "it has ended" if await asyncio.to_thread(lambda: vessel.ended) else "it lives"
        last = await asyncio.to_thread(vessel.log)
        return [f"for {SILENCE:g} s the server has taken nothing ({ended}): {last[-1500:]}"]


def _surprises(log: str) -> list[str]:
    """Return the lines of a log that tell of what the server did not expect."""
    return [f"the server's log: {line[:2000]}" for line in log.splitlines() if "Traceback" in line][:3]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Campaign:
    """One campaign in an empty folder, on SQLite or PostgreSQL. `mend`: what is taken out of the product first.

    `at_once`: how many people use the server at a time. `hasty` ends it with the first violation.
    """

    def __init__(
        self,
        folder: Path,
        *,
        tasks: int,
        seed: int,
        at_once: int = 60,
        seabed: Seabed | None = None,
        mend: str = "",
        mix: Mix = USUAL,
        hasty: bool = False,
    ) -> None:
        self.findings = Findings(seed, "PostgreSQL" if seabed else "SQLite")
        self._folder = folder
        self._tasks = tasks
        self._at_once = mix.at_once or at_once
        self._seabed = seabed
        self._mend = mend
        self._mix = mix
        self._hasty = hasty
        self._dice = random.Random(seed)
        self._oracle = Oracle(seed, mix)
        self._stories: list[Story] = []
        self._over = False
        self._ended = asyncio.Event()

    async def run(self) -> Findings:
        """Run it and return what was found."""
        began = time.monotonic()
        with Provider(self._oracle) as provider, House(self._folder, self._mend) as house:
            vessel = await asyncio.to_thread(Vessel, house, self._seabed.url if self._seabed else "")
            dice = random.Random(f"weather {self.findings.seed}")
            weather = Weather(house, vessel, self._seabed, dice, self._mix.strikes)
            try:
                async with aio.Client(vessel.address) as client:
                    squalls = Squalls(client, vessel, weather, provider.port, self._dice)
                    try:
                        await self._play(client, vessel, provider.port, weather, squalls)
                    except NotServing as error:
                        self.findings.violations.append(f"the server does not start any more: {str(error)[-3000:]}")
                    else:
                        await self._look_at_all(client, provider.port, weather, squalls)
            finally:
                await asyncio.to_thread(vessel.kill)
            self._sum_up(vessel, weather, squalls, time.monotonic() - began)
        return self.findings

    async def _play(self, client: aio.Client, vessel: Vessel, port: int, weather: Weather, squalls: Squalls) -> None:
        feed = Feed(client)
        await feed.begun("storm.build", {"port": port, "kind": "storm.token", "keys": []})
        callers = [asyncio.create_task(self._callers(client, port)) for _ in range(self._at_once)]
        scene = 0
        while not self._done(weather, squalls):
            await self._pause()
            _tell(f"{len(self._stories)} stories, {sum(self.findings.ends.values())} ended: {await weather.strike()}")
            weather.wrongs += await _silence(client, vessel)
            if self._mix.scenes and len(self._stories) // self._mix.every > scene:
                name = self._mix.scenes[scene % len(self._mix.scenes)]
                _tell(f"the scene {name}")
                await squalls.play(name)
                scene += 1
            for caller in callers:
                if caller.done():
                    await caller  # a fault of the campaign's own
        self._over = True
        self._oracle.harm = 0
        if self._hasty and self._wrong(weather, squalls):
            for caller in callers:
                caller.cancel()
            await asyncio.gather(*callers, feed.end({}), return_exceptions=True)
            return
        _, late = await asyncio.wait(callers, timeout=LAST_STORIES)
        for caller in late:
            caller.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await asyncio.gather(*(caller for caller in callers if caller not in late))
        self.findings.violations += [
            f"{story.task_name or story.name}: did not end; it {story.acts}"
            for story in self._stories
            if story.ended is None
        ]
        seen = {story.task_name: story.sequences for story in self._stories if story.ended is not None}
        self.findings.violations += await feed.end(seen)

    def _done(self, weather: Weather, squalls: Squalls) -> bool:
        return len(self._stories) >= self._tasks or (self._hasty and self._wrong(weather, squalls))

    def _wrong(self, weather: Weather, squalls: Squalls) -> bool:
        return bool(self.findings.violations or self._oracle.wrongs or weather.wrongs or squalls.wrongs)

    async def _pause(self) -> None:
        """Wait between two strikes."""
        due = min(sum(self.findings.ends.values()) + self._dice.choice(self._mix.endings), self._tasks)
        await asyncio.sleep(self._dice.uniform(*PAUSE))
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while sum(self.findings.ends.values()) < due:
                    await self._ended.wait()
                    self._ended.clear()

    async def _callers(self, client: aio.Client, port: int) -> None:
        """Live one story after the other until there were enough."""
        while not self._over and len(self._stories) < self._tasks:
            number = len(self._stories)
            story = Story(f"s{number:05}", f"{self.findings.seed} {number}")
            self._stories.append(story)
            sailor = Sailor(client, story, self._oracle, port)
            try:
                await sailor.live()
                await self._look_at(sailor)
            except errors.WharfingerError as error:
                self.findings.violations.append(f"{story.task_name or story.name}: a person was told {error}")
                _tell(self.findings.violations[-1][:300])

    async def _look_at(self, sailor: Sailor) -> None:
        """Hold a story that ended against the oracle."""
        story, task = sailor.story, sailor.story.ended
        assert task is not None
        wrongs = check(task, await sailor.entries(), self._oracle.of(task.name))
        wrongs += [f"{task.name}: {wrong}" for wrong in story.wrongs]
        if wrongs:
            self.findings.violations += wrongs
            _tell(wrongs[0])
        self.findings.ends[task.state.name] += 1
        self._ended.set()
        self.findings.events += len(story.sequences)
        self.findings.acts.update(act.partition(":")[0] for act in story.acts)

    async def _look_at_all(self, client: aio.Client, port: int, weather: Weather, squalls: Squalls) -> None:
        """Hold all that the server has, and all that exists, against all that was asked for and acknowledged."""
        if self._hasty and self._wrong(weather, squalls):
            return
        wrong = self.findings.violations.append
        listed = collections.Counter([task.labels.get("story", "") async for task in client.list(page_size=1000)])
        for story in self._stories:
            if story.acknowledged and listed[story.name] != 1:
                wrong(f"{story.task_name} was acknowledged and is listed {listed[story.name]} times")
            if story.ended is None:
                continue
            sailor = Sailor(client, story, self._oracle, port)
            wrongs = check(await client.get(story.task_name), await sailor.entries(), self._oracle.of(story.task_name))
            self.findings.violations += [f"{each} (at the end of all)" for each in wrongs]
            numbers = [event.sequence async for event in client.events(story.task_name)]
            if numbers != story.sequences:
                wrong(f"{story.task_name}: {len(story.sequences)} events were watched, and {len(numbers)} are listed")

    def _sum_up(self, vessel: Vessel, weather: Weather, squalls: Squalls, seconds: float) -> None:
        findings = self.findings
        findings.violations += self._oracle.wrongs + weather.wrongs + squalls.wrongs
        findings.violations += _surprises(vessel.log())
        findings.seconds, findings.lives, findings.struck = seconds, vessel.lives, weather.struck
        findings.tasks = sum(story.acknowledged for story in self._stories) + squalls.tasks
        findings.made, findings.faults = len(self._oracle.things), self._oracle.faults
        if not findings.made or not findings.ends["SUCCEEDED"]:
            findings.violations.append("hardly anything was made: this tells nothing")
