"""Steps of the wall clock in a running server: what is a length of time stays one, what is a time of day follows it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from wharfinger.ledger.ledger import Intent
from wharfinger.ledger.states import EntryState, Phase, TaskState
from wharfinger_server.config import Settings
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.timing import SECOND, now
from wharfinger_server.engine.execution import waits
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.execution.rescuer import Rescuer
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle
from wharfinger_server.engine.watching import wakeup
from wharfinger_server.store.commit.unit_of_work import UnitOfWork

pytestmark = pytest.mark.lengthy

HOUR = 3600 * SECOND
DAY = 24 * HOUR


class WallClock:
    """The time of day, as the server and its database have it; `step` sets it."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return now() + self.ahead

    def step(self, by: int) -> None:
        """Set the clock."""
        self.ahead += by


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the timers look at the clocks often."""
    monkeypatch.setattr(wakeup, "LOOK_EVERY", 100_000)


@pytest.fixture
async def pier(start: Any, wall: WallClock) -> Any:
    """An engine whose database has that time of day."""
    settings = Settings()
    limits = replace(settings.limits, cancel_grace=300_000, find_timeout=3_000_000)
    return await start(replace(settings, limits=limits), wall=wall)


async def begun(pier: Any, task_id: str) -> None:
    """Wait until an attempt runs."""
    while (await pier.engine.tasks.get(pier.caller, "default", task_id)).task.state is not TaskState.RUNNING:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("step", [DAY, -HOUR], ids=["a day on", "an hour back"])
async def test_a_step_in_a_run_does_not_move_its_limits_of_time(pier: Any, wall: WallClock, step: int) -> None:
    pause = {"steps": 1, "pause": 60, "lines": False}
    policy = Policy(attempt_timeout=SECOND // 2, total_timeout=HOUR // 2)
    one = await pier.create("harbour.count", params=pause, policy=policy)
    two = await pier.create("harbour.count", params=pause, policy=Policy(attempt_timeout=HOUR, total_timeout=SECOND))
    for shown in (one, two):
        await begun(pier, shown.task.task_id)
    wall.step(step)
    began = time.monotonic()
    errors = [(await pier.rest(shown.task.task_id)).task.error.reason for shown in (one, two)]
    assert errors == ["ATTEMPT_TIMEOUT", "TOTAL_TIMEOUT"]
    assert time.monotonic() - began < 10


async def test_a_task_that_waits_is_not_out_of_time_for_a_step(pier: Any, wall: WallClock, quick: None) -> None:
    policy = Policy(not_before=wall() + 30 * DAY, total_timeout=HOUR)
    shown = await pier.create("harbour.noop", policy=policy)
    wall.step(DAY)
    await asyncio.sleep(0.3)
    after = await pier.engine.tasks.get(pier.caller, "default", shown.task.task_id)
    assert after.task.state is TaskState.QUEUED, after.task.error
    assert after.waiting_reason.startswith("not before ")


async def test_not_before_follows_the_wall_clock_in_a_running_server(pier: Any, wall: WallClock, quick: None) -> None:
    shown = await pier.create("harbour.noop", policy=Policy(not_before=wall() + 2 * HOUR))
    wall.step(-HOUR)
    await asyncio.sleep(0.3)
    assert (await pier.engine.tasks.get(pier.caller, "default", shown.task.task_id)).task.state is TaskState.QUEUED
    wall.step(4 * HOUR)
    assert (await pier.rest(shown.task.task_id, seconds=10)).task.state is TaskState.SUCCEEDED


async def test_whoever_waits_for_a_task_waits_as_long_as_was_asked(pier: Any, wall: WallClock) -> None:
    shown = await pier.create("harbour.noop", policy=Policy(not_before=wall() + DAY * 9))
    waiting = asyncio.ensure_future(pier.engine.tasks.wait(pier.caller, "default", shown.task.task_id, SECOND // 2))
    await asyncio.sleep(0.1)
    wall.step(-HOUR)
    assert (await asyncio.wait_for(waiting, 10)).task.state is TaskState.QUEUED


async def test_a_lease_lapses_by_the_steady_clock_alone(pier: Any, wall: WallClock) -> None:
    task = await leased(pier, Phase.RUN)
    store, engine = pier.store, pier.engine
    life = Lifecycle(DAY, SECOND // 5)
    rescuer = Rescuer(store, engine.scripts, life, engine.dispatcher, engine.clock, SECOND // 5)
    assert await rescuer.look() == 0
    wall.step(DAY)
    assert await rescuer.look() == 0, "it was renewed a moment ago"
    await asyncio.sleep(0.25)
    await store.renew([(task.id, task.epoch)], HOUR)
    assert await rescuer.look() == 0, "it is another lease now"
    wall.step(-2 * DAY)
    await asyncio.sleep(0.25)
    assert await rescuer.look() == 1
    assert (await store.task_by_id(task.id)).losses == 1


async def leased(pier: Any, phase: Phase, settling: int = 0) -> Any:
    """Return a task that is leased to a worker of which this engine knows nothing; `settling`: it intended `a`."""
    policy = Policy(not_before=pier.engine.clock.wall() + 9 * DAY, max_lost_attempts=9)
    shown = await pier.create("harbour.noop", policy=policy)
    life = pier.engine.dispatcher.attempts.life

    def decide(work: UnitOfWork) -> Any:
        if settling:
            intent = Intent("a", "thing", idempotent=True, send_window=0, call_timeout=0, settling=settling)
            work.ledger().intend(intent, 1, work.now)
        return life.lease(work, phase, "elsewhere")

    return await pier.store.change(shown.task.id, decide)


def session_of(pier: Any, task: Any) -> Attempt:
    """Return the session of the attempt that holds a task."""
    return Attempt(pier.engine.dispatcher.attempts, task, task.lease.phase)


@pytest.mark.parametrize("step", [0, DAY, -HOUR], ids=["no step", "a day on", "an hour back"])
async def test_rule_34_a_look_was_asked_when_it_was_ordered(pier: Any, wall: WallClock, step: int) -> None:
    task = await leased(pier, Phase.SETTLE, settling=SECOND // 4)
    (entry,) = await pier.store.entries(task.id, 0, 10)
    wall.step(step)
    await asyncio.sleep(0.3)  # the answer is on its way until the window is over
    await session_of(pier, task).found("a", entry.version, [])
    (entry,) = await pier.store.entries(task.id, 0, 10)
    assert (entry.state, entry.asked_early) == (EntryState.INTENDED, True)
    life = pier.engine.dispatcher.attempts.life
    await pier.store.change(task.id, lambda work: life.settled_once(work, task.epoch))
    again = await pier.store.change(task.id, lambda work: life.lease(work, Phase.SETTLE, "elsewhere"))
    await session_of(pier, again).found("a", entry.version, [])
    (entry,) = await pier.store.entries(task.id, 0, 10)
    assert entry.state is EntryState.NOT_CREATED


async def test_what_waits_says_until_when_in_every_state(pier: Any, wall: WallClock) -> None:
    task = await leased(pier, Phase.SETTLE, settling=60 * SECOND)
    (entry,) = await pier.store.entries(task.id, 0, 10)
    await session_of(pier, task).found("a", entry.version, [])
    life = pier.engine.dispatcher.attempts.life
    settled = await pier.store.change(task.id, lambda work: life.settled_once(work, task.epoch))

    def told(state: TaskState) -> str:
        return waits.until(replace(settled, state=state), pier.engine.clock)

    unfinished = [state for state in TaskState if not state.resting]
    before = [told(state) for state in unfinished]
    assert all(said.startswith("until 2") for said in before), before
    wall.step(-HOUR)
    assert before != [told(state) for state in unfinished], "it is told by the clock as people see it now"
