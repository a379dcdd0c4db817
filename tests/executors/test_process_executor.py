"""The process executor passes the suite of all executors, and ends whatever a script makes of its process."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import types
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from wharfinger.runtime.protocol import Assignment, Phase
from wharfinger.script.context import Context
from wharfinger_server.executors.process_executor import ProcessExecutor
from wharfinger_server.sdk.conformance import ExecutorConformance
from wharfinger_server.sdk.executor import PLAIN, Executor, Job, Stop
from wharfinger_server.sdk.recording import RecordingSession, eventually
from wharfinger_server.sdk.stage import Play, Stage

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
PATIENCE = 30.0


class TestProcess(ExecutorConformance):
    patience = 60.0

    def make(self) -> Executor:
        return ProcessExecutor({"slots": 4, "kill_after": 30})

    def lose(self, executor: Executor) -> bool:
        assert isinstance(executor, ProcessExecutor)
        for number in executor.children():
            os.kill(number, signal.SIGKILL)
        return True


def begin_script(stage: Stage, folder: Path, source: str, **params: Any) -> Play:
    """Submit a plain script that is in a file, as a script file of the server is."""
    name = f"own{len(stage.plays)}"
    file = folder / f"{name}.py"
    file.write_text(source)
    module = types.ModuleType(f"script_files.{name}")
    module.__file__ = str(file)
    exec(compile(source, str(file), "exec"), module.__dict__)
    session = RecordingSession(stage.trace)
    assignment = Assignment(f"projects/own/tasks/{name}", name, 1, Phase.RUN, name, 1, params, Context("own"))
    stage.host.modules[name] = module
    play = Play(stage, Job(assignment, "1", PLAIN, session, Stop()), session.done)
    stage.plays.append(play)
    stage.executor.submit(play.job)
    return play


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(ProcessExecutor({"slots": 2, "kill_after": "300ms", "memory": "2GiB"}), tmp_path, PATIENCE)
    await made.executor.start(made.host)
    yield made
    made.release()
    await made.executor.stop(PATIENCE)
    assert sorted(map(id, made.host.freed_jobs)) == sorted(id(play.job) for play in made.plays)


HEAD = "import ctypes, gc, os, signal, socket, subprocess, sys, threading, time\n"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("os._exit(3)", "ended with the exit code 3"),
        ("ctypes.string_at(0)", "ended by SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
        ("os.closerange(0, 1000); time.sleep(600)", "ended|closed"),
        ("os.abort()", "ended by SIGABRT"),
        (
            "mine = [one for one in gc.get_objects() if isinstance(one, socket.socket)]; mine[0].sendall(b'x' * 99)",
            "can't be read: a frame of the kind 120",
        ),
    ],
)
async def test_a_script_that_ends_its_process_loses_its_own_attempt_alone(
    stage: Stage, tmp_path: Path, body: str, why: str
) -> None:
    other = stage.play(PLAIN, "sleep", seconds=0.5)
    play = begin_script(stage, tmp_path, f"{HEAD}def main(task):\n    {body}\n    time.sleep(600)\n")
    await play.freed()
    assert [job for job, _ in stage.host.lost_jobs] == [play.job]
    assert re.search(why, stage.host.lost_jobs[0][1])
    assert play.done.outcome is None
    await other.freed()
    assert other.done.result == {}


async def test_what_a_crash_says_last_is_in_the_task_s_log(stage: Stage, tmp_path: Path) -> None:
    play = begin_script(stage, tmp_path, f"{HEAD}def main(task):\n    ctypes.string_at(0)\n")
    await play.freed()
    assert any("Segmentation fault" in line for line in play.done.lines)


async def test_a_script_that_exits_has_an_outcome_and_its_process_goes_on(stage: Stage, tmp_path: Path) -> None:
    play = begin_script(stage, tmp_path, f"{HEAD}def main(task):\n    sys.exit(4)\n")
    await play.freed()
    assert play.done.failure.message.startswith("SystemExit: 4")
    assert stage.host.lost_jobs == []


async def test_a_script_that_eats_memory_fails_at_the_limit(stage: Stage, tmp_path: Path) -> None:
    play = begin_script(stage, tmp_path, f"{HEAD}def main(task):\n    held = [bytearray(1 << 28) for _ in range(64)]\n")
    await play.freed()
    assert play.done.failure.message.startswith("MemoryError")


async def test_a_script_that_never_stops_is_killed_when_it_is_asked_to(stage: Stage, tmp_path: Path) -> None:
    play = begin_script(stage, tmp_path, f"{HEAD}def main(task):\n    print('begun')\n    while True: pass\n")
    await play.says("begun")
    play.cancel()
    await play.freed()
    assert "did not within 0.3 s" in stage.host.lost_jobs[0][1]


async def test_what_a_killed_script_has_forked_ends_with_it(stage: Stage, tmp_path: Path) -> None:
    """A fork, and a program in a session of its own."""
    source = (
        f"{HEAD}def main(task):\n"
        "    program = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "    fork = os.fork()\n"
        "    if not fork:\n"
        "        os.setsid()\n"
        "        time.sleep(600)\n"
        "    print(f'begun {program.pid} {fork}', flush=True)\n"
        "    time.sleep(600)\n"
    )
    play = begin_script(stage, tmp_path, source)
    await eventually(lambda: any(line.startswith("begun") for line in play.done.lines), "it has begun", PATIENCE)
    numbers = [int(word) for line in play.done.lines for word in line.split()[1:]]
    assert all(map(alive, numbers))
    play.cancel()
    await play.freed()
    await eventually(lambda: not any(map(alive, numbers)), "what it forked has ended", PATIENCE)


async def test_a_fork_that_returns_from_main_reports_nothing(stage: Stage, tmp_path: Path) -> None:
    source = f"{HEAD}def main(task):\n    fork = os.fork()\n    return {{'mine': fork > 0}}\n"
    play = begin_script(stage, tmp_path, source)
    await play.freed()
    assert play.done.result == {"mine": True}


async def test_a_child_is_replaced_after_so_many_jobs_and_after_one_that_leaves_a_thread(tmp_path: Path) -> None:
    stage = Stage(ProcessExecutor({"slots": 1, "jobs": 2}), tmp_path, PATIENCE)
    await stage.executor.start(stage.host)
    plain = f"{HEAD}def main(task):\n    return {{'number': os.getpid()}}\n"
    leaving = (
        f"{HEAD}def main(task):\n    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        "    return {'number': os.getpid()}\n"
    )
    numbers = []
    for source in (plain, plain, leaving, plain):
        play = begin_script(stage, tmp_path, source)
        await play.freed()
        numbers.append(play.done.result["number"])
    await stage.executor.stop(PATIENCE)
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3
    await eventually(lambda: not any(map(alive, numbers)), "no child is left", PATIENCE)


async def test_a_job_that_uses_more_of_the_processor_than_it_may_is_ended(tmp_path: Path) -> None:
    stage = Stage(ProcessExecutor({"slots": 1, "processor_time": 1}), tmp_path, PATIENCE)
    await stage.executor.start(stage.host)
    play = begin_script(stage, tmp_path, f"{HEAD}def main(task):\n    while True: pass\n")
    await play.freed()
    await stage.executor.stop(PATIENCE)
    assert "ended by SIGXCPU" in stage.host.lost_jobs[0][1]


SERVER = """
import asyncio, sys
from pathlib import Path
from tests.executors.test_process_executor import HEAD, begin_script
from wharfinger_server.executors.process_executor import ProcessExecutor
from wharfinger_server.sdk.stage import Stage

