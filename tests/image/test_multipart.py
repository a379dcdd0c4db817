"""S3: images of any size in one conditional step, and no upload, object or part left by anything that goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import botocore.session
import pytest
from tests.image.conftest import MIB, Bucket, House, image, remove, sha256
from tests.image.crashing import DyingSession
from tests.servers.sources import Reply

import wharfinger_image.clone_image as clone
import wharfinger_image.import_image as script
from wharfinger.runtime.stores import open_store
from wharfinger_image import places
from wharfinger_image.place import Look, Taken
from wharfinger_image.s3_place import S3Place

pytestmark = pytest.mark.lengthy

PART = 5 * MIB
DATA = image(2 * PART + MIB)


def client(bucket: Bucket) -> Any:
    """Return somebody else's client of the server."""
    known: dict[str, Any] = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
    return botocore.session.Session().create_client("s3", endpoint_url=bucket.endpoint, **known)


def somewhere(bucket: Bucket, name: str = "x", mark: str = "m" * 32) -> S3Place:
    """Return a place with small parts and copies."""
    store = open_store("s3", {"s3": bucket.table("pre")})
    found = places.place(store, name, mark, part=PART, copy=PART)
    assert isinstance(found, S3Place)
    return found


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    """Yield `data` in pieces that fit no part."""
    for at in range(0, len(data), 700_000):
        yield data[at : at + 700_000]


async def put(place: S3Place, data: bytes = DATA) -> None:
    """Give `data` the name of `place`."""
    await place.upload(pieces(data), len(data))
    await place.prepare(len(data))
    await place.publish()


async def test_an_image_of_several_parts_and_one_with_a_short_end_are_whole(bucket: Bucket) -> None:
    for name, data in (("x", DATA), ("y", DATA[: 2 * PART]), ("z", DATA[:10])):
        place = somewhere(bucket, name)
        await put(place, data)
        await place.discard()
        assert bucket.read(f"pre/{name}") == data
        assert await place.look() is Look.OURS
    assert (bucket.keys(), bucket.uploads()) == (["pre/x", "pre/y", "pre/z"], 0)


async def test_a_copy_is_made_in_as_many_parts_as_it_takes(bucket: Bucket) -> None:
    original, copy = somewhere(bucket), somewhere(bucket, "copy", "c" * 32)
    await put(original)
    await copy.prepare_copy(original, len(DATA), await original.e_tag())
    await copy.publish()
    await copy.discard()
    assert bucket.read("pre/copy") == DATA
    assert await copy.look() is Look.OURS
    assert bucket.uploads() == 0


async def test_a_name_that_is_taken_meanwhile_stays_as_it_is(bucket: Bucket) -> None:
    place = somewhere(bucket)
    await place.upload(pieces(DATA), len(DATA))
    await place.prepare(len(DATA))
    bucket.put("pre/x", b"theirs")
    with pytest.raises(Taken):
        await place.publish()
    await place.discard()
    assert bucket.read("pre/x") == b"theirs"
    assert bucket.uploads() == 0


async def test_what_an_upload_was_cut_short_of_is_taken_away(bucket: Bucket) -> None:
    place = somewhere(bucket)

    async def broken() -> AsyncIterator[bytes]:
        async for piece in pieces(DATA):
            yield piece
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await place.upload(broken(), len(DATA))
    assert len(bucket.keys()) > 1
    await place.discard()
    assert (bucket.keys(), bucket.uploads()) == ([], 0)


async def test_uploads_of_the_staging_key_are_aborted_whoever_began_them(bucket: Bucket) -> None:
    place = somewhere(bucket)
    for key in (place.staging, f"{place.staging}/condition"):
        client(bucket).create_multipart_upload(Bucket=bucket.name, Key=f"pre/{key}")
    bucket.put(f"pre/{place.staging}", b"staged by an older version")
    assert bucket.uploads() == 2
    await place.discard()
    assert (bucket.keys(), bucket.uploads()) == ([], 0)


async def test_the_upload_of_the_name_is_aborted_and_that_of_somebody_else_is_not(bucket: Bucket) -> None:
    theirs = client(bucket)
    before = theirs.create_multipart_upload(Bucket=bucket.name, Key="pre/x")["UploadId"]
    place = somewhere(bucket)
    await place.upload(pieces(DATA), len(DATA))
    await place.prepare(len(DATA))
    later = theirs.create_multipart_upload(Bucket=bucket.name, Key="pre/x")["UploadId"]
    await somewhere(bucket).discard()  # as whoever goes on after a crash
    left = theirs.list_multipart_uploads(Bucket=bucket.name)["Uploads"]
    assert {one["UploadId"] for one in left} == {before, later}
    assert bucket.keys() == []


