"""A child that a script forks keeps nothing of the server: not its lock, its connections, its port, nor its signals."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.postgres import Cluster, postgres  # noqa: F401  # the fixture
from tests.rpc.wire import connected
from tests.servers.serving import NotServing, Serving
from tests.system.conftest import MakePackage

pytestmark = pytest.mark.processes

FORK = """
import multiprocessing, os, signal, time

def idle(gate):
    while os.path.exists(gate):
        time.sleep(0.02)

def main(task):
    gate = task.params["gate"]
    if task.params["how"] == "fork":
        child = os.fork()
        if not child:
            idle(gate)
            os._exit(0)
    else:
        process = multiprocessing.get_context("fork").Process(target=idle, args=(gate,))
        process.start()
        child = process.pid
    return {"child": child}
"""
MANY = """
import os

def main(task):
    ended = []
    for _ in range(task.params["children"]):
        child = os.fork()
        if not child:
            os._exit(0)
        ended.append(os.waitpid(child, 0)[1])
    return {"ended": ended}
"""
Serve = Callable[..., Serving]


class Forker:
    """A server whose script forks children; they end with the test."""

    def __init__(self, serve: Serve, environ: dict[str, str], gate: Path) -> None:
        self._serve, self._environ, self._gate = serve, environ, gate
        self.children: list[int] = []
        self.server = self.start()

    def start(self, address: str = "127.0.0.1:0") -> Serving:
        return self._serve("--address", address, environ=self._environ)

    def fork(self, how: str) -> int:
        """Return the process id of a child that lives on."""
        with connected(self.server.address) as stubs:
            done = stubs.wait(stubs.create("p", "dock.fork", params={"how": how, "gate": str(self._gate)}).name)
        self.children.append(int(done.result["child"]))
        return self.children[-1]


@pytest.fixture(params=["sqlite", "postgres"])
def forker(request: pytest.FixtureRequest, serve: Serve, package: MakePackage, tmp_path: Path) -> Iterator[Forker]:
    environ = package("dock", fork=FORK)
    if request.param == "postgres":
        cluster: Cluster = request.getfixturevalue("postgres")
        environ["WHARFINGER_STORE__URL"] = cluster.database()
    gate = tmp_path / "gate"
    gate.touch()
    made = Forker(serve, environ, gate)
    yield made
    gate.unlink()
    for child in made.children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("how", ["fork", "multiprocessing"])
def test_the_next_server_starts_though_children_live_on(forker: Forker, how: str) -> None:
    address = forker.server.address
    child = forker.fork(how)
    forker.server.kill()
    again = forker.start(address)
    assert Path(f"/proc/{child}").exists()
    forker.server = again
    forker.fork(how)
    assert again.stop() == 0
    last = forker.start(address)
    assert last.stop() == 0


def test_a_child_has_no_descriptor_of_the_server_and_its_own_end(forker: Forker) -> None:
    child = forker.fork("fork")
    held = [str(one.readlink()) for one in Path(f"/proc/{child}/fd").iterdir()]
    assert not [name for name in held if "wharfinger.db" in name]
    sockets = {name.removeprefix("socket:[").rstrip("]") for name in held if name.startswith("socket:")}
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    port = f"{forker.server.port:04X}"
    assert not [line for line in lines if line[1].endswith(f":{port}") and line[9] in sockets]
    os.kill(child, signal.SIGTERM)
    until = time.monotonic() + 10
    while Path(f"/proc/{child}/stat").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < until, "a child ends by its SIGTERM"
        time.sleep(0.02)
    with connected(forker.server.address) as stubs:
        stubs.wait(stubs.create("p", "harbour.noop").name)
    assert forker.server.process.poll() is None, "and the server does not"


def test_no_child_is_ended_by_what_the_server_runs(serve: Serve, package: MakePackage) -> None:
    server = serve(environ=package("dock", fork=MANY))
    ended: list[float] = []
    with connected(server.address) as stubs:
        for _ in range(30):
            name = stubs.create("p", "dock.fork", params={"children": 3}).name
            ended += stubs.wait(name).result["ended"]
    assert ended == [0] * 90


def test_who_deletes_the_lock_file_gets_no_second_server(serve: Serve, tmp_path: Path) -> None:
    first = serve()
    (tmp_path / "data" / "wharfinger.db.lock").unlink()
    with pytest.raises(NotServing) as caught:
        serve(folder=tmp_path)
    assert caught.value.exit_code == 5
    assert f"in use by another server: process {first.pid} holds" in caught.value.log
    with connected(first.address) as stubs:
        stubs.wait(stubs.create("p", "harbour.noop").name)
    assert first.stop() == 0
