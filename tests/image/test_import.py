"""Importing images that are as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.image.conftest import MIB, Bucket, House, files, image, sha256, undo
from tests.servers import qcow2
from tests.servers.sources import Reply, redirect

import wharfinger_image.import_image as script


def test_an_image_comes_whole_into_a_folder(house: House) -> None:
    data = image(9 * MIB + 7)
    url = house.sources.serve("/image", Reply(data))
    done = house.trial(script).run({"source": url, "stores": "first", "name": "linux.raw"})
    assert done.result == {
        "name": "linux.raw",
        "size": len(data),
        "sha256": sha256(data),
        "objects": [{"store": "first", "path": "linux.raw"}],
    }
    assert (house.folder("first") / "linux.raw").read_bytes() == data
    assert files(house.folder("first")) == ["linux.raw"]


def test_the_ledger_has_the_object_and_nothing_else_alive(house: House) -> None:
    url = house.sources.serve("/image", Reply(image(MIB)))
    done = house.trial(script).run({"source": url, "stores": ["first", "second"], "name": "a/b.raw"})
    states = {entry.key: (entry.type, entry.state, entry.external_id) for entry in done.ledger.values()}
    assert states == {
        "object/first/a/b.raw": ("image.file", "CREATED", "first/a/b.raw"),
        "object/second/a/b.raw": ("image.file", "CREATED", "second/a/b.raw"),
        "staging/first/a/b.raw": ("image.staging", "UNDONE", states["staging/first/a/b.raw"][2]),
        "staging/second/a/b.raw": ("image.staging", "UNDONE", states["staging/second/a/b.raw"][2]),
    }
    assert done.plan == ["object/first/a/b.raw", "object/second/a/b.raw"]


def test_two_stores_are_filled_from_one_download(house: House) -> None:
    data = image(5 * MIB)
    url = house.sources.serve("/image", Reply(data))
    house.trial(script).run({"source": url, "stores": ["first", "second"], "name": "x"}).result  # noqa: B018
    assert (house.folder("first") / "x").read_bytes() == (house.folder("second") / "x").read_bytes() == data
    assert len(house.sources.requests) == 1


@pytest.mark.lengthy
def test_a_folder_and_a_bucket_are_filled_from_one_download(house: House, bucket: Bucket) -> None:
    data = image(18 * MIB)
    url = house.sources.serve("/image", Reply(data))
    house.extra["s3"] = bucket.table("images")
    done = house.trial(script).run({"source": url, "stores": ["first", "s3"], "name": "x.raw", "sha256": sha256(data)})
    assert [made["store"] for made in done.result["objects"]] == ["first", "s3"]
    assert bucket.keys() == ["images/x.raw"]
    assert bucket.read("images/x.raw") == (house.folder("first") / "x.raw").read_bytes() == data
    assert bucket.uploads() == 0


def test_a_qcow2_image_is_sound_when_it_arrives(house: House, tmp_path: Path) -> None:
    path = tmp_path / "disk.qcow2"
    qcow2.write(path, 20 * MIB)
    url = house.sources.serve("/disk.qcow2", Reply(path))
    house.trial(script).run({"source": url, "stores": "first", "name": "disk.qcow2"}).result  # noqa: B018
    assert qcow2.check(house.folder("first") / "disk.qcow2") == 20 * MIB // qcow2.CLUSTER


def test_a_source_without_a_length_is_taken_in_chunks(house: House) -> None:
    data = image(3 * MIB)
    url = house.sources.serve("/image", Reply(data, chunked=True))
    done = house.trial(script).run({"source": url, "stores": "first", "name": "x"})
    assert (done.result["size"], done.result["sha256"]) == (len(data), sha256(data))


def test_redirects_are_followed(house: House) -> None:
    data = image(MIB)
    house.sources.serve("/image", Reply(data))
    house.sources.serve("/there", redirect("/image", 307))
    url = house.sources.serve("/here", redirect(house.sources.url("/there"), 301))
    done = house.trial(script).run({"source": url, "stores": "first", "name": "x"})
    assert done.result["sha256"] == sha256(data)


def test_an_expected_checksum_may_be_in_capitals(house: House) -> None:
    data = image(MIB)
    url = house.sources.serve("/image", Reply(data))
    params = {"source": url, "stores": "first", "name": "x", "sha256": sha256(data).upper()}
    assert house.trial(script).run(params).result["sha256"] == sha256(data)


def test_progress_counts_bytes_up_to_the_total(house: House) -> None:
    url = house.sources.serve("/image", Reply(image(4 * MIB), rate=8 * MIB))
    done = house.trial(script).run({"source": url, "stores": "first", "name": "x"})
    seen = [report for report in done.progress if report.step == "download"]
    assert seen[-1].done == seen[-1].total == 4 * MIB
    assert seen[-1].unit == "bytes"
    assert len(seen) >= 4
    assert [report.done for report in seen] == sorted(report.done for report in seen)


def test_undoing_an_import_deletes_its_objects_and_needs_nothing_the_second_time(house: House, bucket: Bucket) -> None:
    url = house.sources.serve("/image", Reply(image(MIB)))
    house.extra["s3"] = bucket.table("images")
    trial = house.trial(script)
    done = trial.run({"source": url, "stores": ["first", "s3"], "name": "x"})
    for _ in range(2):
        undone = undo(trial, done)
        assert {entry.state for entry in undone.ledger.values()} == {"UNDONE"}
        assert list(house.folder("first").rglob("*")) == []
        assert bucket.get("?list-type=2").count("<Key>") == 0


@pytest.mark.lengthy
def test_undo_leaves_what_somebody_put_in_the_place_of_the_object(house: House, bucket: Bucket) -> None:
    url = house.sources.serve("/image", Reply(image(MIB)))
    house.extra["s3"] = bucket.table("images")
    trial = house.trial(script)
    done = trial.run({"source": url, "stores": ["first", "s3"], "name": "x"})
    theirs = house.folder("first") / "x"
    theirs.unlink()
    theirs.write_bytes(b"somebody else's")
    bucket.put("images/x", b"somebody else's")
    undo(trial, done)
    assert theirs.read_bytes() == bucket.read("images/x") == b"somebody else's"
