"""What is particular to the asyncio executor: one loop for all, a watchdog over it, threads beside it."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from pathlib import Path

import pytest
from tests.executors.conftest import PATIENCE, Begin, eventually, play

from wharfinger_server.executors.asyncio_executor import AsyncioExecutor
from wharfinger_server.sdk.executor import ASYNC, PLAIN
from wharfinger_server.sdk.stage import Stage

QUICK = {"watchdog": "100ms"}


async def blocked(stage: Stage, times: int = 1) -> None:
    await eventually(lambda: len(stage.host.blocks) >= times, "the blocked loop is reported", PATIENCE)


# ---------------------------------------------------------------------- the watchdog


async def test_while_a_script_blocks_the_loop_the_server_and_plain_scripts_go_on(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor(QUICK))
    culprit = stage.play(ASYNC, "block", seconds=2.0)
    await culprit.says("begun")
    other = stage.play(PLAIN, "echo")
    await other.freed()
    slowest = 0.0
    while not culprit.is_free:
        before = time.monotonic()
        await asyncio.sleep(0.01)
        slowest = max(slowest, time.monotonic() - before)
    assert slowest < 1.0
    assert stage.host.freed_jobs == [other.job, culprit.job]


async def test_two_scripts_that_block_one_after_the_other_are_both_named(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor(QUICK))
    first = stage.play(ASYNC, "block", seconds=1.0)
    await first.says("begun")
    # While the first holds up the loop these two come in together, and begin in one turn of it.
    both = [stage.play(ASYNC, "block", seconds=1.0) for _ in range(2)]
    await both[1].freed()
    await eventually(lambda: stage.host.blocks[-1].seconds == 0, "the loop moves again", PATIENCE)
    told = [block.jobs[0] for block in stage.host.blocks if block.seconds]
    assert [job for job in told if job is not first.job] == [both[0].job, both[1].job]


async def test_a_task_that_the_script_started_is_blamed_on_the_script(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor(QUICK))
    source = (
        "import asyncio, time\nasync def child():\n    time.sleep(0.4)\n"
        "async def main(task):\n    await asyncio.create_task(child())\n"
    )
    culprit = play(stage, source)
    await blocked(stage)
    assert stage.host.blocks[0].jobs == (culprit.job,)
    assert stage.host.blocks[0].culprit == f"{culprit.job.assignment.task} at scripts/own_script.py:3 in child"


@pytest.mark.processes
async def test_the_innermost_line_in_the_script_s_own_package_is_named(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor(QUICK))
    source = "import subprocess\nasync def main(task):\n    subprocess.run(['sleep', '0.4'])\n"
    culprit = play(stage, source)
    await blocked(stage)
    assert stage.host.blocks[0].culprit == f"{culprit.job.assignment.task} at scripts/own_script.py:3 in main"


async def test_a_callback_that_blocks_is_told_with_its_line_though_its_task_is_not_known(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor(QUICK))
    source = (
        "import asyncio, time\ndef late():\n    time.sleep(0.4)\n"
        "async def main(task):\n    asyncio.get_running_loop().call_soon(late)\n    await asyncio.sleep(0.5)\n"
    )
    play(stage, source)
    await blocked(stage)
    assert stage.host.blocks[0].culprit == "scripts/own_script.py:3 in late"


async def test_a_busy_loop_that_moves_is_not_reported(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor({"watchdog": "500ms"}))
    source = (
        "import asyncio, time\n"
        "async def main(task):\n    for _ in range(60):\n        time.sleep(0.02)\n        await asyncio.sleep(0)\n"
    )
    busy = play(stage, source)
    await busy.freed()
    assert stage.host.blocks == []


# ---------------------------------------------------------------------- threads beside the loop


async def test_plain_scripts_beyond_the_threads_wait_for_one(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor({"threads": 1}))
    first = stage.play(PLAIN, "stubborn", until=str(stage.gate))
    await first.says("begun")
    second = stage.play(PLAIN, "echo")
    await asyncio.sleep(0.1)
    assert second.done.outcome is None
    stage.release()
    await second.freed()
    assert second.done.result["do"] == "echo"


async def test_a_plain_script_that_waits_for_a_thread_can_be_cancelled(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor({"threads": 1}))
    stuck = stage.play(PLAIN, "stubborn", until=str(stage.gate))
    await stuck.says("begun")
    waiting = stage.play(PLAIN, "sleep", seconds=600)
    last = stage.play(PLAIN, "echo")
    waiting.cancel()
    await waiting.freed()
    assert waiting.done.stopped
    assert not stuck.is_free
    assert last.done.outcome is None


async def test_a_plain_script_runs_in_a_thread_named_after_its_task(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor({}))
    running = stage.play(PLAIN, "stubborn", until=str(stage.gate))
    await running.says("begun")
    [thread] = [t for t in threading.enumerate() if t.name == running.job.assignment.task]
    assert thread.daemon


async def test_as_many_to_thread_calls_run_at_once_as_there_are_threads(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor({"threads": 40}))
    source = (
        "import asyncio, threading\nbarrier = threading.Barrier(40)\n"
        "async def main(task):\n    await asyncio.gather(*(asyncio.to_thread(barrier.wait, 8) for _ in range(40)))\n"
    )
    crowd = play(stage, source)
    await crowd.freed()
    assert crowd.done.result == {}


# ---------------------------------------------------------------------- the end of a job, and of the executor


async def test_a_timer_that_a_script_left_behind_starts_nothing_after_its_end(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor({}))
    source = (
        "import asyncio\nstarted = []\nasync def work():\n    started.append(1)\n    await asyncio.sleep(60)\n"
        "def late():\n    asyncio.get_running_loop().create_task(work())\n"
        "async def main(task):\n    asyncio.get_running_loop().call_later(0.05, late)\n"
    )
    over = play(stage, source)
    await over.freed()
    await asyncio.sleep(0.2)
    assert stage.host.module(over.job).started == []


async def test_a_task_left_behind_is_cancelled(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor({}))
    source = (
        "import asyncio\nleft = []\nasync def main(task):\n    left.append(asyncio.create_task(asyncio.sleep(600)))\n"
    )
    over = play(stage, source)
    await over.freed()
    assert stage.host.module(over.job).left[0].cancelled()


async def test_no_cleanup_of_an_abandoned_script_runs_later(tmp_path: Path) -> None:
    stage = Stage(AsyncioExecutor({}), tmp_path, PATIENCE)
    await stage.executor.start(stage.host)
    source = (
        "import asyncio\nasync def main(task):\n"
        "    try:\n        task.notify('begun')\n        await asyncio.sleep(600)\n"
        "    finally:\n        task.notify('cleaned up')\n"
    )
    abandoned = play(stage, source)
    await abandoned.says("begun")
    await stage.executor.stop(0.05)
    done = abandoned.done
    del stage, abandoned
    gc.collect()
    assert done.lines == ["begun"]
    assert done.outcome is None


async def test_stopping_does_not_wait_for_a_blocked_loop(tmp_path: Path) -> None:
    stage = Stage(AsyncioExecutor({}), tmp_path, PATIENCE)
    await stage.executor.start(stage.host)
    culprit = stage.play(ASYNC, "block", seconds=6.0)
    await culprit.says("begun")
    began = time.monotonic()
    await stage.executor.stop(0.1)
    assert time.monotonic() - began < 4.0


async def test_a_stopped_executor_takes_no_jobs(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor({}))
    await stage.executor.stop(1)
    for colour in (ASYNC, PLAIN):
        with pytest.raises(RuntimeError, match="was stopped"):
            stage.play(colour, "echo")
        stage.plays.pop()


async def test_a_cancel_that_comes_with_the_result_loses_no_outcome(begin: Begin) -> None:
    stage = await begin(AsyncioExecutor({}))
    source = (
        "import asyncio\nasync def main(task):\n"
        "    asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)\n    return {'made': 1}\n"
    )
    ended = play(stage, source)
    await ended.freed()
    assert ended.done.result == {"made": 1}
