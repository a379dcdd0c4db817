"""The campaign: people, a cloud in bad weather, and a server that is killed again and again."""

from __future__ import annotations

import asyncio
import collections
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns.crash.accounts import account
from tests.campaigns.crash.checking import check
from tests.campaigns.crash.house import Mortal, configure
from tests.campaigns.crash.people import WHAT, Person, Story
from tests.campaigns.crash.weather import StormyOracle
from tests.campaigns.feeds import Feed
from tests.servers.cloud import Cloud
from tests.servers.nursery import Nursery

from wharfinger import aio
from wharfinger.models import Task

AT_ONCE = 10
"""How many deployments are in flight."""
LAST_STORIES = 120.0
"""Seconds that the stories have to end once nobody kills the server any more and the weather is calm."""


@dataclass
class Findings:
    """What was seen, and every violation of what was promised, each with its account."""

    seed: int
    kills: int = 0
    seconds: float = 0.0
    tasks: int = 0
    events: int = 0
    made: int = 0
    attempts: int = 0
    slowest_start: float = 0.0
    usual_start: float = 0.0
    ends: collections.Counter[str] = field(default_factory=collections.Counter)
    acts: collections.Counter[str] = field(default_factory=collections.Counter)
    faults: collections.Counter[str] = field(default_factory=collections.Counter)
    violations: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Return the findings as lines for people."""
        return "\n".join(
            [
                f"seed {self.seed}: {self.kills} kills in {self.seconds:.0f} s",
                f"a start took {self.usual_start:.2f} s, {self.slowest_start:.2f} s at most",
                f"{self.tasks} tasks, {self.attempts} attempts, {self.made} things made, {self.events} events watched",
                f"ended {dict(self.ends)}",
                f"people asked {dict(self.acts)}",
                f"the cloud's faults {dict(self.faults)}",
                f"{len(self.violations)} violations",
                *self.violations[:50],
                *self.accounts[:10],
            ]
        )

    def facts(self) -> dict[str, Any]:
        """Return the findings as JSON."""
        return {**self.__dict__, "violations": self.violations, "ok": not self.violations}


class Campaign:
    """One campaign in an empty folder; `store` is the URL of an empty database, "" for SQLite in the folder."""

    def __init__(
        self, nursery: Nursery, folder: Path, *, kills: int, seed: int, at_once: int = AT_ONCE, store: str = ""
    ) -> None:
        self.findings = Findings(seed)
        self._nursery = nursery
        self._store = store
        self._folder = folder
        self._kills = kills
        self._at_once = at_once
        self._dice = random.Random(seed)
        self._oracle = StormyOracle(seed)
        self._numbers = iter(range(1_000_000_000))
        self._stories: list[Story] = []
        self._over = False

    async def run(self) -> Findings:
        """Run it and return what was found."""
        began = time.monotonic()
        with Cloud(self._oracle) as cloud:
            configure(self._folder, cloud, '[server]\nlog_level = "warning"\n')
            server = await asyncio.to_thread(Mortal, self._nursery, self._folder, self._store)
            try:
                async with aio.Client(server.address) as client:
                    await self._play(server, client)
                    await self._look_at_all(client)
            finally:
                server.kill()
            if "Traceback" in server.log():
                self.findings.violations.append("the server's log has a traceback")
                self.findings.accounts.append(f"the server's log has a traceback:\n{_first_traceback(server.log())}")
        self._sum_up(server, time.monotonic() - began)
        return self.findings

    async def _play(self, server: Mortal, client: aio.Client) -> None:
        feed = Feed(client)
        await feed.begun("compute.deploy", {**WHAT["ec2"], "name": "mark"})
        callers = [asyncio.create_task(self._callers(client)) for _ in range(self._at_once)]
        for number in range(1, self._kills + 1):
            how = await server.die_and_live(self._dice, self._oracle)
            self.findings.kills = number
            if number % 10 == 0:
                self._tell(f"kill {number} of {self._kills}, {how}")
            for caller in callers:
                if caller.done():
                    await caller  # a fault of the campaign's own
        self._over = True
        self._oracle.calm()
        _, late = await asyncio.wait(callers, timeout=LAST_STORIES)
        for caller in late:
            caller.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await asyncio.gather(*(caller for caller in callers if caller not in late))
        for story in self._stories:
            if story.ended is None:
                self.findings.violations.append(f"{story.task_name or story.name}: did not end; it {story.acts}")
        seen = {story.task_name: story.sequences for story in self._stories if story.ended is not None}
        self.findings.violations += await feed.end(seen)

    async def _callers(self, client: aio.Client) -> None:
        """Live one story after the other until the kills are over."""
        while not self._over:
            number = next(self._numbers)
            story = Story(f"t{number:05}x", f"{self.findings.seed} {number}")
            self._stories.append(story)
            person = Person(client, story)
            await person.live()
            await self._look_at(person, client)

    async def _look_at(self, person: Person, client: aio.Client) -> None:
        """Hold a story that ended against the oracle."""
        story, task = person.story, person.story.ended
        assert task is not None
        entries = await person.entries()
        things = self._oracle.of(f"{story.name}-")
        wrongs = [*check(task, entries, things), *(f"{task.name}: {wrong}" for wrong in story.wrongs)]
        events = [e async for e in client.events(task.name)] if wrongs else []
        if wrongs:
            self.findings.violations += wrongs
            self.findings.accounts.append(
                account(
                    task, entries, things, events, f"{story.name}; people: {story.acts}; kept back: {story.retained}"
                )
            )
            self._tell(wrongs[0])
        self.findings.ends[task.state.name] += 1
        self.findings.attempts += task.attempts[-1].epoch if task.attempts else 0
        self.findings.events += len(story.sequences)
        self.findings.acts.update(act.partition(":")[0] for act in story.acts)
        self._oracle.forget(f"{story.name}-")

    async def _look_at_all(self, client: aio.Client) -> None:
        """Hold all that the server has, and all that exists, against all that was asked for and acknowledged."""
        wrong = self.findings.violations.append
        listed = collections.Counter([task.labels.get("story", "") async for task in client.list(page_size=1000)])
        for story in self._stories:
            if story.acknowledged and listed[story.name] != 1:
                wrong(f"{story.task_name} was acknowledged and is listed {listed[story.name]} times")
            elif listed[story.name] > 1:
                wrong(f"{story.name}: one request made {listed[story.name]} tasks")
        for name in listed.keys() - {story.name for story in self._stories}:
            wrong(f"a task {name} that nobody asked for")
        for story in self._stories:
            if story.ended is not None:
                await self._look_again(story, story.ended, client)
        self.findings.violations += self._oracle.wrongs

    async def _look_again(self, story: Story, ended: Task, client: aio.Client) -> None:
        """Hold a task once more against what exists and what was seen of it, at the end of all."""
        wrong = self.findings.violations.append
        task = await client.get(story.task_name)
        if (task.state, task.last_sequence) != (ended.state, story.position):
            wrong(f"{task.name} was {ended.state.name} at event {story.position}, and changed since")
        entries = [entry async for entry in client.ledger(task.name)]
        for found in check(task, entries, self._oracle.of(f"{story.name}-")):
            if found not in self.findings.violations:
                wrong(f"{found} (at the end of all)")
        if await Person(client, story).submit() != task.name:
            wrong(f"{task.name}: the same request made another task")
        numbers = [event.sequence async for event in client.events(task.name)]
        if numbers != story.sequences:
            wrong(f"{task.name}: {len(story.sequences)} events were watched, and {len(numbers)} are listed")

    def _sum_up(self, server: Mortal, seconds: float) -> None:
        findings, starts = self.findings, sorted(server.starts)
        findings.seconds = seconds
        findings.tasks = sum(story.acknowledged for story in self._stories)
        findings.made = sum(self._oracle.made.values())
        if not findings.made or not findings.ends["SUCCEEDED"] + findings.ends["ROLLED_BACK"]:
            findings.violations.append("hardly anything was made: this tells nothing")
        findings.faults = self._oracle.ordered
        findings.usual_start = starts[len(starts) // 2] if starts else 0.0
        findings.slowest_start = starts[-1] if starts else 0.0

    def _tell(self, text: str) -> None:
        at = sum(self.findings.ends.values())
        wrong = len(self.findings.violations) + len(self._oracle.wrongs)
        print(f"{text}; {at} tasks ended, {wrong} violations", file=sys.stderr, flush=True)


def _first_traceback(log: str) -> str:
    return log[log.index("Traceback") :][:3000]
