"""Importing into stores that refuse: the right reason, what is not ours untouched, and the other stores completed."""

from __future__ import annotations

import os
import resource
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.image.conftest import MIB, Bucket, House, files, image, sha256
from tests.servers.sources import Reply

import wharfinger_image.import_image as script
from wharfinger_image.placing import Placing

pytestmark = pytest.mark.processes

DATA = image(6 * MIB)


@pytest.fixture
def url(house: House) -> str:
    """A source that is as it should be."""
    return house.sources.serve("/image", Reply(DATA))


def states(done: object) -> dict[str, str]:
    """Return the state of each entry."""
    return {entry.key: entry.state for entry in done.ledger.values()}  # type: ignore[attr-defined]


def test_an_object_that_exists_is_neither_replaced_nor_deleted(house: House, bucket: Bucket, url: str) -> None:
    theirs = house.folder("first") / "x"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    bucket.put("x", b"theirs")
    house.extra["s3"] = bucket.table()
    done = house.trial(script).run({"source": url, "stores": ["first", "s3"], "name": "x"})
    assert (done.failure.code, done.failure.reason) == (6, "OBJECT_EXISTS")
    assert done.failure.metadata == {"store": "first", "object": "x"}
    assert theirs.read_bytes() == bucket.read("x") == b"theirs"
    assert done.ledger == {}
    assert house.sources.requests == []


