"""An import that died goes on at the last durable byte, if the source allows; all bytes are checked all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.image.conftest import MIB, Bucket, House, files, image, sha256
from tests.servers.sources import Reply

import wharfinger_image.export_image as export
import wharfinger_image.import_image as script
from wharfinger.runtime.protocol import Entry, Intent, LeaseLost, Progress
from wharfinger.testing import Done, MemorySession, Trial
from wharfinger_image import folder as folders
from wharfinger_image.folder import FolderPlace

pytestmark = pytest.mark.lengthy

DATA = image(24 * MIB)


class Dying(MemorySession):
    """A process that dies in mid-upload, once `at` bytes have gone by: nothing is reported any more, nor cleaned up."""

    def __init__(self, at: int) -> None:
        super().__init__(Done())
        self._at = at
        self.dead = asyncio.Event()

    def progress(self, progress: Progress) -> None:
        """As MemorySession."""
        super().progress(progress)
        if progress.done and progress.done >= self._at:
            self.lease_lost = True
            self.dead.set()

    async def intend(self, intents: list[Intent]) -> list[Entry]:  # type: ignore[override]
        """As MemorySession."""
        return await super().intend(intents)


async def died(trial: Trial, params: dict[str, Any], at: int) -> Done:
    """Run until `at` bytes have gone by, and die."""
    session = Dying(at)
    running = asyncio.ensure_future(trial.run_async(params, session=session))
    await session.dead.wait()
    running.cancel()
    try:
        return await running
    except (LeaseLost, asyncio.CancelledError):
        return session.done


def go_on(trial: Trial, done: Done) -> Done:
    """Settle, and run again, as a server does after a crash."""
    session = MemorySession(Done())
    return trial.run(after=trial.settle(done), session=session)


def starts(house: House) -> list[int]:
    """Return from which byte on each request asked."""
    return [int(seen.headers.get("Range", "bytes=0-")[6:-1]) for seen in house.sources.requests]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written to folders is synced every 2 MiB."""
    monkeypatch.setattr(folders, "_SYNC_EVERY", 2 * MIB)


@pytest.mark.parametrize("stores", [["s3"], ["first"], ["first", "s3"], ["s3", "memory"]], ids="+".join)
def test_an_import_that_died_asks_for_the_rest_only(house: House, bucket: Bucket, stores: list[str]) -> None:
    house.extra |= {"s3": bucket.table(), "memory": {"url": f"memory://{bucket.name}"}}
    url = house.sources.serve("/image", Reply(DATA, hang_after=17 * MIB), Reply(DATA))
    trial = house.trial(script)
    done = asyncio.run(died(trial, {"source": url, "stores": stores, "name": "x"}, 16 * MIB))
    again = go_on(trial, done)
    assert again.result["sha256"] == sha256(DATA)
    asked = starts(house)
    assert len(asked) == 2
    assert asked[0] == 0
    assert 2 * MIB <= asked[1] <= 17 * MIB
    assert any("going on at byte" in line for line in again.lines)
    if "s3" in stores:
        assert bucket.read("x") == DATA
        assert (bucket.keys(), bucket.uploads()) == (["x"], 0)
    if "first" in stores:
        assert (house.folder("first") / "x").read_bytes() == DATA
        assert files(house.root) == ["first/x"]
    assert {entry.state for entry in again.ledger.values()} == {"CREATED", "UNDONE"}


