"""Cloning images within a provider and between providers."""

from __future__ import annotations

import uuid

import obstore
import pytest
from tests.image.conftest import MIB, Bucket, House, files, image, sha256, undo
from tests.image.crashing import DyingSession
from tests.servers.sources import Reply

import wharfinger_image.clone_image as script
import wharfinger_image.import_image as importing
from wharfinger.runtime.stores import open_store

pytestmark = pytest.mark.lengthy

DATA = image(9 * MIB)


@pytest.fixture
def filled(house: House, bucket: Bucket) -> House:
    """Stores with the imported image `x`: `first` in a folder, `near` and `far` in one bucket; `second` is empty."""
    house.extra["near"] = bucket.table("near")
    house.extra["far"] = bucket.table("far")
    url = house.sources.serve("/image", Reply(DATA))
    house.trial(importing).run({"source": url, "stores": ["first", "near"], "name": "x"}).result  # noqa: B018
    return house


def test_a_clone_in_another_folder_is_a_file_of_its_own(filled: House) -> None:
    done = filled.trial(script).run({"from_store": "first", "name": "x", "to_store": "second", "to_name": "y"})
    assert done.result == {
        "name": "y",
        "size": len(DATA),
        "sha256": sha256(DATA),
        "objects": [{"store": "second", "path": "y"}],
    }
    original, clone = filled.folder("first") / "x", filled.folder("second") / "y"
    assert clone.read_bytes() == DATA
    assert not clone.samefile(original)
    assert clone.stat().st_nlink == 1


def test_the_name_of_a_clone_is_that_of_the_original_if_none_is_given(filled: House) -> None:
    done = filled.trial(script).run({"from_store": "first", "name": "x", "to_store": "second"})
    assert done.result["name"] == "x"


def test_a_clone_in_one_bucket_is_copied_by_the_provider(filled: House, bucket: Bucket) -> None:
    trial = filled.trial(script)
    done = trial.run({"from_store": "near", "name": "x", "to_store": "far", "to_name": "a/y"})
    assert done.result["sha256"] == sha256(DATA)
    assert {key: entry.state for key, entry in done.ledger.items()} == {
        "staging/far/a/y": "UNDONE",
        "object/far/a/y": "CREATED",
    }
    assert bucket.read("far/a/y") == DATA
    assert bucket.uploads() == 0
    undo(trial, done)
    assert bucket.keys() == ["near/x"]


def test_a_clone_between_providers_passes_through_and_is_checked(filled: House, bucket: Bucket) -> None:
    done = filled.trial(script).run({"from_store": "first", "name": "x", "to_store": "far"})
    assert done.result["sha256"] == sha256(DATA)
    assert bucket.read("far/x") == DATA


def test_a_clone_of_a_clone_is_still_checked(filled: House) -> None:
    filled.trial(script).run({"from_store": "near", "name": "x", "to_store": "far"}).result  # noqa: B018
    done = filled.trial(script).run({"from_store": "far", "name": "x", "to_store": "second"})
    assert done.result["sha256"] == sha256(DATA)


def test_the_checksum_of_what_was_copied_unread_is_null_if_it_is_not_known(filled: House, bucket: Bucket) -> None:
    bucket.put("near/z", DATA)
    done = filled.trial(script).run({"from_store": "near", "name": "z", "to_store": "far"})
    assert done.result["sha256"] is None
    assert bucket.read("far/z") == DATA


@pytest.mark.parametrize(("from_store", "to_store"), [("near", "far"), ("first", "second")])
def test_a_name_that_is_taken_is_left_alone(filled: House, bucket: Bucket, from_store: str, to_store: str) -> None:
    bucket.put("far/x", b"theirs")
    filled.folder("second").mkdir(parents=True, exist_ok=True)
    (filled.folder("second") / "x").write_bytes(b"theirs")
    done = filled.trial(script).run({"from_store": from_store, "name": "x", "to_store": to_store})
    assert (done.failure.code, done.failure.reason) == (6, "OBJECT_EXISTS")
    assert bucket.read("far/x") == (filled.folder("second") / "x").read_bytes() == b"theirs"


def test_an_image_is_not_cloned_onto_itself(filled: House, bucket: Bucket) -> None:
    for store in ("near", "first"):
        done = filled.trial(script).run({"from_store": store, "name": "x", "to_store": store})
        assert done.failure.reason == "OBJECT_EXISTS"
    assert bucket.read("near/x") == (filled.folder("first") / "x").read_bytes() == DATA


@pytest.mark.parametrize("from_store", ["near", "first"])
def test_an_image_that_is_not_there_is_not_found(filled: House, from_store: str) -> None:
    done = filled.trial(script).run({"from_store": from_store, "name": "nothing", "to_store": "far"})
    assert done.failure.reason == "OBJECT_NOT_FOUND"
    assert done.ledger == {}


def test_a_provider_does_not_copy_more_than_the_limit(filled: House, bucket: Bucket) -> None:
    done = filled.trial(script, max_size="1 MiB").run({"from_store": "near", "name": "x", "to_store": "far"})
    assert done.failure.reason == "SIZE_LIMIT"
    assert bucket.keys() == ["near/x"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("verb", ["intend", "created"])
def test_a_copy_by_the_provider_that_died_goes_on_to_one_object(
    filled: House, bucket: Bucket, verb: str, after: bool
) -> None:
    trial = filled.trial(script)
    params = {"from_store": "near", "name": "x", "to_store": "far"}
    died = trial.run(params, session=DyingSession(verb, "object/", after=after))
    again = trial.run(after=trial.settle(died))
    assert again.result["sha256"] == sha256(DATA)
    assert {entry.type: entry.state for entry in again.ledger.values()} == {
        "image.staging": "UNDONE",
        "image.object": "CREATED",
    }
    assert (bucket.keys(), bucket.uploads()) == (["far/x", "near/x"], 0)


def test_a_clone_in_a_memory_store_is_undone_without_harm_to_the_original(house: House) -> None:
    house.extra["memory"] = {"url": f"memory://{uuid.uuid4()}"}
    store = open_store("memory", house.extra).raw
    obstore.put(store, "x", DATA, attributes={"wharfingermark": "somebody's"})
    trial = house.trial(script)
    done = trial.run({"from_store": "memory", "name": "x", "to_store": "memory", "to_name": "y"})
    assert bytes(obstore.get(store, "y").bytes()) == DATA
    undo(trial, done)
    assert sorted(meta["path"] for batch in obstore.list(store) for meta in batch) == ["x"]


def test_find_does_not_guess_where_a_copy_bears_its_originals_mark(house: House) -> None:
    house.extra["memory"] = {"url": f"memory://{uuid.uuid4()}"}
    store = open_store("memory", house.extra).raw
    obstore.put(store, "x", DATA, attributes={"wharfingermark": "somebody's"})
    trial = house.trial(script)
    params = {"from_store": "memory", "name": "x", "to_store": "memory", "to_name": "y"}
    died = trial.run(params, session=DyingSession("created", "object/", after=False))
    settled = trial.settle(died)
    assert settled.ledger["object/memory/y"].state == "UNCERTAIN"


def test_a_clone_leaves_no_other_files(filled: House) -> None:
    filled.trial(script).run({"from_store": "first", "name": "x", "to_store": "second"}).result  # noqa: B018
    assert files(filled.root) == ["first/x", "second/x"]
