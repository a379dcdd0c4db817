"""Cancelling an async attempt: what is in flight ends and is reported first."""

import asyncio
import time

import pytest

from wharfinger import runtime
from wharfinger.runtime.protocol import Assignment, Phase
from wharfinger.script.context import Context
from wharfinger.testing import Done, MemorySession, Stop, Trial, run


async def until(ready):
    for _ in range(5000):
        if ready():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError("what the test waits for never came")


async def cancel_when(script, ready, *, times=1, session=None, asked=True):
    """Run the script, cancel it `times` once `ready()` is true, and return what it did."""
    stop = Stop()
    attempt = asyncio.create_task(Trial(script).run_async(stop=stop, session=session))
    await until(ready)
    if asked:
        stop.request()
    for _ in range(times):
        attempt.cancel()
        await asyncio.sleep(0.01)
    return await asyncio.wait_for(attempt, 10)


async def test_a_waiting_script_stops(load):
    script = load(
        """
        async def main(task):
            try:
                began.append(1)
                await asyncio.sleep(60)
            finally:
                cleaned.append(1)
        began, cleaned = [], []
        """
    )
    done = await cancel_when(script, lambda: script.began)
    assert done.stopped
    assert script.cleaned == [1]


async def test_a_cancellation_without_a_stop_is_a_stop_all_the_same(load):
    script = load(
        """
        async def main(task):
            began.append(1)
            await asyncio.sleep(60)
        began = []
        """
    )
    assert (await cancel_when(script, lambda: script.began, asked=False)).stopped


@pytest.mark.parametrize("times", [1, 3])
async def test_a_call_in_flight_ends_and_its_id_is_reported(load, times):
    script = load(
        """
        async def main(task):
            async def call(intent):
                began.append(1)
                await asyncio.sleep(0.1)
                return "i-1"
            try:
                await task.create("t", "k", call)
            except asyncio.CancelledError:
                after.append("cancelled")
                raise
            after.append("went on")
        began, after = [], []
        """
    )
    done = await cancel_when(script, lambda: script.began, times=times)
    assert done.stopped
    assert done.ledger["k"].external_id == "i-1"
    assert script.after == ["cancelled"]


async def test_a_call_in_flight_is_waited_for_no_longer_than_its_timeout(load):
    script = load(
        """
        RESOURCE_TYPES = {"t": ResourceType(call_timeout=0.1)}
        async def main(task):
            async def call(intent):
                began.append(1)
                await asyncio.sleep(60)
            await task.create("t", "k", call)
        began = []
        """
    )
    begun = time.monotonic()
    done = await cancel_when(script, lambda: script.began)
    assert time.monotonic() - begun < 5
    assert done.stopped
    assert done.history[-1] == ("in_doubt", "k")


async def test_a_refusal_in_flight_is_reported_before_the_stop(load):
    script = load(
        """
        async def main(task):
            async def call(intent):
                began.append(1)
                await asyncio.sleep(0.05)
                raise Refused("no room")
            await task.create("t", "k", call)
        began = []
        """
    )
    done = await cancel_when(script, lambda: script.began)
    assert done.stopped
    assert done.ledger["k"].state == "NOT_CREATED"


async def test_a_removal_in_flight_ends_and_is_reported(load):
    script = load(
        """
        async def main(task):
            await task.create("t", "k", lambda intent: "i-1")
            async def call(resource):
                began.append(1)
                await asyncio.sleep(0.05)
            await task.remove("k", call)
        began = []
        """
    )
    done = await cancel_when(script, lambda: script.began)
    assert done.stopped
    assert done.ledger["k"].state == "UNDONE"


class SlowIntents(MemorySession):
    """Its commits take a while, without holding up the loop."""

    waiting = False

    async def intend(self, intents):
        self.waiting = True
        await asyncio.sleep(0.05)
        return await super().intend(intents)


async def test_a_cancellation_before_the_call_keeps_it_from_being_sent(load):
    script = load(
        """
        async def main(task):
            await task.create("t", "k", lambda intent: called.append(1) or "i-1")
        called = []
        """
    )
    session = SlowIntents(Done())
    done = await cancel_when(script, lambda: session.waiting, session=session)
    assert done.stopped
    assert script.called == []


async def test_creates_side_by_side_are_all_reported_before_the_stop(load):
    script = load(
        """
        async def main(task):
            async def one(n):
                async def call(intent):
                    began.append(n)
                    await asyncio.sleep(0.05)
                    return f"i-{n}"
                await task.create("t", f"k/{n}", call)
            async with asyncio.TaskGroup() as group:
                for n in range(5):
                    group.create_task(one(n))
        began = []
        """
    )
    done = await cancel_when(script, lambda: len(script.began) == 5)
    assert done.stopped
    assert {entry.state for entry in done.ledger.values()} == {"CREATED"}


class SlowEnd(MemorySession):
    """Its last commit takes a while."""

    ending = False

    async def finish(self, outcome):
        self.ending = True
        await asyncio.sleep(0.05)
        await super().finish(outcome)


async def test_a_cancellation_while_the_outcome_is_written_changes_nothing(load):
    script = load("async def main(task): return {'n': 1}")
    session = SlowEnd(Done())
    done = await cancel_when(script, lambda: session.ending, session=session, times=3)
    assert done.result == {"n": 1}


async def test_the_outcome_is_written_though_a_second_cancellation_came_at_once(load):
    script = load(
        """
        async def main(task):
            began.append(asyncio.current_task())
            try:
                await asyncio.sleep(60)
            finally:
                began[0].cancel()
        began = []
        """
    )
    assert (await cancel_when(script, lambda: script.began)).stopped


async def test_a_script_that_cancels_itself_failed(load):
    done = await Trial(load("async def main(task): raise asyncio.CancelledError")).run_async()
    assert (done.failure.reason, done.failure.metadata["exception"]) == (
        "SCRIPT_RAISED",
        "asyncio.exceptions.CancelledError",
    )


async def test_a_script_that_ends_well_in_spite_of_a_stop_has_its_result(load):
    script = load("async def main(task): return {'saw': task.cancelled}")
    stop = Stop()
    stop.request()
    assert (await Trial(script).run_async(stop=stop)).result == {"saw": True}


def test_a_script_that_raises_cancelled_stops(load, colour):
    script = load(
        """
        async def main(task):
            if task.cancelled:
                raise Cancelled
        """,
        colour,
    )
    stop = Stop()
    stop.request()
    assert Trial(script).run(stop=stop).stopped


def test_cancelled_without_a_stop_is_the_scripts_failure(load, colour):
    done = run(load("async def main(task): raise Cancelled('why')", colour))
    assert done.failure.reason == "SCRIPT_RAISED"


def test_a_script_that_fails_while_it_stops_has_failed(load, colour):
    stop = Stop()
    stop.request()
    done = Trial(load("async def main(task): raise Failed('could not clean up')", colour)).run(stop=stop)
    assert done.failure.message == "could not clean up"


async def test_run_returns_quietly_when_its_task_was_cancelled(load):
    script = load(
        """
        async def main(task):
            began.append(1)
            await asyncio.sleep(60)
        began = []
        """
    )
    assignment = Assignment("t", "u", 1, Phase.RUN, "s", 1, {}, Context("p"))
    attempt = asyncio.create_task(runtime.run(script, assignment, MemorySession(Done()), Stop()))
    await until(lambda: script.began)
    attempt.cancel()
    assert await attempt is None
