"""Those who use the server while it is killed: each asks for one deployment and sees it to its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from wharfinger import aio, errors
from wharfinger.events import ProgressUpdate, Snapshot
from wharfinger.models import LedgerEntryState, Task, TaskState

T = TypeVar("T")

WHAT = {
    "ec2": {"profile": "ec2", "size": "t2.micro", "image": "ami-debian"},
    "openstack": {"profile": "openstack", "size": "small", "image": "debian-12"},
}
OVER = (TaskState.FAILED, TaskState.CANCELLED, TaskState.ROLLED_BACK)
TURNS = 40
"""How often somebody decides about one task before it counts as one that can't be brought to an end."""
PATIENCE = 3
"""How often somebody resumes one task before it is rolled back."""


async def answered(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is an answer: the server may be away. Raises what the server refuses for good."""
    while True:
        try:
            return await ask()
        except (errors.Unreachable, errors.Unavailable):
            await asyncio.sleep(0.05)


@dataclass
class Story:
    """One deployment and what was seen of it. `names` begin with `name`; `sequences` are of the events watched."""

    name: str
    seed: str
    task_name: str = ""
    acknowledged: bool = False
    wish: dict[str, Any] = field(default_factory=dict)
    keep: bool = False
    retained: set[str] = field(default_factory=set)
    sequences: list[int] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    ended: Task | None = None
    wrongs: list[str] = field(default_factory=list)

    @property
    def position(self) -> int:
        """The number of the last event seen."""
        return self.sequences[-1] if self.sequences else 0


class Person:
    """Asks for one task, watches it, decides what becomes of it, all by `story.seed`."""

    script = "compute.deploy"

    def __init__(self, client: aio.Client, story: Story) -> None:
        self._client = client
        self.story = story
        self.dice = random.Random(story.seed)

    async def live(self) -> Story:
        """See the deployment to its end: rolled back, or kept."""
        story, dice = self.story, self.dice
        story.wish = self._wish()
        story.keep = dice.random() < 0.4
        story.task_name = await self.submit()
        story.acknowledged = True
        cancel = asyncio.create_task(self._cancel(dice.uniform(0.3, 4.0))) if dice.random() < 0.2 else None
        task = await self._watch_to_rest()
        for _ in range(TURNS):
            if await self._decide(task):
                break
            task = await self._watch_to_rest()
        else:
            story.wrongs.append(f"after {TURNS} decisions it still is {task.state.name}")
        if cancel is not None:
            cancel.cancel()
            await asyncio.gather(cancel, return_exceptions=True)
            task = await self._watch_to_rest()  # it may have come to something after all
        story.ended = task
        return story

    async def submit(self) -> str:
        """Ask for the deployment, under one request id however often; return the task's name."""
        asked = self.story.wish
        return (await answered(lambda: self._client.submit(self.script, **asked))).name

    def _wish(self) -> dict[str, Any]:
        dice = self.dice
        provider = dice.choice(["ec2", "ec2", "openstack"])
        params: dict[str, Any] = {
            **WHAT[provider],
            "name": f"{self.story.name}-{{n}}",
            "count": dice.randint(1, 3),
            "volumes": [1] * dice.choice([0, 1, 1, 2]),
            "addresses": provider == "ec2" and dice.random() < 0.7,
            "concurrency": dice.choice([1, 2, 8]),
            "ready_timeout": dice.choice([0, 60]),
        }
        policy = {
            "max_lost_attempts": 1000,
            "max_attempts": dice.choice([1, 1, 3]),
            "retry_backoff": 0.1,
            "on_failure": dice.choice(["KEEP", "KEEP", "ROLL_BACK"]),
            "on_cancel": dice.choice(["KEEP", "ROLL_BACK"]),
        }
        return {
            "params": params,
            "policy": policy,
            "executor": dice.choice(["asyncio", "thread"]),
            "labels": {"story": self.story.name},
            "request_id": f"create-{self.story.name}",
        }

    async def _cancel(self, after: float) -> None:
        await asyncio.sleep(after)
        try:
            await answered(lambda: self._client.cancel(self.story.task_name, "changed our mind"))
            self.story.acts.append("cancel")
        except errors.FailedPrecondition:
            self.story.acts.append("cancel, too late")

    async def _watch_to_rest(self) -> Task:
        """Watch until the task is at rest; each event must come once and in order."""
        story = self.story
        while True:
            async for news in self._client.watch(story.task_name, after=story.position, heartbeat=1.0):
                if isinstance(news, Snapshot | ProgressUpdate):
                    continue
                if news.sequence != story.position + 1:
                    story.wrongs.append(f"event {news.sequence} came after event {story.position}")
                story.sequences.append(news.sequence)
            task = await answered(lambda: self._client.get(story.task_name))
            if task.state.resting and task.last_sequence == story.position:
                return task

    async def _decide(self, task: Task) -> bool:
        """Decide about a task at rest; True: this is its end."""
        story, dice = self.story, self.dice
        if task.state in OVER or (task.state is TaskState.SUCCEEDED and story.keep):
            return True
        patient = story.acts.count("resume") < PATIENCE  # a node that never runs makes each resume fail
        wanted = task.state is TaskState.PARTIALLY_FAILED and patient and (story.keep or dice.random() < 0.4)
        if wanted and await self._ask("resume", self._resume):
            return False
        story.keep = False
        retain = await self._some() if not story.retained and dice.random() < 0.15 else ()
        word = "roll back but for some" if retain else "roll back"
        await self._ask(word, lambda request_id: self._roll_back(request_id, retain))
        return False

    async def _some(self) -> tuple[str, ...]:
        made = [entry.key for entry in await self.entries() if entry.state is LedgerEntryState.CREATED]
        return (self.dice.choice(made),) if made else ()

    async def entries(self) -> list[Any]:
        """Return the ledger."""

        async def ask() -> list[Any]:
            return [entry async for entry in self._client.ledger(self.story.task_name)]

        return await answered(ask)

    async def _ask(self, word: str, ask: Callable[[str], Awaitable[Task]]) -> bool:
        """Ask for something under one request id until it is answered; False where the task's state forbids it."""
        request_id = f"{word.replace(' ', '-')}-{self.story.name}-{len(self.story.acts)}"
        try:
            await answered(lambda: ask(request_id))
        except errors.FailedPrecondition as refusal:
            self.story.acts.append(f"{word}, refused: {refusal}")
            return False
        self.story.acts.append(word)
        return True

    async def _resume(self, request_id: str) -> Task:
        return await self._client.resume(self.story.task_name, request_id=request_id)

    async def _roll_back(self, request_id: str, retain: tuple[str, ...]) -> Task:
        task = await self._client.rollback(self.story.task_name, retain=retain, request_id=request_id)
        self.story.retained |= set(retain)
        return task
