"""Bells wake their waiters, and their clock tells them that their time is up."""

from __future__ import annotations

import asyncio
import time

import pytest

from wharfinger_server.engine.watching.wakeup import Bell, Clock


@pytest.fixture
def clock() -> Clock:
    """A clock for the bells of one test."""
    return Clock()


async def test_a_ring_wakes_the_waiter(clock: Clock) -> None:
    bell = Bell(clock)
    asyncio.get_running_loop().call_soon(bell.ring)
    assert await asyncio.wait_for(_waits(bell, 30), 5) is True


async def test_a_ring_while_nobody_waits_is_remembered_once(clock: Clock) -> None:
    bell = Bell(clock)
    bell.ring()
    bell.ring()
    assert await bell.wait(30) is True
    assert await bell.wait(0.01) is False


async def test_a_ring_after_one_that_is_not_heard_yet_is_remembered(clock: Clock) -> None:
    bell = Bell(clock)
    waiting = asyncio.ensure_future(_waits(bell, 30))
    await asyncio.sleep(0)
    bell.ring()
    bell.ring()
    assert await waiting is True
    assert await bell.wait(30) is True


async def test_the_time_of_each_bell_is_its_own(clock: Clock) -> None:
    began = time.monotonic()
    ends: dict[float, float] = {}

    async def wait(seconds: float) -> None:
        assert await Bell(clock).wait(seconds) is False
        ends[seconds] = time.monotonic() - began

    await asyncio.gather(*(wait(seconds) for seconds in (0.2, 0.05, 0.1)))
    assert list(ends) == [0.05, 0.1, 0.2]
    assert all(took >= seconds - 0.01 for seconds, took in ends.items())


async def test_a_bell_that_is_rung_again_and_again_is_due_only_after_the_last(clock: Clock) -> None:
    bell = Bell(clock)
    loop = asyncio.get_running_loop()
    for n in range(10):
        loop.call_later(0.02 * (n + 1), bell.ring)
    for _ in range(10):
        assert await bell.wait(0.15) is True
    last = time.monotonic()
    assert await bell.wait(0.15) is False
    assert time.monotonic() - last >= 0.14
    assert len(clock._alarms) <= 1


async def test_a_shorter_wait_after_a_longer_one_ends_in_time(clock: Clock) -> None:
    bell = Bell(clock)
    asyncio.get_running_loop().call_soon(bell.ring)
    assert await bell.wait(30) is True
    assert await asyncio.wait_for(_waits(bell, 0.02), 5) is False
    assert await asyncio.wait_for(_waits(bell, 0.02), 5) is False


async def test_a_cancelled_waiter_leaves_the_others_theirs(clock: Clock) -> None:
    gone, stays = Bell(clock), Bell(clock)
    waiting = asyncio.ensure_future(_waits(gone, 0.02))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    gone.ring()
    assert await stays.wait(0.03) is False
    assert await gone.wait(30) is True


async def _waits(bell: Bell, seconds: float) -> bool:
    return await bell.wait(seconds)