@pytest.mark.parametrize(
    "then",
    [Reply(image(24 * MIB, 2), etag='"two"'), Reply(DATA, ranges=False), Reply(DATA, etag="")],
    ids=["another image", "no ranges", "no etag"],
)
def test_a_source_that_can_not_go_on_is_read_anew(house: House, bucket: Bucket, then: Reply) -> None:
    house.extra["s3"] = bucket.table()
    etag = then.etag and '"one"'
    url = house.sources.serve("/image", Reply(DATA, hang_after=17 * MIB, etag=etag), then)
    trial = house.trial(script)
    done = asyncio.run(died(trial, {"source": url, "stores": ["first", "s3"], "name": "x"}, 16 * MIB))
    again = go_on(trial, done)
    assert isinstance(then.body, bytes)
    assert again.result["sha256"] == sha256(then.body)
    assert bucket.read("x") == (house.folder("first") / "x").read_bytes() == then.body
    assert (bucket.keys(), bucket.uploads(), files(house.root)) == (["x"], 0, ["first/x"])


def test_what_was_kept_and_is_damaged_is_found_out_by_the_checksum(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA, hang_after=17 * MIB), Reply(DATA))
    trial = house.trial(script)
    params = {"source": url, "stores": "first", "name": "x", "sha256": sha256(DATA)}
    done = asyncio.run(died(trial, params, 16 * MIB))
    [kept] = house.folder("first").rglob("*.part")
    with kept.open("r+b") as file:
        file.write(b"damaged")
    again = go_on(trial, done)
    assert again.failure.reason == "CHECKSUM_MISMATCH"
    assert files(house.root) == []


def test_only_what_was_synced_is_gone_on_from(house: House, tmp_path: Path) -> None:
    url = house.sources.serve("/image", Reply(DATA, hang_after=17 * MIB), Reply(DATA))
    trial = house.trial(script)
    done = asyncio.run(died(trial, {"source": url, "stores": "first", "name": "x"}, 16 * MIB))
    [note] = house.folder("first").rglob("*.kept")
    position = int(note.read_bytes().partition(b"\n")[0])
    [kept] = house.folder("first").rglob("*.part")
    with kept.open("r+b") as file:  # as after a power cut: what was not synced is something else
        file.seek(position)
        file.write(bytes(8 * MIB))
    assert go_on(trial, done).result["sha256"] == sha256(DATA)
    assert starts(house)[1] == position


def test_an_import_that_died_and_then_fails_leaves_nothing(house: House, bucket: Bucket) -> None:
    house.extra["s3"] = bucket.table()
    url = house.sources.serve("/image", Reply(DATA, hang_after=17 * MIB), Reply(status=404))
    trial = house.trial(script)
    done = asyncio.run(died(trial, {"source": url, "stores": ["first", "s3"], "name": "x"}, 16 * MIB))
    assert bucket.keys()
    again = go_on(trial, done)
    assert again.failure.metadata["status"] == "404"
    assert {entry.state for entry in again.ledger.values()} == {"UNDONE"}
    assert (bucket.keys(), bucket.uploads(), files(house.root)) == ([], 0, [])


def test_an_export_goes_on_in_the_middle_of_its_object(house: House, bucket: Bucket) -> None:
    house.extra["s3"] = bucket.table()
    folder = house.folder("first")
    folder.mkdir(parents=True)
    (folder / "x").write_bytes(DATA)
    trial = house.trial(export)
    done = asyncio.run(died(trial, {"store": "first", "name": "x", "to": "s3"}, 12 * MIB))
    again = go_on(trial, done)
    assert again.result["sha256"] == sha256(DATA)
    assert bucket.read("x") == DATA
    assert any("going on at byte" in line for line in again.lines)


def test_a_folder_whose_partial_file_is_gone_begins_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    url = house.sources.serve("/image", Reply(DATA, hang_after=17 * MIB), Reply(DATA))
    trial = house.trial(script)
    done = asyncio.run(died(trial, {"source": url, "stores": "first", "name": "x"}, 16 * MIB))
    whole = FolderPlace.kept

    async def gone(self: FolderPlace) -> Any:
        found = await whole(self)
        self._partial.unlink()  # between the look and the reading
        return found

    monkeypatch.setattr(FolderPlace, "kept", gone)
    again = go_on(trial, done)
    assert again.result["sha256"] == sha256(DATA)
