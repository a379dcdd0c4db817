"""Bells wake their waiters, and alarms tell them that their time is up."""

from __future__ import annotations

import asyncio

import pytest
from tests.engine.moved_clock import MovedClock

from wharfinger_server.domain.timing import SECOND, Clock
from wharfinger_server.engine.watching.wakeup import LOOK_EVERY, Alarms, Bell


@pytest.fixture
def clock() -> MovedClock:
    """The clock of one test."""
    return MovedClock()


@pytest.fixture
def alarms(clock: MovedClock) -> Alarms:
    """The alarms for the bells of one test."""
    return Alarms(clock)


async def test_a_ring_wakes_the_waiter(alarms: Alarms) -> None:
    bell = Bell(alarms)
    asyncio.get_running_loop().call_soon(bell.ring)
    assert await asyncio.wait_for(_waits(bell, 30 * SECOND), 5) is True


async def test_a_ring_while_nobody_waits_is_remembered_once(alarms: Alarms, clock: MovedClock) -> None:
    bell = Bell(alarms)
    bell.ring()
    bell.ring()
    assert await bell.wait(SECOND) is True
    again = bell.wait(SECOND)
    await clock.move(SECOND)
    assert again.result() is False


async def test_a_ring_after_one_that_is_not_heard_yet_is_remembered(alarms: Alarms) -> None:
    bell = Bell(alarms)
    waiting = asyncio.ensure_future(_waits(bell, 30 * SECOND))
    await asyncio.sleep(0)
    bell.ring()
    bell.ring()
    assert await waiting is True
    assert await bell.wait(30 * SECOND) is True


async def test_the_time_of_each_bell_is_its_own(alarms: Alarms, clock: MovedClock) -> None:
    waits = {length: Bell(alarms).wait(length) for length in (200, 50, 100)}
    for length in (50, 100, 200):
        await clock.move(length - 1 - (clock.steady() - SECOND))
        assert not waits[length].done()
        await clock.move(1)
        assert waits[length].result() is False


async def test_a_bell_that_is_rung_again_and_again_is_due_only_after_the_last(
    alarms: Alarms, clock: MovedClock
) -> None:
    bell = Bell(alarms)
    for _ in range(10):
        waiting = bell.wait(150)
        await clock.move(20)
        assert not waiting.done()
        bell.ring()
        assert waiting.result() is True
    last = bell.wait(150)
    await clock.move(149)
    assert not last.done()
    await clock.move(1)
    assert last.result() is False
    assert len(alarms) <= 1


async def test_a_shorter_wait_after_a_longer_one_ends_in_time(alarms: Alarms, clock: MovedClock) -> None:
    bell = Bell(alarms)
    asyncio.get_running_loop().call_soon(bell.ring)
    assert await bell.wait(30 * SECOND) is True
    for _ in range(2):
        waiting = bell.wait(20)
        await clock.move(20)
        assert waiting.result() is False


async def test_a_cancelled_waiter_leaves_the_others_theirs(alarms: Alarms, clock: MovedClock) -> None:
    gone, stays = Bell(alarms), Bell(alarms)
    waiting = asyncio.ensure_future(_waits(gone, 20))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    gone.ring()
    other = stays.wait(30)
    await clock.move(30)
    assert other.result() is False
    assert await gone.wait(30) is True


async def test_an_alarm_follows_the_clock_that_it_was_set_by(alarms: Alarms, clock: MovedClock) -> None:
    came: list[str] = []
    alarms.at(clock.steady() + 3600 * SECOND, came.append, "steady")
    alarms.at(clock.wall() + 3600 * SECOND, came.append, "wall", by_wall=True)
    clock.step(3600 * SECOND)
    await clock.move(LOOK_EVERY)
    assert came == ["wall"], "it is looked for a clock that was set every so often"
    await clock.move(3600 * SECOND)
    assert came == ["wall", "steady"]


async def test_alarms_come_in_order_and_none_after_they_are_stopped(alarms: Alarms, clock: MovedClock) -> None:
    came: list[int] = []
    for delay in (30, 10, 20, 10):
        alarms.at(clock.steady() + delay, came.append, delay)
    await clock.move(20)
    assert came == [10, 10, 20]
    alarms.stop()
    await clock.move(1000)
    assert came == [10, 10, 20]


async def test_the_real_clock_wakes_in_time() -> None:
    loop = asyncio.get_running_loop()
    clock = Clock(lambda: int(loop.time() * SECOND))
    began = loop.time()
    assert await Bell(Alarms(clock)).wait(SECOND // 50) is False
    await clock.sleep(SECOND // 50)
    assert loop.time() - began >= 0.039


async def _waits(bell: Bell, length: int) -> bool:
    return await bell.wait(length)
