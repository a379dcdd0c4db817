"""What befalls things beside their task: deleted in a console, denied for a while, not shown yet; who tells of it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.campaigns.sim.lives import ALWAYS
from tests.campaigns.sim.programs import Op, Program

from wharfinger.ledger.states import EntryState, TaskState
from wharfinger.ledger.verdict import Verdict
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.engine.use_cases.repeats import Ask

if TYPE_CHECKING:
    from tests.campaigns.sim.cloud import Thing
    from tests.campaigns.sim.decision import Known
    from tests.campaigns.sim.world import World


class Outside:
    """Strikes half-done tasks in half of the histories, and has people say so and resume them.

    It has dice of its own: what happens beside it stays as it is without it.
    """

    def __init__(self, world: World) -> None:
        self.dice = random.Random(f"outside {world.seed}")
        self.busy = self.dice.random() < 0.5
        self.often = self.dice.choice((0.5, 1.0))
        self._world = world
        self._at_work = 0
        self.longer = self.dice.choice((60.0, 200.0)) if self.busy else 0.0

    def teach(self, program: Program) -> Program:
        """Return what a task does in busy histories: it stays half done more often, and replaces things."""
        made = [op for op in program.ops if op.kind == "make" and len(op.keys) == 1]
        if not (self.busy and made):
            return program
        keys, dice, more = tuple(key for op in program.ops for key in op.keys if op.kind == "make"), self.dice, []
        if dice.random() < 0.3:
            more.append(Op("swap", dice.choice(made).keys, keys))
        more.append(Op("half", ("half",), keys))
        return Program((*program.ops, *more), program.at_once)

    def keeps(self, policy: Policy) -> Policy:
        """Return the policy of a task: in busy histories more of what fails is kept."""
        keep = self.busy and self.dice.random() < 0.8
        return replace(policy, on_failure=LeftoverPolicy.KEEP) if keep else policy

    @property
    def spares(self) -> bool:
        """Whether nothing fails on purpose any more."""
        return self._world.calm or self.dice.random() > 0.8

    # ------------------------------------------------------------------ what is seen by id

    def denies(self, thing: Thing) -> bool:
        """Whether a thing is denied for long: at the looks of a resume, and not at those of an undo or the last one."""
        world = self._world
        hidden = thing.lied and not world.calm and world.loop.now < thing.hidden
        return hidden and self._state(thing) is EntryState.CREATED

    def shown(self, thing: Thing) -> bool:
        """Whether somebody who looks sees it."""
        now = self._world.loop.now
        return thing.alive and now >= thing.shown and now >= thing.dark and not self.denies(thing)

    def _state(self, thing: Thing) -> EntryState | None:
        known = self._world.trace.known(thing.task)
        states = (e.state for e in known.entries.values() if e.external_id == thing.id) if known else iter(())
        return next(states, None)

    # ------------------------------------------------------------------ who strikes

    def stirred(self, known: Known) -> None:
        """Strike a task that a commit left half done, now and then."""
        half = known.task.state is TaskState.PARTIALLY_FAILED and not known.task.undo_begun
        if not (self.busy and half) or self._world.calm or self._at_work > 1 or self.dice.random() > self.often:
            return
        self._at_work += 1
        ALWAYS.context().run(self._world.loop.create_task, self._strike(known.task.id))

    async def _strike(self, task: int) -> None:
        dice, world = self.dice, self._world
        await asyncio.sleep(dice.choice((0.0, 1.0, 40.0)) * dice.random())
        known = world.trace.tasks[task]
        mine = [t for t in world.cloud.things.values() if t.task == known.task.task_id and t.ours and t.alive]
        things = [thing for thing in mine if self._state(thing) is EntryState.CREATED and not world.calm]
        for thing in dice.sample(things, min(len(things), dice.choice((1, 1, 2)))):
            self._befall(thing)
            if dice.random() < 0.5:
                await self._tell(task, thing)
        if things and not world.calm:
            name = known.task.task_id
            await asyncio.sleep(dice.choice((0.0, 0.0, 15.0)) * dice.random())
            await world.person.ask(
                f"resume {name}", lambda s: s.engine.remediation.resume(_caller(), Ask("default", name))
            )
        self._at_work -= 1

    def _befall(self, thing: Thing) -> None:
        now, kind = (
            self._world.loop.now,
            self.dice.choice(("deleted", "deleted", "denied", "denied for long", "nothing")),
        )
        if kind == "deleted":
            thing.alive, thing.gone_at = False, self._world.clocks.passed()
        elif kind == "denied" and not thing.blinked:
            thing.blinked, thing.dark = True, now + SHORT * self.dice.random()
        elif kind == "denied for long":
            thing.lied, thing.hidden = True, now + SHORT * self.dice.uniform(2, 8)
        self._world.note(f"outside: {kind}")
        self._world.tell(f"outside: {thing.id} of {thing.task} is {kind}")

    async def _tell(self, task: int, thing: Thing) -> None:
        """Have somebody say that it is gone: one who looked, or now and then one who errs."""
        known = self._world.trace.tasks[task]
        keys = [e.key for e in known.entries.values() if e.external_id == thing.id]
        if not keys or (self.shown(thing) and self.dice.random() < 0.7):
            return
        if thing.alive:
            thing.lied = True
            self._world.note("outside: a person errs")
        await self._world.person.resolve(known, keys[0], Verdict.GONE, believed=True)


SHORT = 9.0
"""Less than the settling time of things, in seconds: so long a provider may deny what lives (A3)."""


def _caller():  # type: ignore[no-untyped-def]
    from tests.campaigns.sim.people import CALLER

    return CALLER
