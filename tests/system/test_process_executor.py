"""Scripts in child processes, under a real server: whatever they do to their process, the server hardly notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.rpc.wire import Stubs, connected, create_request
from tests.servers.serving import Serving
from tests.system.conftest import make_package

from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = [pytest.mark.processes, pytest.mark.timeout(120)]

SUCCEEDED, FAILED = task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_FAILED

SPIN = "def main(task):\n    while True: pass\n"
CRASH = "import os\ndef main(task):\n    os._exit(3)\n"
ANVIL = """
'''Makes a file, and dies once when it has made it, before anybody hears of it.'''
import os, signal
from pathlib import Path
RESUMABLE = True
def main(task):
    folder = Path(task.params["folder"])
    def forge(making):
        (folder / making.token).touch()
        if not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return making.token
    return {"id": task.create("anvil", "anvil/1", forge), "shout": task.once("shout", lambda: "hot")}
def find(task, thing):
    return [thing.token] if (Path(task.params["folder"]) / thing.token).exists() else []
def undo(task, thing):
    (Path(task.params["folder"]) / thing.external_id).unlink()
from wharfinger.script import ResourceType
RESOURCE_TYPES = {"anvil": ResourceType(send_window=1, call_timeout=1, settling=0.2)}
"""
ASYNC_ANVIL = (
    ANVIL.replace("def main", "async def main")
    .replace("def find", "async def find")
    .replace("def undo", "async def undo")
    .replace("task.create(", "await task.create(")
    .replace("task.once(", "await task.once(")
)


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("forge")
    environ = make_package(folder / "site", "dock", spin=SPIN, crash=CRASH, anvil=ANVIL, anvil_async=ASYNC_ANVIL) | {
        "WHARFINGER_EXECUTORS__PROCESS__KILL_AFTER": "500ms",
        "WHARFINGER_SERVER__DEFAULT_EXECUTOR": "process",
    }
    serving = Serving(folder, environ=environ)
    try:
        yield serving
        assert serving.process.poll() is None, "a script has ended the server"
    finally:
        assert serving.stop() == 0, serving.log()


@pytest.fixture
def stubs(forge: Serving) -> Iterator[Stubs]:
    with connected(forge.address) as stubs:
        yield stubs


def test_a_script_that_loops_for_ever_fails_at_its_deadline(stubs: Stubs) -> None:
    """And not as one that was lost, which would be tried again."""
    request = create_request("quay", "dock.spin")
    request.task.policy.attempt_timeout.FromTimedelta(timedelta(seconds=1))
    task = stubs.wait(stubs.tasks.CreateTask(request, timeout=10).name)
    assert (task.state, task.failure.reason) == (FAILED, "ATTEMPT_TIMEOUT")
    assert len(task.attempts) == 1


def test_a_script_that_loops_for_ever_is_cancelled(stubs: Stubs) -> None:
    task = stubs.tasks.CreateTask(create_request("quay", "dock.spin"), timeout=10)
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=task.name))
    task = stubs.wait(task.name)
    assert task.state == task_pb2.TASK_STATE_CANCELLED


def test_a_script_that_ends_its_process_is_told_lost_and_the_next_one_runs(stubs: Stubs, tmp_path: Path) -> None:
    task = stubs.wait(stubs.tasks.CreateTask(create_request("quay", "dock.crash"), timeout=10).name)
    assert (task.state, task.failure.reason) == (FAILED, "EXECUTOR_LOST")
    assert "exit code 3" in task.failure.message


@pytest.mark.parametrize("script", ["dock.anvil", "dock.anvil_async"])
def test_what_a_killed_script_has_made_is_found_and_not_made_twice(stubs: Stubs, tmp_path: Path, script: str) -> None:
    """Its next attempt, in another child, goes on from the ledger; and what it made can be undone."""
    request = create_request("quay", script, params={"folder": str(tmp_path)})
    task = stubs.wait(stubs.tasks.CreateTask(request, timeout=10).name)
    assert task.state == SUCCEEDED, task
    made = {one.name for one in tmp_path.iterdir()} - {"died"}
    assert made == {task.result["id"]}
    assert task.result["shout"] == "hot"
    phases = [attempt.phase for attempt in task.attempts]
    assert phases == [task_pb2.ATTEMPT_PHASE_RUN, task_pb2.ATTEMPT_PHASE_SETTLE, task_pb2.ATTEMPT_PHASE_RUN]
    stubs.tasks.RollbackTask(v1.RollbackTaskRequest(name=task.name))
    assert stubs.wait(task.name).state == task_pb2.TASK_STATE_ROLLED_BACK
    assert {one.name for one in tmp_path.iterdir()} == {"died"}
