"""One scene: a deployment of three nodes, each with a volume and (on EC2) an address, with a server that dies once."""

from __future__ import annotations

import asyncio
import functools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns.crash.accounts import account
from tests.campaigns.crash.checking import check
from tests.campaigns.crash.house import configure
from tests.campaigns.crash.people import WHAT, answered
from tests.campaigns.crash.weather import StormyOracle, plain_name
from tests.campaigns.crashpoints.hook import DEATH, TRAIL
from tests.servers.cloud import Cloud
from tests.servers.cloud_oracle import Refusal, Thing
from tests.servers.nursery import Forked, Nursery

from wharfinger import aio
from wharfinger.events import ProgressUpdate, Snapshot
from wharfinger.models import Task, TaskState

CLOUDS = ("ec2", "openstack")
"""One with tokens, and one with tags only."""
WAYS = ("through", "resume", "rollback")
"""It runs to its end and is then rolled back; it fails and is resumed to its end; it fails and is rolled back."""
TAKES = 120.0
"""Seconds that one scene may take."""
PATIENCE = 4
"""How often a rollback is asked for."""


def quicken() -> None:
    """Shorten the windows of compute.deploy, in the server."""
    from dataclasses import replace

    from wharfinger_compute import readiness, resources

    for name, kind in resources.RESOURCE_TYPES.items():
        resources.RESOURCE_TYPES[name] = replace(kind, send_window=1.0, call_timeout=1.2, settling=0.2)
    readiness.POLL = 0.1


class Quota(StormyOracle):
    """Refuses to make the last node's extra until it is lifted."""

    def __init__(self, kind: str) -> None:
        super().__init__(0, 0.0)
        self.refused = kind

    def make(self, kind: str, prefix: str, **facts: Any) -> Thing:
        """Make one, or refuse it."""
        if kind == self.refused and facts.get("name", "").startswith("web-3"):
            raise Refusal(400, "AddressLimitExceeded", "quota exceeded: you may have no more")
        return super().make(kind, prefix, **facts)


@dataclass
class Seen:
    """What came of one scene: the points passed in the life that was to end at one, and what is wrong."""

    cloud: str
    way: str
    point: str
    passed: list[str] = field(default_factory=list)
    died: bool = False
    wrongs: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.cloud}, {self.way}, death at {self.point or 'no point'}"


