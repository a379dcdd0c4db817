"""How a script's functions are called, and what a cancellation does meanwhile."""

import asyncio

import pytest

from wharfinger.runtime.calls import Awaited, Direct, drive


async def test_work_that_must_not_break_ends_before_the_cancellation_is_raised():
    ended = []

    async def work():
        await asyncio.sleep(0.02)
        ended.append(1)

    task = asyncio.create_task(Awaited().unbroken(work()))
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [1]


async def test_a_cancellation_that_came_first_keeps_the_work_from_beginning():
    begun = []

    async def work():
        begun.append(1)

    async def late():
        asyncio.current_task().cancel()
        await Awaited().unbroken(work())

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(late())
    assert begun == []


async def test_an_error_of_the_work_is_the_cause_of_the_cancellation():
    async def work():
        await asyncio.sleep(0.02)
        raise OSError("x")

    task = asyncio.create_task(Awaited().unbroken(work()))
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    assert isinstance(cancelled.value.__cause__, OSError)


async def test_an_exit_inside_the_work_does_not_end_the_loop():
    async def work():
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        await Awaited().unbroken(work())
    await asyncio.sleep(0)


async def test_work_that_is_itself_cancelled_raises_that():
    async def work():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Awaited().unbroken(work())
    assert asyncio.current_task().cancelling() == 0


@pytest.mark.parametrize("width", [1, 3])
async def test_no_more_than_the_width_run_at_once(width):
    running = most = 0

    async def work(_):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    await Awaited().each(work, range(10), width)
    assert most == width


@pytest.mark.parametrize("calls", [Awaited(), Direct()])
async def test_all_are_done_though_one_fails_and_its_error_is_raised(calls):
    done = []

    async def work(n):
        if n == 1:
            raise OSError("the second")
        done.append(n)

    with pytest.raises(OSError, match="the second"):
        await calls.each(work, range(4), 2)
    assert done == [0, 2, 3]


def test_what_never_suspends_can_be_driven():
    async def inner():
        return 5

    async def outer():
        return await inner() + 1

    assert drive(outer()) == 6


def test_what_suspends_can_not_be_driven():
    async def sleeps():
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="must block instead"):
        drive(sleeps())
