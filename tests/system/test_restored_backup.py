"""An older backup is restored while watchers are away: none goes on by a number at which something else stands now."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import grpc
import pytest
from tests.rpc.wire import Stubs, connected, refused
from tests.servers.serving import Serving

import wharfinger
from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

BEAT = {"nanos": 100_000_000}


def _run(stubs: Stubs, name: str, script: str = "harbour.noop", **params: object) -> None:
    stubs.wait(stubs.create("quay", script, task_id=name, params=params).name)


def _feed_token(stubs: Stubs) -> bytes:
    watch = v1.WatchTasksRequest(parent="projects/quay", heartbeat_interval=BEAT)
    return next(iter(stubs.tasks.WatchTasks(watch, timeout=20))).resume_token


def _task_token(stubs: Stubs, name: str) -> bytes:
    watch = v1.WatchTaskRequest(name=f"projects/quay/tasks/{name}")
    return list(stubs.tasks.WatchTask(watch, timeout=20))[-1].resume_token


def test_positions_of_what_was_undone_by_a_restore_are_refused(tmp_path: Path) -> None:
    database, backup = tmp_path / "data" / "wharfinger.db", tmp_path / "backup.db"
    serving = Serving(tmp_path)
    try:
        with connected(serving.address) as stubs:
            _run(stubs, "kept")
            good_feed, good_task = _feed_token(stubs), _task_token(stubs, "kept")
            with sqlite3.connect(database) as connection:
                connection.execute("VACUUM INTO ?", (str(backup),))
            connection.close()
            _run(stubs, "t", "harbour.count", steps=2)
            lost_feed, lost_task = _feed_token(stubs), _task_token(stubs, "t")
        serving.stop()
        for left in database.parent.glob("wharfinger.db*"):
            left.unlink()
        backup.rename(database)
        serving = Serving(tmp_path)
        with connected(serving.address) as stubs:
            watch = v1.WatchTasksRequest(parent="projects/quay", heartbeat_interval=BEAT, resume_token=lost_feed)
            told = refused(stubs.tasks.WatchTasks, watch)
            assert (told.code, told.reason) == (grpc.StatusCode.OUT_OF_RANGE, "RESUME_TOKEN_TOO_OLD")
            for n in range(3):  # now the feed is longer than it was, and other events stand there
                _run(stubs, f"new{n}", "harbour.count", steps=3)
            told = refused(stubs.tasks.WatchTasks, watch)
            assert (told.code, told.reason) == (grpc.StatusCode.OUT_OF_RANGE, "RESUME_TOKEN_TOO_OLD")
            _run(stubs, "t", "harbour.count", steps=9)
            same = v1.WatchTaskRequest(name="projects/quay/tasks/t", resume_token=lost_task)
            assert refused(stubs.tasks.WatchTask, same).reason == "RESUME_TOKEN_INVALID"  # another task of the name
            watch.resume_token = good_feed
            found = next(iter(stubs.tasks.WatchTasks(watch, timeout=20))).events.events
            assert (found[0].task, found[0].sequence) == ("projects/quay/tasks/new0", 1)
            kept = v1.WatchTaskRequest(name="projects/quay/tasks/kept", resume_token=good_task)
            assert list(stubs.tasks.WatchTask(kept, timeout=20))
        with wharfinger.Client(serving.address, project="quay") as client:
            with pytest.raises(wharfinger.OutOfRange, match="a backup"):
                next(iter(client.watch_project(resume_token=lost_feed, timeout=20)))
            with pytest.raises(wharfinger.OutOfRange, match="none of the number"):
                next(iter(client.watch("kept", after=1000, timeout=20)))
    finally:
        serving.kill()