SOURCE = HEAD + '''
def main(task):
    program = subprocess.Popen(['sleep', '600'], start_new_session=True)
    print(f'begun {os.getpid()} {program.pid}', flush=True)
    time.sleep(600)
'''

async def main():
    folder = Path(sys.argv[1])
    with open(folder / "held", "w") as held:
        stage = Stage(ProcessExecutor({"slots": 2}), folder, 30)
        await stage.executor.start(stage.host)
        play = begin_script(stage, folder, SOURCE)
        while not play.done.lines:
            await asyncio.sleep(0.01)
        print(*play.done.lines, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_children_and_what_they_started_end_with_a_server_that_is_killed(tmp_path: Path) -> None:
    """And they hold none of its descriptors."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER, str(tmp_path)), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert server.stdout is not None
    words = (await asyncio.wait_for(server.stdout.readline(), PATIENCE)).split()
    numbers = [int(word) for word in words[1:]]
    assert len(numbers) == 2
    for number in numbers:
        assert str(tmp_path / "held") not in descriptors(number)
    server.kill()
    await server.wait()
    await eventually(lambda: not any(map(alive, numbers)), "all have ended", PATIENCE)


def descriptors(number: int) -> list[str]:
    """Return what the descriptors of a process lead to."""
    return [str(one.readlink()) for one in Path(f"/proc/{number}/fd").iterdir()]


def alive(number: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return b") Z " not in Path(f"/proc/{number}/stat").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("options", [{"slots": 0}, {"memory": "much"}, {"kill_after": -1}, {"memroy": 1}])
def test_a_wrong_option_is_refused_by_its_name(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"^\[executors\.process\] {next(iter(options))} "):
        ProcessExecutor(options)
