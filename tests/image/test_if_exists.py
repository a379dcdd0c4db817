"""A name that is taken: refused, good enough if it is the same image, or replaced. Zeros, long names, what changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.image.conftest import MIB, Bucket, House, files, image, sha256, undo
from tests.servers.sources import Reply

import wharfinger_image.clone_image as clone
import wharfinger_image.export_image as export
import wharfinger_image.import_image as script
from wharfinger.testing import Done
from wharfinger_image.sparse import SparseFile

pytestmark = pytest.mark.lengthy

DATA, OTHER = image(6 * MIB), image(6 * MIB, 2)
STORES = ["first", "s3", "memory"]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, house: House, bucket: Bucket) -> str:
    """A folder, S3, or memory."""
    house.extra |= {"s3": bucket.table(), "memory": {"url": f"memory://{bucket.name}"}}
    name: str = request.param
    return name


def imported(house: House, store: str, data: bytes = DATA, **params: object) -> Done:
    """Import `data` as x."""
    url = house.sources.serve("/image", Reply(data))
    return house.trial(script).run({"source": url, "stores": store, "name": "x", **params})


def content(house: House, store: str) -> bytes:
    """Return what x is."""
    import obstore

    from wharfinger.runtime.stores import open_store

    tables = house.trial(script).stores
    return bytes(obstore.get(open_store(store, tables).raw, "x").bytes())


@pytest.mark.parametrize("choice", ["same", "replace"])
def test_importing_the_same_image_again_is_no_work(house: House, store: str, choice: str) -> None:
    imported(house, store).result  # noqa: B018
    asked = len(house.sources.requests)
    for checksum in ({"sha256": sha256(DATA)}, {"checksum": f"sha512:{hashlib.sha512(DATA).hexdigest()}"}):
        done = imported(house, store, if_exists=choice, **checksum)
        assert done.result == {
            "name": "x",
            "size": len(DATA),
            "sha256": sha256(DATA),
            "objects": [{"store": store, "path": "x"}],
        }
        assert [(entry.key, entry.state, entry.owned) for entry in done.ledger.values()] == [
            (f"object/{store}/x", "CREATED", False)
        ]
    assert len(house.sources.requests) == asked
    assert content(house, store) == DATA


@pytest.mark.parametrize("checked", [True, False])
def test_another_image_of_that_name_is_not_the_same(house: House, store: str, checked: bool) -> None:
    imported(house, store).result  # noqa: B018
    promised = {"sha256": sha256(OTHER)} if checked else {}
    done = imported(house, store, OTHER, if_exists="same", **promised)
    assert done.failure.reason == "OBJECT_EXISTS"
    assert "another image" in done.failure.message
    assert content(house, store) == DATA
    assert {entry.state for entry in done.ledger.values()} <= {"UNDONE"}


def test_without_a_checksum_the_source_is_read_to_compare(house: House, store: str) -> None:
    imported(house, store).result  # noqa: B018
    assert imported(house, store, if_exists="same").result["sha256"] == sha256(DATA)


def test_another_image_is_replaced_in_one_step_and_the_new_one_is_ours(house: House, store: str) -> None:
    imported(house, store).result  # noqa: B018
    done = imported(house, store, OTHER, if_exists="replace", sha256=sha256(OTHER))
    assert done.result["sha256"] == sha256(OTHER)
    assert content(house, store) == OTHER
    assert done.ledger[f"object/{store}/x"].owned
    again = imported(house, store, OTHER, if_exists="same", sha256=sha256(OTHER))
    assert again.result["sha256"] == sha256(OTHER)
    undo(house.trial(script), done)
    with pytest.raises(FileNotFoundError):
        content(house, store)


def test_what_nothing_is_known_of_is_read_to_be_compared(house: House, bucket: Bucket) -> None:
    house.extra["s3"] = bucket.table()
    bucket.put("x", DATA)
    house.folder("first").mkdir(parents=True)
    (house.folder("first") / "x").write_bytes(DATA)
    url = house.sources.serve("/image", Reply(DATA))
    params = {"source": url, "stores": ["first", "s3"], "name": "x", "sha256": sha256(DATA)}
    assert house.trial(script).run({**params, "if_exists": "same"}).result["size"] == len(DATA)
    assert house.sources.requests == []
    assert house.trial(script).run(params).failure.reason == "OBJECT_EXISTS"


def test_only_the_store_that_lacks_it_is_filled(house: House, bucket: Bucket) -> None:
    house.extra["s3"] = bucket.table()
    imported(house, "first").result  # noqa: B018
    url = house.sources.serve("/image", Reply(DATA))
    params = {"source": url, "stores": ["first", "s3"], "name": "x", "if_exists": "same", "sha256": sha256(DATA)}
    done = house.trial(script).run(params)
    assert [one["store"] for one in done.result["objects"]] == ["first", "s3"]
    assert {key: entry.owned for key, entry in done.ledger.items() if key.startswith("object/")} == {
        "object/first/x": False,
        "object/s3/x": True,
    }
    assert bucket.read("x") == DATA


@pytest.mark.parametrize("choice", ["same", "replace"])
@pytest.mark.parametrize(("near", "far"), [("near", "far"), ("first", "second")])
def test_clones_and_exports_know_the_same_choices(
    house: House, bucket: Bucket, near: str, far: str, choice: str
) -> None:
    house.extra |= {"near": bucket.table("near"), "far": bucket.table("far")}
    imported(house, near).result  # noqa: B018
    asked = {"from_store": near, "name": "x", "to_store": far, "if_exists": choice}
    for _ in range(2):
        assert house.trial(clone).run(asked).result["sha256"] == sha256(DATA)
    exported = {"store": near, "name": "x", "to": far, "if_exists": choice}
    assert house.trial(export).run(exported).result["sha256"] == sha256(DATA)
    assert house.trial(clone).run({**asked, "if_exists": "refuse"}).failure.reason == "OBJECT_EXISTS"
    assert bucket.uploads() == 0


# ---------------------------------------------------------------- changed originals


@pytest.mark.parametrize("script_of", [clone, export], ids=["clone", "export"])
def test_what_is_made_of_a_changed_original_says_so(house: House, script_of: object) -> None:
    imported(house, "first").result  # noqa: B018
    with (house.folder("first") / "x").open("r+b") as file:
        file.write(b"changed")
    to = {"from_store": "first", "to_store": "second"} if script_of is clone else {"store": "first", "to": "second"}
    done = house.trial(script_of).run({**to, "name": "x"})  # type: ignore[arg-type]
    changed = (house.folder("first") / "x").read_bytes()
    assert done.result["sha256"] == sha256(changed) != sha256(DATA)
    [line] = [line for line in done.lines if "no longer what was noted" in line]
    assert sha256(DATA) in line
    assert sha256(changed) in line


def test_a_copy_by_the_store_of_a_changed_original_says_so(house: House, bucket: Bucket) -> None:
    house.extra |= {"near": bucket.table("near"), "far": bucket.table("far")}
    imported(house, "near").result  # noqa: B018
    bucket.put("near/x", OTHER)
    done = house.trial(clone).run({"from_store": "near", "name": "x", "to_store": "far"})
    assert done.result["sha256"] is None
    assert any("no longer what was noted" in line for line in done.lines)


def test_an_original_that_was_only_touched_says_nothing(house: House) -> None:
    imported(house, "first").result  # noqa: B018
    (house.folder("first") / "x").touch()
    done = house.trial(clone).run({"from_store": "first", "name": "x", "to_store": "second"})
    assert not any("no longer" in line for line in done.lines)


# ---------------------------------------------------------------- zeros


def taken(path: Path) -> int:
    """Return how many bytes a file takes on the disk."""
    return path.stat().st_blocks * 512


def test_zeros_take_no_room_in_folders(house: House, bucket: Bucket) -> None:
    sparse = DATA[:MIB] + bytes(40 * MIB) + DATA[MIB : 2 * MIB] + bytes(10 * MIB)
    imported(house, "first", sparse).result  # noqa: B018
    house.trial(clone).run({"from_store": "first", "name": "x", "to_store": "second"}).result  # noqa: B018
    for store in ("first", "second"):
        path = house.folder(store) / "x"
        assert path.read_bytes() == sparse
        assert taken(path) < 4 * MIB


@pytest.mark.parametrize(
    "data", [b"", b"\0", bytes(200_000), b"\0" * 70_000 + b"x", b"x" + bytes(131_072), DATA[:99_999]]
)
@pytest.mark.parametrize("piece", [1000, 65_536, 1 << 20])
def test_a_sparse_file_has_the_bytes_that_were_written(tmp_path: Path, data: bytes, piece: int) -> None:
    file = SparseFile(tmp_path / "deep" / "x")
    for at in range(0, len(data), piece):
        file.write(data[at : at + piece])
    file.finish()
    file.close()
    assert (tmp_path / "deep" / "x").read_bytes() == data


# ---------------------------------------------------------------- what a folder can't do


def test_a_name_that_is_too_long_for_a_folder_is_refused_at_once(house: House) -> None:
    done = imported(house, "first", name="x" * 256)
    assert (done.failure.code, done.failure.reason, done.failure.retryable) == (7, "STORE_REFUSED", False)
    assert "choose a shorter name" in done.failure.message
    assert files(house.root) == []
    assert house.sources.requests == []


@pytest.mark.parametrize("length", [240, 250, 255])
def test_a_name_that_just_fits_is_kept_and_undone(house: House, length: int) -> None:
    done = imported(house, "first", name="x" * length)
    assert done.result["size"] == len(DATA)
    assert not any("could not be noted" in line for line in done.lines)
    undo(house.trial(script), done)
    assert files(house.root) == []


def test_a_name_below_a_file_is_refused_at_once(house: House) -> None:
    imported(house, "first").result  # noqa: B018
    done = imported(house, "first", name="x/y")
    assert (done.failure.reason, done.failure.retryable) == ("STORE_REFUSED", False)
    assert files(house.root) == ["first/x"]
