"""People who see a thing being taken away and want to keep it: they stop the rollback and take it over at once."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from tests.campaigns.sim.lives import ALWAYS

from wharfinger.ledger.states import EntryState
from wharfinger.ledger.states import TaskState as T
from wharfinger.ledger.verdict import Verdict

if TYPE_CHECKING:
    from tests.campaigns.sim.decision import Known
    from tests.campaigns.sim.world import World

PATIENCE = 6
"""How often they ask."""


class Keepers:
    """In one history of six, of which most undos lose their answer. The dice are of their own."""

    def __init__(self, world: World) -> None:
        self._dice = random.Random(f"keepers {world.seed}")
        self._here = self._dice.random() < 1 / 6
        self._world = world
        self._at_it: set[int] = set()
        if self._here:
            world.cloud.moods.undo = 0.8

    def hear(self, known: Known) -> None:
        """Hear how a task is; see to it where something of it could not be taken away and may be gone soon."""
        task = known.task
        if not self._here or self._world.calm or task.id in self._at_it or task.state is not T.ROLLING_BACK:
            return
        if self._failed(known) and self._dice.random() < 0.7:
            self._at_it.add(task.id)
            ALWAYS.context().run(self._world.loop.create_task, self._keep(task.id))

    def _failed(self, known: Known) -> list[str]:
        now = self._world.clocks.passed()
        return sorted(
            key
            for key, entry in known.entries.items()
            if entry.state is EntryState.UNDO_FAILED and now < known.undos.get(key, 0)
        )

    async def _keep(self, task: int) -> None:
        person, tasks = self._world.person, self._world.trace.tasks
        await person.cancel(tasks[task].task.task_id)
        for _ in range(PATIENCE):
            await asyncio.sleep(self._dice.uniform(0, 2))
            known = tasks[task]
            if known.task.state is T.ROLLBACK_FAILED and (keys := self._failed(known)):
                await person.resolve(known, self._dice.choice(keys), Verdict.RETAIN)
        self._at_it.discard(task)
