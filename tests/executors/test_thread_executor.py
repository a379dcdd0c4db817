"""What is particular to the thread executor: a thread for each job, which nobody can stop."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.executors.conftest import PATIENCE, Begin, eventually, play

from wharfinger_server.executors.thread_executor import ThreadExecutor
from wharfinger_server.sdk.executor import ASYNC, PLAIN


async def test_a_script_that_blocks_its_loop_holds_up_nobody(begin: Begin) -> None:
    stage = await begin(ThreadExecutor({}))
    blocking = stage.play(ASYNC, "block", seconds=1.0)
    await blocking.says("begun")
    other = stage.play(ASYNC, "sleep", seconds=0.05)
    await other.freed()
    assert not blocking.is_free
    await blocking.freed()
    assert stage.host.blocks == []


@pytest.mark.parametrize("colour", [ASYNC, PLAIN])
async def test_a_script_runs_in_a_daemon_thread_named_after_its_task(begin: Begin, colour: str) -> None:
    stage = await begin(ThreadExecutor({}))
    running = stage.play(colour, "stubborn", until=str(stage.gate))
    await running.says("begun")
    [thread] = [t for t in threading.enumerate() if t.name == running.job.assignment.task]
    assert thread.daemon


async def test_a_thread_that_cannot_be_stopped_keeps_its_slot_until_it_ends(begin: Begin) -> None:
    stage = await begin(ThreadExecutor({"slots": 2}))
    stuck = stage.play(PLAIN, "stubborn", until=str(stage.gate))
    await stuck.says("begun")
    for _ in range(3):
        stuck.cancel()
        other = stage.play(PLAIN, "echo")
        await other.freed()
    assert not stuck.is_free
    stage.release()
    await stuck.freed()
    assert stuck.done.result == {"cancelled": True}


async def test_a_call_in_a_helper_thread_keeps_the_slot_too(begin: Begin) -> None:
    stage = await begin(ThreadExecutor({}))
    waiting = stage.play(ASYNC, "leave thread", until=str(stage.gate))
    await waiting.ended()
    await asyncio.sleep(0.1)
    assert not waiting.is_free


async def test_no_thread_or_loop_is_left_of_a_job_that_ended(begin: Begin) -> None:
    stage = await begin(ThreadExecutor({}))
    before = threading.active_count()
    source = (
        "import asyncio, time\nasync def main(task):\n"
        "    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.01) for _ in range(5)))\n"
    )
    for _ in range(5):
        await play(stage, source).freed()
    await eventually(lambda: threading.active_count() <= before, "the threads have ended", PATIENCE)


async def test_a_stopped_executor_takes_no_jobs(begin: Begin) -> None:
    stage = await begin(ThreadExecutor({}))
    await stage.executor.stop(1)
    with pytest.raises(RuntimeError, match="was stopped"):
        stage.play(PLAIN, "echo")
    stage.plays.pop()
