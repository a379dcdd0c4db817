"""`wharfinger.testing` keeps the ledger that the server's engine keeps: 1,000 random scripts through both."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.engine.beside import CALLER
from tests.engine.house import House
from tests.engine.random_scripts import Play, books, program

from wharfinger import runtime
from wharfinger.ledger.states import UNSETTLED_AT_SUCCESS
from wharfinger.runtime import looking, script_values
from wharfinger.runtime.protocol import Assignment, Failure
from wharfinger.script.context import Context
from wharfinger.testing import Done, Stop, Trial
from wharfinger_server.domain.policy import Policy
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.interface.requests import CreateRequest, NewTask
from wharfinger_server.engine.use_cases.repeats import Ask

pytestmark = pytest.mark.lengthy

FIRST, COUNT = (int(number) for number in os.environ.get("SCRIPTS", "0:1000").split(":"))
LATER = 100_000
"""Seconds between attempts: all windows are over then."""
ROUNDS = 12


@dataclass
class Served:
    """A program on the server."""

    play: Play
    id: int
    task_id: str


@dataclass(frozen=True)
class Outcome:
    """What both must agree in: how the task stands and why, the ledger, what the script met, the undos in order."""

    state: str
    reason: str
    ledger: dict[str, tuple[Any, ...]]
    seen: list[tuple[str, ...]]
    undone: list[str]


class Server:
    """Programs on one server, whose attempts run side by side; time passes between them."""

    def __init__(self, house: House, plays: list[Play]) -> None:
        self.house = house
        self.plays = plays

    async def play(self) -> list[tuple[Outcome, Outcome]]:
        """Return how each stands when it rests, and after its rollback."""
        served = list(await asyncio.gather(*map(self._created, self.plays)))
        await self._rest(served)
        first = await self._outcomes(served)
        begun = await asyncio.gather(*map(self._roll_back, served))
        rolled_back = [one for one, has in zip(served, begun, strict=True) if has]
        await self._rest(rolled_back)
        then = dict(zip((one.id for one in rolled_back), await self._outcomes(rolled_back), strict=True))
        return [(was, then.get(one.id, was)) for one, was in zip(served, first, strict=True)]

    async def _outcomes(self, served: list[Served]) -> list[Outcome]:
        return list(await asyncio.gather(*map(self._outcome, served)))

    async def _created(self, play: Play) -> Served:
        name = f"r{play.program.seed}"
        new = NewTask("beside.script", executor="asyncio", policy=Policy(max_attempts=2, max_undo_attempts=1))
        shown = await self.house.engine.tasks.create(CALLER, CreateRequest("default", new, name, name))
        return Served(play, shown.task.id, name)

    async def _rest(self, left: list[Served]) -> None:
        """Run what is due of these until nothing is."""
        for _ in range(ROUNDS):
            self.house.now += LATER
            moved = await asyncio.gather(*map(self._attempt, left))
            left = [one for one, more in zip(left, moved, strict=True) if more]
            if not left:
                return
        raise AssertionError(f"{left[0].play.program} does not rest")

    async def _attempt(self, one: Served) -> bool:
        """Run the attempt that is due; return whether there was one, or one may come."""
        store, life = self.house.store, self.house.life

        def lease(work: Any) -> Attempt | bool:
            phase = life.next_phase(work)
            if phase is None:
                return not work.task.state.resting
            life.lease(work, phase, "w")
            return Attempt(self.house, work.task, phase, tuple(work.ledger()), life.targets(work, phase))

        attempt = await store.change(one.id, lease)
        if isinstance(attempt, bool):
            return attempt
        attempt.resumable = True
        task = attempt.task
        assignment = Assignment(
            task=task.name,
            uid=task.uid,
            epoch=task.epoch,
            phase=attempt.phase,
            script="beside.script",
            attempt=task.runs,
            params={},
            context=Context("default"),
            ledger=tuple(script_values.entry_for_script(entry) for entry in attempt.entries),
            targets=attempt.targets,
        )
        await runtime.run(one.play.module, assignment, attempt, Stop())
        return True

    async def _roll_back(self, one: Served) -> bool:
        """Ask for the rollback of one that the program wants rolled back, if it may be; return whether it may."""
        wanted = one.play.program
        task = await self.house.store.task_by_id(one.id) if wanted.rolls_back else None
        if task is None or "roll back" not in task.allowed():
            return False
        known = {entry.key for entry in await self.house.store.entries(one.id, 0, 100)}
        only = [key for key in wanted.only if key in known]
        await self.house.engine.remediation.roll_back(CALLER, Ask("default", one.task_id), only)
        return True

    async def _outcome(self, one: Served) -> Outcome:
        task = await self.house.store.task_by_id(one.id)
        assert task is not None
        entries = await self.house.store.entries(one.id, 0, 100)
        reason = task.error.reason if task.error else ""
        undone = list(dict.fromkeys(one.play.undone))
        return Outcome(task.state.name, reason, books(task.uid, entries), list(one.play.seen), undone)


def tried(play: Play) -> tuple[Outcome, Outcome]:
    """Return how the program stands in a trial: as `Server.play` tells it of the server."""
    trial = Trial(play.module, name="beside.script")
    done = _settled(trial, last := trial.run())
    again = isinstance(last.outcome, Failure) and last.outcome.retryable
    if again and not _sought(done):
        again = False
        done = _settled(trial, last := trial.run(after=done))
    first = _told(play, last, done, given_up=again)
    if not play.program.rolls_back or first.state not in ("SUCCEEDED", "PARTIALLY_FAILED"):
        return first, first
    only = [key for key in play.program.only if key in done.ledger]
    return first, _told(play, last, _rolled_back(trial, done, only), given_up=again)


def _sought(done: Done) -> list[str]:
    return [entry.key for entry in done.records.values() if entry.owned and entry.sought]


def _waits(done: Done) -> list[str]:
    return [*_sought(done), *(entry.key for entry in done.records.values() if entry.awaits_look)]


def _settled(trial: Trial, done: Done) -> Done:
    """Look for all that is in doubt, or at what is being undone, once; and for what that shows."""
    asked: set[str] = set()
    while keys := [key for key in _waits(done) if key not in asked]:
        asked.update(keys)
        done = trial.settle(done, keys)
    return done


def _rolled_back(trial: Trial, done: Done, only: list[str]) -> Done:
    for _ in range(ROUNDS):
        before, done = done, trial.undo(done, only=only)
        if [entry.state for entry in before.ledger.values()] == [entry.state for entry in done.ledger.values()]:
            break
    return _settled(trial, done)


def _told(play: Play, last: Done, done: Done, *, given_up: bool) -> Outcome:
    """Return how a task stands whose script ended as `last`, and whose ledger is that of `done` (rule 13)."""
    records = done.records.values()
    failed = isinstance(last.outcome, Failure)
    unsettled = any(entry.owned and entry.state in UNSETTLED_AT_SUCCESS for entry in records)
    state, reason = ("FAILED", last.failure.reason) if failed else ("SUCCEEDED", "")
    if unsettled or (failed and any(entry.open for entry in records)):
        state = "PARTIALLY_FAILED"
    if given_up or (unsettled and not failed):
        reason = "RESOURCE_UNCERTAIN"
    return Outcome(state, reason, books("test", records), list(play.seen), list(dict.fromkeys(play.undone)))


@pytest.mark.timeout(120)
def test_random_scripts_come_to_the_same_on_a_server_and_in_a_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_PAUSE", 0)
    programs = [program(seed) for seed in range(FIRST, FIRST + COUNT)]
    house = House(tmp_path)

    async def served() -> list[tuple[Outcome, Outcome]]:
        try:
            return await Server(house, [Play(one) for one in programs]).play()
        finally:
            await house.store.close()

    there = asyncio.run(served())
    for one, (rested, rolled_back) in zip(programs, there, strict=True):
        here, here_back = tried(Play(one))
        assert here == rested, one
        assert (here_back.ledger, here_back.undone) == (rolled_back.ledger, rolled_back.undone), one