@pytest.mark.parametrize("kind", ["folder", "s3", "memory"])
def test_a_name_taken_during_the_download_is_left_to_who_took_it(
    house: House, bucket: Bucket, url: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.extra["s3"] = bucket.table()
    house.extra["memory"] = {"url": f"memory://{bucket.name}"}
    store = {"folder": "first"}.get(kind, kind)
    trial = house.trial(script)
    publish = Placing._publish

    async def late(self: object, place: object, **options: object) -> None:
        if kind == "memory":
            import obstore

            obstore.put(place.store.raw, "x", b"theirs")  # type: ignore[attr-defined]
        elif kind == "s3":
            bucket.put("x", b"theirs")
        else:
            (house.folder("first") / "x").write_bytes(b"theirs")
        await publish(self, place, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Placing, "_publish", late)
    done = trial.run({"source": url, "stores": store, "name": "x"})
    assert done.failure.reason == "OBJECT_EXISTS"
    assert states(done) == {f"object/{store}/x": "NOT_CREATED", f"staging/{store}/x": "UNDONE"}
    if kind == "s3":
        assert bucket.keys() == ["x"]
        assert bucket.uploads() == 0
        assert bucket.read("x") == b"theirs"
    elif kind == "folder":
        assert files(house.root) == ["first/x"]
        assert (house.folder("first") / "x").read_bytes() == b"theirs"


def test_an_unknown_store_fails_before_anything_is_read(house: House, url: str) -> None:
    done = house.trial(script).run({"source": url, "stores": ["first", "nowhere"], "name": "x"})
    assert (done.failure.code, done.failure.reason) == (5, "UNKNOWN_STORE")
    assert house.sources.requests == []


@pytest.mark.parametrize("leads", ["name", "folder", "home"])
def test_a_link_that_leads_out_of_a_folder_is_not_followed(house: House, url: str, leads: str) -> None:
    outside = house.root / "outside"
    outside.mkdir()
    (outside / "x").write_bytes(b"theirs")
    folder = house.folder("first")
    folder.mkdir(parents=True)
    place, target = {
        "name": (folder / "deep" / "x", outside / "x"),
        "folder": (folder / "deep", outside),
        "home": (folder / ".wharfinger", outside),
    }[leads]
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(target)
    done = house.trial(script).run({"source": url, "stores": ["first"], "name": "deep/x"})
    assert (done.failure.code, done.failure.reason) == (7, "PERMISSION_DENIED")
    assert "a link leads" in done.failure.message
    assert files(outside) == ["x"]
    assert (outside / "x").read_bytes() == b"theirs"


def test_a_link_within_a_folder_is_followed(house: House, url: str) -> None:
    folder = house.folder("first")
    (folder / "disk-1").mkdir(parents=True)
    (folder / "deep").symlink_to(folder / "disk-1")
    house.trial(script).run({"source": url, "stores": ["first"], "name": "deep/x"})
    assert (folder / "disk-1" / "x").read_bytes() == DATA


def test_when_the_second_store_fails_the_first_is_complete_and_listed(house: House, bucket: Bucket, url: str) -> None:
    house.extra["s3"] = {**bucket.table(), "url": "s3://no-such-bucket-anywhere/"}
    done = house.trial(script).run({"source": url, "stores": ["first", "s3"], "name": "x"})
    assert (done.failure.code, done.failure.reason) == (7, "STORE_REFUSED")
    assert "'s3' has no such bucket" in done.failure.message
    assert "Complete: first/x" in done.failure.message
    assert states(done) == {"object/first/x": "CREATED", "staging/first/x": "UNDONE", "staging/s3/x": "UNDONE"}
    assert done.plan == ["object/first/x", "object/s3/x"]
    assert (house.folder("first") / "x").read_bytes() == DATA
    assert any("'s3' has no such bucket" in line for line in done.lines)


def test_a_resumed_import_downloads_only_for_the_store_that_failed(house: House, bucket: Bucket, url: str) -> None:
    house.extra["s3"] = {**bucket.table(), "url": f"s3://{bucket.name}-later/"}
    params = {"source": url, "stores": ["first", "s3"], "name": "x"}
    done = house.trial(script).run(params)
    assert done.failure.reason == "STORE_REFUSED"
    house.extra["s3"] = bucket.table()
    again = house.trial(script).run(after=done)
    assert again.result["sha256"] == sha256(DATA)
    assert {key: state for key, state in states(again).items() if key.startswith("object/")} == {
        "object/first/x": "CREATED",
        "object/s3/x": "CREATED",
    }
    assert bucket.read("x") == DATA


def test_a_source_that_changed_before_the_resumption_is_not_mixed_in(house: House, bucket: Bucket, url: str) -> None:
    house.extra["s3"] = {**bucket.table(), "url": f"s3://{bucket.name}-later/"}
    done = house.trial(script).run({"source": url, "stores": ["first", "s3"], "name": "x"})
    house.extra["s3"] = bucket.table()
    house.sources.serve("/image", Reply(image(MIB, seed=9)))
    again = house.trial(script).run(after=done)
    assert again.failure.reason == "CHECKSUM_MISMATCH"
    assert "changed since" in again.failure.message
    assert bucket.keys() == []
    assert states(again)["object/first/x"] == "CREATED"


def test_a_store_that_does_not_answer_is_unavailable(house: House, bucket: Bucket, url: str) -> None:
    house.extra["s3"] = {**bucket.table(), "endpoint": "http://127.0.0.1:1", "max_retries": 0}
    done = house.trial(script).run({"source": url, "stores": "s3", "name": "x"})
    assert (done.failure.code, done.failure.reason, done.failure.retryable) == (14, "STORE_UNAVAILABLE", True)


@pytest.fixture
def locked(s3_endpoint: str) -> Iterator[None]:
    """The S3-compatible server knows nobody's credentials."""

    def allow(count: str) -> None:
        address = f"{s3_endpoint}/moto-api/reset-auth"
        request = urllib.request.Request(address, count.encode(), {"Content-Type": "text/plain"})
        urllib.request.urlopen(request).close()

    allow("0")
    yield
    allow("inf")


def test_wrong_credentials_are_refused_and_not_told(house: House, bucket: Bucket, url: str, locked: None) -> None:
    house.extra["s3"] = bucket.table(secret_access_key="hunter2")
    done = house.trial(script).run({"source": url, "stores": "s3", "name": "x"})
    assert (done.failure.code, done.failure.reason) == (7, "STORE_REFUSED")
    assert "hunter2" not in repr(done.failure)


def mounted(folder: Path, options: str) -> bool:
    """Mount a file system in memory at `folder` if we may."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def full(house: House) -> Iterator[None]:
    """The folder of the second store is on a disk of 3 MiB; without the right to mount, files may have 3 MiB."""
    if mounted(house.folder("second"), "size=3m"):
        yield
        subprocess.run(["umount", str(house.folder("second"))], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * MIB, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_fails_with_no_room_and_leaves_none_of_it(house: House, url: str, full: None) -> None:
    done = house.trial(script).run({"source": url, "stores": "second", "name": "x"})
    assert (done.failure.code, done.failure.reason) == (8, "STORE_FULL")
    assert "no room" in done.failure.message
    assert files(house.folder("second")) == []
    assert states(done) == {"staging/second/x": "UNDONE"}


@pytest.fixture
def read_only(house: House) -> Iterator[None]:
    """The folder of the second store can't be written to."""
    folder = house.folder("second")
    if os.geteuid():
        folder.mkdir(parents=True, mode=0o500)
        yield
        folder.chmod(0o700)
        return
    if not mounted(folder, "size=1m"):
        pytest.skip("root may write anywhere, and may not mount a read-only file system here")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    yield
    subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_folder_refuses_and_the_other_store_is_complete(house: House, url: str, read_only: None) -> None:
    done = house.trial(script).run({"source": url, "stores": ["second", "first"], "name": "x"})
    assert (done.failure.code, done.failure.reason) == (7, "STORE_REFUSED")
    assert done.failure.metadata["store"] == "second"
    assert (house.folder("first") / "x").read_bytes() == DATA


def test_wrong_settings_name_the_option(house: House, url: str) -> None:
    for option, value in (("max_size", "many"), ("allow_sources", "127.0.0.1:80"), ("idle_timout", 3), ("retries", -1)):
        done = house.trial(script, **{option: value}).run({"source": url, "stores": "first", "name": "x"})
        assert (done.failure.code, done.failure.reason) == (9, "SETTINGS_INVALID")
        assert done.failure.message.startswith(f"[image] {option}:")
