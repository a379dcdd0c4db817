"""Script packages that can't be used: the server starts all the same, lists them with why, and refuses their tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import grpc
import pytest
from tests.rpc.wire import Stubs, connected, create_request, refused
from tests.servers.serving import Serving
from tests.system.conftest import MakePackage, make_package
from tests.system.documented import as_promised

from wharfinger.v1 import executor_service_pb2 as v1
from wharfinger.v1 import task_pb2, task_service_pb2

pytestmark = pytest.mark.processes

MAIN = "async def main(task):\n    return {}\n"
BROKEN = {
    "gone": ("", "ModuleNotFoundError"),
    "ends": ("import sys\nsys.exit('no licence')\n", "SystemExit: no licence (at dock/ends.py:2)"),
    "typo": ("def main(task)\n    pass\n", "SyntaxError"),
    "raises": ("raise RuntimeError('no crane')\n", "RuntimeError: no crane (at dock/raises.py:1)"),
    "mainless": ("'''Nothing here.'''\n", "it has no `main`"),
    "nonsense": (
        f"PARAMS_SCHEMA = {{'properties': {{'a': {{'minimum': 'x'}}}}}}\n{MAIN}",
        "schema.properties.a.minimum",
    ),
    "old": (f"PARAMS_SCHEMA = {{'$schema': 'http://json-schema.org/draft-04/schema#'}}\n{MAIN}", "draft-04"),
    "vague": (f"RESULT_SCHEMA = {{'required': 'all'}}\n{MAIN}", "the schema of its result"),
}


@pytest.fixture(scope="module")
def dock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Stubs]]:
    """Return a server with a package of which one script works."""
    folder = tmp_path_factory.mktemp("plugins")
    sources = {name: source for name, (source, _) in BROKEN.items()}
    serving = Serving(folder, environ=make_package(folder / "site", "dock", "2.1", fine=MAIN, **sources))
    try:
        with connected(serving.address) as stubs:
            yield serving, stubs
    finally:
        serving.kill()


@pytest.mark.parametrize("name", BROKEN)
def test_a_script_that_cannot_be_used_is_listed_with_why(dock: tuple[Serving, Stubs], name: str) -> None:
    serving, stubs = dock
    script = stubs.executors.GetScript(v1.GetScriptRequest(name=f"scripts/dock.{name}"))
    assert BROKEN[name][1] in script.broken_reason
    assert (script.distribution, script.version) == ("dock", "2.1")
    assert any(f'"plugin": "dock.{name}"' in line for line in serving.log().splitlines())


@pytest.mark.parametrize("name", BROKEN)
def test_a_task_of_a_broken_script_is_refused_with_why(dock: tuple[Serving, Stubs], name: str) -> None:
    told = as_promised(refused(dock[1].tasks.CreateTask, create_request("p", f"dock.{name}"), timeout=10))
    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SCRIPT_BROKEN")
    assert told.metadata["script"] == f"dock.{name}"
    assert told.metadata["distribution"] == "dock"
    assert BROKEN[name][1] in told.message


def test_its_neighbours_in_the_package_work(dock: tuple[Serving, Stubs]) -> None:
    stubs = dock[1]
    assert not stubs.executors.GetScript(v1.GetScriptRequest(name="scripts/dock.fine")).broken_reason
    assert stubs.wait(stubs.create("p", "dock.fine").name).state == task_pb2.TASK_STATE_SUCCEEDED
    listed = stubs.executors.ListScripts(v1.ListScriptsRequest(page_size=1000)).scripts
    assert {
        script.name.removeprefix("scripts/dock.") for script in listed if script.name.startswith("scripts/dock.")
    } == {
        "fine",
        *BROKEN,
    }


def test_a_script_that_was_taken_away_leaves_its_tasks_waiting_with_why(
    package: MakePackage, serve: Callable[..., Serving]
) -> None:
    """What waits for a script that is gone, or has another version now, says so and waits on."""
    environ = package("dock", "1.0", fine=MAIN, leaving=MAIN)
    serving = serve(environ=environ)
    waiting = {}
    with connected(serving.address) as stubs:
        for name in ("harbour.once", "dock.fine", "dock.leaving"):
            request = create_request("p", name, params={"seconds": 1000} if name == "harbour.once" else {})
            request.task.policy.concurrency_key = "crane"
            waiting[name] = stubs.tasks.CreateTask(request, timeout=10).name
    serving.kill()
    package("dock", "1.1", fine=MAIN)
    facts = next(path for path in (serving.folder / "site").glob("dock-1.0*"))
    for file in facts.iterdir():
        file.unlink()
    facts.rmdir()
    with connected(serve(environ=environ).address) as stubs:
        fine, leaving = (_waits(stubs, waiting[name]) for name in ("dock.fine", "dock.leaving"))
    assert "dock.fine 1.0" in fine
    assert "1.1" in fine
    assert "dock.leaving" in leaving
    assert "not installed" in leaving


def _waits(stubs: Stubs, name: str) -> str:
    """Return why a task waits, once it says so; it is queued all the while."""
    until = time.monotonic() + 30
    while True:
        task = stubs.tasks.GetTask(task_service_pb2.GetTaskRequest(name=name), timeout=10)
        assert task.state == task_pb2.TASK_STATE_QUEUED
        if "installed" in task.waiting_reason:
            return task.waiting_reason
        assert time.monotonic() < until, task.waiting_reason
        time.sleep(0.05)
