"""What executors mean to the process that they live in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

STUCK = """
import asyncio, sys
from pathlib import Path
from wharfinger_server.executors.{module} import {executor}
from wharfinger_server.sdk.stage import Stage

async def main():
    stage = Stage({executor}({{}}), Path(sys.argv[1]), 10)
    await stage.executor.start(stage.host)
    never = str(Path(sys.argv[1]) / "never")
    plays = [stage.play("async", do, until=never) for do in ("stubborn", "leave task", "leave thread")]
    plays.append(stage.play("plain", "stubborn", until=never))
    await plays[-1].says("begun")
    await asyncio.sleep(0.1)
    await stage.executor.stop(0.1)
    print("stopped")

asyncio.run(main())
"""

PAUSED = """
import asyncio, sys
from pathlib import Path
from wharfinger_server.executors.asyncio_executor import AsyncioExecutor
from wharfinger_server.sdk.stage import Stage

async def main():
    stage = Stage(AsyncioExecutor({"watchdog": 0.8}), Path(sys.argv[1]), 10)
    await stage.executor.start(stage.host)
    play = stage.play("async", "sleep", seconds=2.5)
    await play.says("begun")
    print("begun", flush=True)
    await play.freed()
    await asyncio.sleep(0.2)
    print("blocks", len(stage.host.blocks), flush=True)
    await stage.executor.stop(1)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("module", "executor"), [("asyncio_executor", "AsyncioExecutor"), ("thread_executor", "ThreadExecutor")]
)
def test_scripts_that_never_end_do_not_keep_the_process_from_ending(tmp_path: Path, module: str, executor: str) -> None:
    source = STUCK.format(module=module, executor=executor)
    done = subprocess.run(
        [sys.executable, "-c", source, str(tmp_path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")


def test_a_process_that_was_paused_blames_no_script(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PAUSED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        os.kill(child.pid, signal.SIGSTOP)
        time.sleep(1.6)
        os.kill(child.pid, signal.SIGCONT)
        assert child.stdout.readline() == "blocks 0\n"
