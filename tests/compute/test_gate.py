"""The gate before the cloud's calls: so many at once, what was begun before what was not, and shut by a failure."""

from __future__ import annotations

import asyncio

import pytest

from wharfinger_compute.gate import Gate, Shut


async def test_no_more_are_in_than_its_width() -> None:
    gate, inside, most = Gate(3), 0, 0

    async def call(place: int) -> None:
        nonlocal inside, most
        async with gate.passed(place):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*map(call, range(20)))
    assert most == 3


async def test_a_first_nodes_next_call_goes_before_a_later_nodes_first() -> None:
    gate, order = Gate(1), []

    async def node(place: int) -> None:
        for step in range(3):
            async with gate.passed(place):
                order.append((place, step))
                await asyncio.sleep(0)

    await asyncio.gather(*map(node, range(4)))
    assert order == sorted(order)


async def test_after_a_failure_those_inside_end_and_nobody_else_goes_in() -> None:
    gate, ended = Gate(2), []

    async def call(place: int) -> None:
        async with gate.passed(place):
            await asyncio.sleep(0)
            if place == 0:
                raise ValueError(place)
            await asyncio.sleep(0)
            ended.append(place)

    answers = await asyncio.gather(*map(call, range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ValueError, type(None), Shut, Shut, Shut]
    assert ended == [1]
    with pytest.raises(Shut):
        await call(9)


async def test_one_that_is_cancelled_while_it_waits_takes_nobodys_turn() -> None:
    gate, done = Gate(1), []

    async def call(place: int) -> None:
        async with gate.passed(place):
            await asyncio.sleep(0.01)
            done.append(place)

    calls = [asyncio.create_task(call(place)) for place in range(3)]
    await asyncio.sleep(0)
    calls[1].cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert done == [0, 2]
