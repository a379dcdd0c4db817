"""Those who use the server in any weather: each asks for one task of a random script and sees it to its end."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from tests.campaigns.chaos.mixes import SCRIPTS
from tests.campaigns.chaos.provider import Oracle
from tests.campaigns.crash.people import Person, Story

from wharfinger import aio
from wharfinger.models import LedgerEntryState, Task, TaskState

BERTHS = 24
"""In each of them is one task at a time."""


class Sailor(Person):
    """One person. `oracle` tells what the provider was asked, and `port` where it listens."""

    def __init__(self, client: aio.Client, story: Story, oracle: Oracle, port: int) -> None:
        super().__init__(client, story)
        self._oracle = oracle
        self._port = port
        self._cancelled = False
        scripts = oracle.mix.scripts or SCRIPTS
        self.script = random.Random(f"script {story.seed}").choices(list(scripts), list(scripts.values()))[0]

    def _wish(self) -> dict[str, Any]:
        dice = self.dice
        # A thread that is paused between its last look at the clock and its send is late without knowing it: only where
        # tokens are honoured is that harmless. Tags are for tasks on the event loop, whose call refuses what is late.
        kind = "storm.token" if dice.random() < 0.6 else "storm.tag"
        return {
            "params": {
                "port": self._port,
                "kind": kind,
                "keys": [f"{self.story.name}/{n}" for n in range(dice.randint(1, 5))],
                "chained": dice.random() < 0.3,
                "pause": round(dice.uniform(0.0, 0.3), 3),
                "fail": dice.random() < 0.2,
            },
            "policy": {
                "max_lost_attempts": 1000,
                "max_attempts": dice.choice([1, 3, 3]),
                "retry_backoff": 0.2,
                "on_failure": dice.choice(["KEEP", "ROLL_BACK"]),
                "on_cancel": dice.choice(["KEEP", "ROLL_BACK"]),
                "concurrency_key": dice.choice(["", "", "", f"berth-{dice.randint(1, BERTHS)}"]),
                "priority": dice.randint(0, 3),
            },
            "labels": {"story": self.story.name},
            "request_id": f"create-{self.story.name}",
        }

    async def _decide(self, task: Task) -> bool:
        self.story.wrongs += await self._needless(task)
        return await super()._decide(task)

    async def _needless(self, task: Task) -> list[str]:
        """Return what this task at rest asks of a person for no reason."""
        wrongs = []
        if task.failure is not None and task.failure.reason == "EXECUTOR_LOST":
            wrongs.append("it was given up for losses that others caused")
        if task.state not in (TaskState.PARTIALLY_FAILED, TaskState.ROLLBACK_FAILED):
            return wrongs
        for entry in await self.entries():
            never = entry.token and not self._oracle.was_asked(entry.token)
            if entry.state is LedgerEntryState.UNCERTAIN and not entry.external_id and never:
                wrongs.append(f"{entry.key} is in doubt, and its call was never sent")
            if entry.state is LedgerEntryState.UNDO_FAILED and entry.undo_attempts < 3 and not self._stopped():
                wrongs.append(f"{entry.key} was given up after {entry.undo_attempts} undos")
        return wrongs

    def _stopped(self) -> bool:
        """Whether somebody cancelled: then a rollback may end with what is in hand."""
        return self._cancelled

    async def _cancel(self, after: float) -> None:
        await asyncio.sleep(after)
        self._cancelled = True  # from now on it may take effect, heard of or not
        await super()._cancel(0)