class Scene:
    """Plays a scene in an empty folder; `template` is a data folder that has its tables."""

    def __init__(self, nursery: Nursery, template: Path, folder: Path, cloud: str, way: str, point: str) -> None:
        self.seen = Seen(cloud, way, point)
        self._nursery = nursery
        self._folder = folder
        self._trail = folder / "trail"
        self._last = "nothing was asked yet"
        extra = "address" if cloud == "ec2" else "volume"
        self._oracle = Quota("" if way == "through" else extra)
        folder.mkdir(parents=True)
        shutil.copytree(template, folder / "data")

    async def play(self) -> Seen:
        """Play it; what is wrong is in what is seen."""
        with Cloud(self._oracle) as cloud:
            configure(self._folder, cloud, '[server]\nlog_level = "warning"\n')
            try:
                async with self._server() as server, aio.Client(server.address) as client:
                    await asyncio.wait_for(self._act(client), TAKES)
            except TimeoutError:
                self.seen.wrongs.append(f"the scene did not end within {TAKES:g} s; last {self._last}")
        log = self._folder / "server.log"
        if "Traceback" in log.read_text():
            self.seen.wrongs.append(f"the server's log has a traceback:\n{log.read_text()}")
        self.seen.wrongs += self._oracle.wrongs
        shutil.rmtree(self._folder)
        return self.seen

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[Forked]:
        """Start a server that dies at the point, and another one after it."""
        first = await asyncio.to_thread(self._start, self.seen.point, "127.0.0.1:0")
        lives = [first]

        async def look() -> None:
            await asyncio.to_thread(first.wait, TAKES)
            lives.append(await asyncio.to_thread(self._start, "", first.address))

        watch = asyncio.create_task(look())
        try:
            yield first
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            self.seen.died = len(lives) > 1
            lives[-1].kill()

    def _start(self, death: str, address: str) -> Forked:
        trail = self._trail if address.endswith(":0") else self._folder / "trail of the second life"
        environ = {TRAIL: str(trail), DEATH: death}
        hook = "tests.campaigns.crashpoints.hook:install"
        return Forked(self._nursery, self._folder, ["--address", address], environ, hook=hook)

    async def _act(self, client: aio.Client) -> None:
        cloud, way = self.seen.cloud, self.seen.way
        params = {**WHAT[cloud], "name": "web-{n}", "count": 3, "volumes": [1], "concurrency": 1}
        params["addresses"] = cloud == "ec2"
        policy = {"max_lost_attempts": 100, "max_attempts": 5, "retry_backoff": 0.05}
        self._last = "the deployment was asked for"
        handle = await answered(
            lambda: client.submit("compute.deploy", params, policy=policy, request_id="the deployment")
        )
        name, events = handle.name, list[int]()
        task = await self._rest(client, name, events)
        self._expect(task, TaskState.SUCCEEDED if way == "through" else TaskState.PARTIALLY_FAILED)
        if way == "resume":
            self._oracle.refused = ""
            self._last += ", and to be resumed"
            await answered(lambda: client.resume(name, request_id="the resume"))
            self._expect(await self._rest(client, name, events), TaskState.SUCCEEDED)
        elif task.state is not TaskState.FAILED:
            self._last += ", and to be rolled back"
            self._expect(await self._roll_back(client, name, events), TaskState.ROLLED_BACK)
        if self._trail.exists():
            self.seen.passed = self._trail.read_text().splitlines()
        await self._check(client, name, events)

    async def _roll_back(self, client: aio.Client, name: str, events: list[int]) -> Task:
        """Roll back, again where it failed: on a busy machine the short windows do not do for every call."""
        left = PATIENCE
        while True:
            left -= 1
            await answered(functools.partial(client.rollback, name, request_id=f"rollback, {left} left"))
            task = await self._rest(client, name, events)
            if task.state is not TaskState.ROLLBACK_FAILED or not left:
                return task

    def _expect(self, task: Task, state: TaskState) -> None:
        if task.state is not state:
            why = task.failure.message if task.failure else ""
            self.seen.wrongs.append(f"it is {task.state.name} where {state.name} was due: {why}")

    async def _rest(self, client: aio.Client, name: str, events: list[int]) -> Task:
        """Watch the task to its rest."""
        while True:
            news = client.watch(name, after=len(events), heartbeat=1.0)
            events += [event.sequence async for event in news if not isinstance(event, Snapshot | ProgressUpdate)]
            task = await answered(lambda: client.get(name))
            self._last = f"it was {task.state.name} at event {task.last_sequence}, and {len(events)} were told"
            if task.state.resting and task.last_sequence == len(events):
                return task

    async def _check(self, client: aio.Client, name: str, events: list[int]) -> None:
        async def ledger() -> list[Any]:
            return [entry async for entry in client.ledger(name)]

        async def names() -> list[str]:
            return [task.name async for task in client.list()]

        task = await answered(lambda: client.get(name))
        things = [thing for thing in self._oracle.things.values() if not thing.gone]
        self.seen.wrongs += check(task, await answered(ledger), things)
        self.seen.wrongs += [f"{thing.id} has no name of ours" for thing in things if "web-" not in plain_name(thing)]
        if events != list(range(1, task.last_sequence + 1)):
            self.seen.wrongs.append(f"the events came as {events}")
        if await answered(names) != [name]:
            self.seen.wrongs.append(f"one request made {await answered(names)}")
        if self.seen.wrongs:
            told = [event async for event in client.events(name)]
            self.seen.wrongs.append(account(task, await answered(ledger), things, told))
