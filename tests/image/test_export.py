"""Exporting images to stores and folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.image.conftest import MIB, Bucket, House, files, image, sha256, undo

import wharfinger_image.export_image as script

DATA = image(9 * MIB)


@pytest.fixture
def stored(house: House) -> House:
    """The first store has the image `x.raw`, put there by somebody."""
    house.folder("first").mkdir(parents=True)
    (house.folder("first") / "x.raw").write_bytes(DATA)
    return house


def test_an_image_is_exported_to_a_store(stored: House, bucket: Bucket) -> None:
    stored.extra["outside"] = bucket.table("exports")
    done = stored.trial(script).run({"store": "first", "name": "x.raw", "to": "outside"})
    assert done.result == {
        "name": "x.raw",
        "size": len(DATA),
        "sha256": sha256(DATA),
        "objects": [{"store": "outside", "path": "x.raw"}],
    }
    assert bucket.read("exports/x.raw") == DATA
    assert done.plan == ["object/outside/x.raw"]


def test_an_image_is_exported_from_a_bucket_to_an_allowed_folder(house: House, bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("images/a/x.raw", DATA)
    house.extra["s3"] = bucket.table("images")
    exports = tmp_path / "exports"
    trial = house.trial(script, export_folders=[str(exports)])
    done = trial.run({"store": "s3", "name": "a/x.raw", "to": str(exports / "today")})
    assert (exports / "today" / "a" / "x.raw").read_bytes() == DATA
    assert done.result["objects"] == [{"store": str(exports / "today"), "path": "a/x.raw"}]
    undo(trial, done)
    assert files(exports) == []


@pytest.mark.parametrize("to", ["/etc", "{exports}/..", "{exports}/../../etc", "{exports}x", "{exports}/link"])
def test_a_folder_that_is_not_allowed_is_refused(stored: House, tmp_path: Path, to: str) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "link").symlink_to(tmp_path / "elsewhere")
    trial = stored.trial(script, export_folders=[str(exports)])
    done = trial.run({"store": "first", "name": "x.raw", "to": to.format(exports=exports)})
    assert (done.failure.code, done.failure.reason) == (7, "PERMISSION_DENIED")
    assert done.ledger == {}


def test_what_was_exported_by_a_link_is_undone_where_it_is_though_the_link_leads_elsewhere_now(
    stored: House, tmp_path: Path
) -> None:
    here, there, link = tmp_path / "here", tmp_path / "there", tmp_path / "link"
    there.mkdir()
    (there / "x.raw").write_bytes(b"theirs")
    link.symlink_to(here)
    trial = stored.trial(script, export_folders=[str(tmp_path)])
    done = trial.run({"store": "first", "name": "x.raw", "to": str(link)})
    assert done.result["objects"] == [{"store": str(link), "path": "x.raw"}]
    assert (here / "x.raw").read_bytes() == DATA
    link.unlink()
    link.symlink_to(there)
    undo(trial, done)
    assert files(here) == []
    assert files(there) == ["x.raw"]


def test_no_folder_is_allowed_by_default(stored: House, tmp_path: Path) -> None:
    done = stored.trial(script).run({"store": "first", "name": "x.raw", "to": str(tmp_path)})
    assert done.failure.reason == "PERMISSION_DENIED"


def test_a_file_that_exists_is_left_alone(stored: House, tmp_path: Path) -> None:
    (tmp_path / "x.raw").write_bytes(b"theirs")
    done = stored.trial(script, export_folders=[str(tmp_path)]).run(
        {"store": "first", "name": "x.raw", "to": str(tmp_path)}
    )
    assert done.failure.reason == "OBJECT_EXISTS"
    assert (tmp_path / "x.raw").read_bytes() == b"theirs"


def test_an_image_that_is_not_there_is_not_found(stored: House) -> None:
    done = stored.trial(script).run({"store": "first", "name": "y.raw", "to": "second"})
    assert (done.failure.code, done.failure.reason) == (5, "OBJECT_NOT_FOUND")
    assert done.failure.metadata == {"store": "first", "object": "y.raw"}
    assert done.ledger == {}


def test_bytes_that_are_not_those_on_record_are_not_exported(stored: House) -> None:
    trial = stored.trial(script)
    trial.run({"store": "first", "name": "x.raw", "to": "second"}).result  # noqa: B018
    record = stored.folder("second") / ".wharfinger/objects/x.raw.json"
    about = json.loads(record.read_text())
    record.write_text(json.dumps({**about, "sha256": "0" * 64}))
    stored.extra["third"] = {"url": stored.folder("third").as_uri()}
    done = stored.trial(script).run({"store": "second", "name": "x.raw", "to": "third"})
    assert done.failure.reason == "CHECKSUM_MISMATCH"
    assert files(stored.folder("third")) == []


def test_a_record_of_a_file_that_was_replaced_is_not_believed(stored: House) -> None:
    stored.trial(script).run({"store": "first", "name": "x.raw", "to": "second"}).result  # noqa: B018
    (stored.folder("second") / "x.raw").unlink()
    (stored.folder("second") / "x.raw").write_bytes(b"new")
    stored.extra["third"] = {"url": stored.folder("third").as_uri()}
    done = stored.trial(script).run({"store": "second", "name": "x.raw", "to": "third"})
    assert done.result["sha256"] == sha256(b"new")
