"""Imports that die, at every report and at random moments, and go on: one whole object in the end, and nothing else."""

from __future__ import annotations

import asyncio
import json
import pickle
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.image.conftest import MIB, Bucket, House, files, image, sha256
from tests.image.crashing import DyingSession
from tests.servers.sources import Reply

import wharfinger_image.import_image as script
from wharfinger.runtime.protocol import Progress
from wharfinger.testing import Done, MemorySession, Stop, Trial

pytestmark = pytest.mark.processes

DATA = image(6 * MIB)

REPORTS = [
    ("memo", "mark"),
    ("intend", "staging/"),
    ("created", "staging/"),
    ("memo", "content"),
    ("intend", "object/"),
    ("created", "object/"),
    ("removing", "staging/"),
    ("removed", "staging/"),
]


def states(done: Done) -> set[tuple[str, str]]:
    """Return (key, state) of every entry."""
    return {(entry.key, entry.state) for entry in done.ledger.values()}


def go_on(trial: Trial, done: Done) -> Done:
    """Settle and run again, as a server does after a crash."""
    return trial.run(after=trial.settle(done))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("verb", "prefix"), REPORTS, ids=[f"{verb} {prefix}" for verb, prefix in REPORTS])
@pytest.mark.parametrize("store", ["first", "s3"])
def test_an_import_that_died_at_a_report_goes_on_to_one_whole_object(
    house: House, bucket: Bucket, store: str, verb: str, prefix: str, after: bool
) -> None:
    house.extra["s3"] = bucket.table()
    url = house.sources.serve("/image", Reply(DATA))
    trial = house.trial(script)
    session = DyingSession(verb, prefix, after=after)
    died = trial.run({"source": url, "stores": store, "name": "x"}, session=session)
    assert session.died
    assert died.outcome is None
    again = go_on(trial, died)
    assert again.result["sha256"] == sha256(DATA)
    assert states(again) == {(f"object/{store}/x", "CREATED"), (f"staging/{store}/x", "UNDONE")}
    if store == "s3":
        assert (bucket.keys(), bucket.uploads()) == (["x"], 0)
        assert bucket.read("x") == DATA
    else:
        assert files(house.root) == ["first/x"]
        assert (house.folder("first") / "x").read_bytes() == DATA


@pytest.mark.parametrize(("verb", "prefix"), REPORTS[4:])
def test_what_is_uploaded_whole_is_not_downloaded_again(house: House, verb: str, prefix: str) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    trial = house.trial(script)
    died = trial.run(
        {"source": url, "stores": ["first", "second"], "name": "x"}, session=DyingSession(verb, prefix, after=True)
    )
    assert go_on(trial, died).result["sha256"] == sha256(DATA)
    assert len(house.sources.requests) == 1


def test_a_name_taken_after_a_crash_is_left_to_who_took_it(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    trial = house.trial(script)
    died = trial.run(
        {"source": url, "stores": "first", "name": "x"}, session=DyingSession("intend", "object/", after=True)
    )
    theirs = house.folder("first") / "x"
    theirs.write_bytes(b"theirs")
    again = go_on(trial, died)
    assert again.failure.reason == "OBJECT_EXISTS"
    assert theirs.read_bytes() == b"theirs"


def test_find_does_not_guess_about_an_object_without_any_mark(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    trial = house.trial(script)
    died = trial.run(
        {"source": url, "stores": "first", "name": "x"}, session=DyingSession("created", "object/", after=False)
    )
    for path in (house.folder("first") / ".wharfinger").rglob("*"):
        if path.is_file():
            path.unlink()
    settled = trial.settle(died)
    assert settled.ledger["object/first/x"].state == "UNCERTAIN"
    assert settled.found[0].ids is None


def test_an_import_killed_at_random_moments_ends_in_one_whole_object(house: House, tmp_path: Path) -> None:
    url = house.sources.serve("/image", Reply(DATA, rate=24 * MIB))
    trial = house.trial(script)
    asked = {
        "params": {"source": url, "stores": ["first", "second"], "name": "x"},
        "stores": trial.stores,
        "settings": trial.settings,
        "ledger": str(tmp_path / "ledger"),
    }
    chance = random.Random(11)
    kills = 0
    for _ in range(20):
        child = subprocess.Popen([sys.executable, "-m", "tests.image.crashing", json.dumps(asked)])
        wait_for_ledger(tmp_path / "ledger", child)
        try:
            if child.wait(chance.uniform(0.0, 0.35) if kills < 6 else 30) == 0:
                break
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
        died = pickle.loads((tmp_path / "ledger").read_bytes())
        settled = trial.settle(died)
        for entry in settled.ledger.values():
            whole = house.root / entry.external_id
            if entry.type == "image.file" and entry.state == "CREATED":
                assert whole.read_bytes() == DATA
            elif entry.type == "image.file":
                assert not whole.exists()
        (tmp_path / "ledger").write_bytes(pickle.dumps(settled))
    done = pickle.loads((tmp_path / "ledger").read_bytes())
    assert done.result["sha256"] == sha256(DATA)
    assert kills
    assert files(house.root) == ["first/x", "second/x"]
    assert {state for _, state in states(done)} == {"CREATED", "UNDONE"}


def wait_for_ledger(path: Path, child: subprocess.Popen[bytes]) -> None:
    """Wait until the child has begun: its ledger is new."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and child.poll() is None:
        if path.exists() and path.stat().st_mtime_ns != before:
            return
        time.sleep(0.01)


# ---------------------------------------------------------------- stopping


def test_a_cancelled_import_leaves_nothing(house: House, bucket: Bucket) -> None:
    house.extra["s3"] = bucket.table()
    url = house.sources.serve("/image", Reply(image(40 * MIB), rate=20 * MIB))
    done = asyncio.run(_cancelled(house.trial(script), {"source": url, "stores": ["first", "s3"], "name": "x"}))
    assert done.stopped
    assert {entry.state for entry in done.ledger.values()} == {"UNDONE"}
    assert files(house.root) == []
    assert (bucket.keys(), bucket.uploads()) == ([], 0)


async def _cancelled(trial: Trial, params: dict[str, object]) -> Done:
    stop, session = Stop(), Telling()
    running = asyncio.ensure_future(trial.run_async(params, stop=stop, session=session))
    await session.begun.wait()
    stop.request("enough")
    running.cancel()
    return await running


class Telling(MemorySession):
    """Tells when the first bytes have come."""

    def __init__(self) -> None:
        super().__init__(Done())
        self.begun = asyncio.Event()

    def progress(self, progress: Progress) -> None:
        """As MemorySession."""
        super().progress(progress)
        if progress.done:
            self.begun.set()