async def test_an_upload_whose_id_nobody_heard_is_aborted(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = client(bucket)
    theirs.create_multipart_upload(Bucket=bucket.name, Key="pre/x")
    place = somewhere(bucket)
    await place.upload(pieces(DATA), len(DATA))
    noted = S3Place._put

    async def dies(self: S3Place, path: str, data: bytes) -> None:
        if b"upload" in data[:1000]:
            raise KeyError
        await noted(self, path, data)

    monkeypatch.setattr(S3Place, "_put", dies)
    with pytest.raises(KeyError):
        await place._begin_noted()
    monkeypatch.undo()
    assert bucket.uploads() == 2
    await somewhere(bucket).discard()
    assert bucket.uploads() == 1


async def test_what_is_kept_goes_as_far_as_there_is_no_gap(bucket: Bucket) -> None:
    from wharfinger_image.kept import Origin

    place, origin = somewhere(bucket), Origin("s", '"e"', len(DATA))
    await place.upload(pieces(DATA), len(DATA), origin=origin)
    kept = await place.kept()
    assert kept is not None
    assert (kept.position, kept.origin) == (len(DATA), origin)
    assert b"".join([bytes(piece) async for piece in place.reading(2 * PART)]) == DATA[: 2 * PART]
    bucket.delete(f"pre/{place._path(PART)}")
    kept = await place.kept()
    assert kept is not None
    assert kept.position == PART
    await place.upload(pieces(DATA[PART:]), len(DATA), start=PART, origin=origin)
    await place.prepare(len(DATA))
    await place.publish()
    assert bucket.read("pre/x") == DATA


@pytest.mark.parametrize("verb", ["intend", "created"])
@pytest.mark.parametrize("prefix", ["staging/", "object/"])
def test_an_import_that_died_and_is_undone_leaves_nothing(house: House, bucket: Bucket, verb: str, prefix: str) -> None:
    house.extra["s3"] = bucket.table()
    url = house.sources.serve("/image", Reply(DATA))
    trial = house.trial(script)
    died = trial.run({"source": url, "stores": "s3", "name": "x"}, session=DyingSession(verb, prefix, after=True))
    settled = trial.settle(died)
    for beginning in ("object/", "staging/"):
        settled = remove(trial, settled, beginning) if _has(settled, beginning) else settled
    assert {entry.state for entry in settled.ledger.values()} <= {"UNDONE", "NOT_CREATED"}
    assert (bucket.keys(), bucket.uploads()) == ([], 0)


def _has(done: Any, beginning: str) -> bool:
    return any(key.startswith(beginning) and one.state == "CREATED" for key, one in done.ledger.items())


def test_a_clone_in_the_bucket_that_died_and_is_undone_leaves_the_original(house: House, bucket: Bucket) -> None:
    house.extra["s3"] = bucket.table()
    bucket.put("x", DATA)
    trial = house.trial(clone)
    params = {"from_store": "s3", "name": "x", "to_store": "s3", "to_name": "y"}
    died = trial.run(params, session=DyingSession("intend", "object/", after=False))
    assert bucket.uploads() == 1
    remove(trial, trial.settle(died), "staging/")
    assert (bucket.keys(), bucket.uploads()) == (["x"], 0)


async def test_a_cancellation_in_the_middle_of_staging_leaves_no_entry(
    house: House, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wharfinger.testing import Done, MemorySession, Stop

    class Slow(MemorySession):
        def __init__(self) -> None:
            super().__init__(Done())
            self.begun = asyncio.Event()

        async def intend(self, intents: Any) -> Any:
            entries = await super().intend(intents)
            self.begun.set()
            await asyncio.sleep(0.05)  # the commit takes its time; the cancellation comes within it
            return entries

    house.extra["s3"] = bucket.table()
    url = house.sources.serve("/image", Reply(DATA))
    stop, session = Stop(), Slow()
    params = {"source": url, "stores": "s3", "name": "x"}
    running = asyncio.ensure_future(house.trial(script).run_async(params, stop=stop, session=session))
    await session.begun.wait()
    stop.request("enough")
    running.cancel()
    done = await running
    assert done.stopped
    assert {entry.state for entry in done.ledger.values()} == {"UNDONE"}
    assert (bucket.keys(), bucket.uploads()) == ([], 0)


def test_the_result_of_an_import_into_s3_is_what_it_was(house: House, bucket: Bucket) -> None:
    house.extra["s3"] = bucket.table("deep/down")
    url = house.sources.serve("/image", Reply(DATA))
    done = house.trial(script).run({"source": url, "stores": "s3", "name": "a/b"})
    assert done.result["sha256"] == sha256(DATA)
    assert bucket.read("deep/down/a/b") == DATA
    assert bucket.uploads() == 0


@pytest.mark.parametrize("module", [script, clone], ids=["import", "clone"])
def test_what_a_store_takes_back_at_once_is_no_success(
    house: House, bucket: Bucket, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.extra["s3"] = bucket.table()
    bucket.put("original", DATA)
    url = house.sources.serve("/image", Reply(DATA))
    publish = S3Place.publish

    async def forgetful(self: S3Place, *, replace: bool = False) -> None:
        await publish(self, replace=replace)
        bucket.delete("x")

    monkeypatch.setattr(S3Place, "publish", forgetful)
    params = {"source": url, "stores": "s3", "name": "x"}
    if module is clone:
        params = {"from_store": "s3", "name": "original", "to_store": "s3", "to_name": "x"}
    done = house.trial(module).run(params)
    assert (done.failure.reason, done.failure.metadata["cause"]) == ("STORE_UNAVAILABLE", "gone")
    assert (bucket.keys(), bucket.uploads()) == (["original"], 0)
