"""A disk that fills up: the server says so, loses nothing that it accepted, and goes on when there is room."""

from __future__ import annotations

import contextlib
import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.rpc.wire import Stubs, connected, create_request, told
from tests.servers.serving import NotServing, Serving

from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

SUCCEEDED = task_pb2.TASK_STATE_SUCCEEDED
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MiB: what was accepted and its write-ahead log need room for a start, too."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be made here: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path) -> Path:
    """Write until nothing more fits, and return the file that is in the way."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    assert os.statvfs(disk).f_bavail == 0
    return filler


def create_until_refused(stubs: Stubs, project: str) -> tuple[list[str], grpc.RpcError]:
    """Create tasks until one is refused; return the names of those accepted, and the refusal."""
    accepted = []
    for _ in range(200):
        try:
            accepted.append(stubs.create(project, "harbour.noop", params={"text": "x" * 20_000}).name)
        except grpc.RpcError as error:
            return accepted, error
    raise AssertionError("nothing was refused")


def await_health(stubs: Stubs, wanted: int) -> None:
    """Wait until the server says that it is or isn't well."""
    health = health_pb2_grpc.HealthStub(stubs.channel)
    until = time.monotonic() + 10
    while health.Check(health_pb2.HealthCheckRequest(), timeout=5).status != wanted:
        assert time.monotonic() < until, "the server's health does not change"
        time.sleep(0.1)


def start_building(stubs: Stubs, yard: Path, keys: int) -> str:
    """Begin a task that makes things, one after the other, and return its name once it has made some."""
    request = create_request("disk", "harbour.build")
    request.task.params.update({"yard": str(yard), "keys": [f"k{i}" for i in range(keys)], "pause": 0.05})
    request.task.policy.max_attempts = 10
    request.task.policy.retry_backoff.FromMilliseconds(50)
    name = stubs.tasks.CreateTask(request, timeout=10).name
    until = time.monotonic() + 20
    while len(list((yard / "things").glob("*"))) < 3:
        assert time.monotonic() < until
        time.sleep(0.02)
    return name


def assert_whole(database: Path) -> None:
    """Check the database file with SQLite's own means."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_full_disk_is_told_and_nothing_accepted_is_lost(
    disk: Path, tmp_path: Path, serve: Callable[..., Serving]
) -> None:
    environ = {"WHARFINGER_DATA_DIR": str(disk / "data")}
    serving = serve(environ=environ)
    yard = tmp_path / "yard"
    with connected(serving.address) as stubs:
        building = start_building(stubs, yard, 15)
        counting = stubs.create("disk", "harbour.count", params={"steps": 40, "pause": 0.05}).name
        filler = fill(disk)
        accepted, error = create_until_refused(stubs, "disk")
        refusal = told(error)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
        assert "disk is full" in refusal.message
        details = status_pb2.Status.FromString(refusal.trailers["grpc-status-details-bin"]).details
        assert any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in details)
        await_health(stubs, NOT_SERVING)
        assert stubs.tasks.GetTask(v1.GetTaskRequest(name=building), timeout=10).state == task_pb2.TASK_STATE_RUNNING
        filler.unlink()
        await_health(stubs, SERVING)
        for name in (*accepted, counting, building):
            assert stubs.wait(name).state == SUCCEEDED, name
        assert stubs.wait(stubs.create("disk", "harbour.noop").name).state == SUCCEEDED
        ledger = stubs.tasks.ListLedgerEntries(v1.ListLedgerEntriesRequest(parent=building, page_size=100))
        things = {thing.name for thing in (yard / "things").iterdir()}
        assert {entry.token for entry in ledger.entries} == things
        assert len(things) == 15
        assert serving.log().count("the database cannot be written") == 1
        interrupted = stubs.create("disk", "harbour.count", params={"steps": 60, "pause": 0.05, "lines": False}).name
    serving.kill()
    filler = fill(disk)
    with pytest.raises(NotServing) as refused:
        serve(environ=environ)
    assert refused.value.exit_code == 5
    assert "disk is full" in refused.value.log.splitlines()[-1]
    filler.unlink()
    serving = serve(environ=environ)
    with connected(serving.address) as stubs:
        for name in (*accepted, counting, building, interrupted):
            assert stubs.wait(name).state == SUCCEEDED, name
    assert serving.stop() == 0
    assert_whole(disk / "data" / "wharfinger.db")


def test_a_disk_that_reports_errors_is_told_and_got_over(tmp_path: Path, serve: Callable[..., Serving]) -> None:
    serving = serve()
    database = tmp_path / "data" / "wharfinger.db"
    with connected(serving.address) as stubs:
        stubs.wait(stubs.create("disk", "harbour.noop").name)
        largest = max(file.stat().st_size for file in database.parent.iterdir())
        resource.prlimit(serving.pid, resource.RLIMIT_FSIZE, (largest + 50_000, resource.RLIM_INFINITY))
        accepted, error = create_until_refused(stubs, "disk")
        refusal = told(error)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
        assert "its disk reports an error" in refusal.message
        resource.prlimit(serving.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for name in (*accepted, stubs.create("disk", "harbour.noop").name):
            assert stubs.wait(name).state == SUCCEEDED, name
    assert serving.stop() == 0
    assert_whole(database)
