"""An image that has another size than it must have is refused, before anything is made if that can be known."""

from __future__ import annotations

import pytest
from tests.image.conftest import MIB, Bucket, House, files, image, sha256
from tests.servers.sources import Reply
from tests.servers.targets import Targets

import wharfinger_image.clone_image as clone
import wharfinger_image.export_image as export
import wharfinger_image.import_image as importing
from wharfinger.script import Failed
from wharfinger.testing import Done

DATA = image(5 * MIB)
WRONG = len(DATA) - 1


def refused(done: Done, actual: str = str(len(DATA))) -> Failed:
    """Return the failure of a task whose image has not the size WRONG."""
    failure = done.failure
    assert (failure.code, failure.reason) == (15, "SIZE_MISMATCH")
    assert failure.metadata == {"expected": str(WRONG), "actual": actual}
    return failure


@pytest.fixture
def filled(house: House, bucket: Bucket) -> House:
    """The stores `first` and `near` have the image `x`; `far` is in the bucket of `near`."""
    house.folder("first").mkdir(parents=True)
    (house.folder("first") / "x").write_bytes(DATA)
    bucket.put("near/x", DATA)
    house.extra |= {name: bucket.table(name) for name in ("near", "far")}
    return house


def test_what_a_source_says_is_enough_to_refuse_it(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    done = house.trial(importing).run({"source": url, "stores": ["first", "second"], "name": "x", "size": WRONG})
    assert f"{url} is not what was expected: it has {len(DATA)} bytes, not {WRONG}" in refused(done).message
    assert done.ledger == {}
    assert files(house.root) == []


@pytest.mark.parametrize("endless", [False, True])
def test_a_source_that_does_not_say_is_read_no_further_than_it_may(house: House, endless: bool) -> None:
    url = house.sources.serve("/image", Reply(DATA, chunked=True, endless=endless))
    done = house.trial(importing).run({"source": url, "stores": ["first"], "name": "x", "size": WRONG})
    refused(done, f"more than {WRONG}")
    assert {entry.state for entry in done.ledger.values()} == {"UNDONE"}
    assert files(house.root) == []


def test_a_source_that_ends_too_early_leaves_nothing(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA[: WRONG - 1], chunked=True))
    done = house.trial(importing).run({"source": url, "stores": ["first"], "name": "x", "size": WRONG})
    refused(done, str(WRONG - 1))
    assert {entry.state for entry in done.ledger.values()} == {"UNDONE"}
    assert files(house.root) == []


def test_with_a_size_a_source_need_not_say_where_it_ends(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA, unframed=True))
    params = {"source": url, "stores": "first", "name": "x"}
    assert house.trial(importing).run({**params, "size": len(DATA)}).result["sha256"] == sha256(DATA)
    cut = house.sources.serve("/cut", Reply(DATA, unframed=True, cut_after=MIB, ranges=False))
    done = house.trial(importing).run({**params, "source": cut, "name": "y", "size": len(DATA)})
    assert done.failure.reason == "SOURCE_FAILED"
    assert files(house.root) == ["first/x"]


@pytest.mark.lengthy
@pytest.mark.parametrize(("from_store", "to_store"), [("near", "far"), ("near", "first"), ("first", "far")])
def test_a_clone_of_another_size_is_not_begun(filled: House, bucket: Bucket, from_store: str, to_store: str) -> None:
    params = {"from_store": from_store, "name": "x", "to_store": to_store, "to_name": "y"}
    done = filled.trial(clone).run({**params, "size": WRONG})
    refused(done)
    assert done.ledger == {}
    assert (bucket.keys(), files(filled.root)) == (["near/x"], ["first/x"])
    assert filled.trial(clone).run({**params, "size": len(DATA)}).result["size"] == len(DATA)


def test_an_export_of_another_size_is_not_begun(filled: House) -> None:
    done = filled.trial(export).run({"store": "first", "name": "x", "to": "second", "size": WRONG})
    refused(done)
    assert (done.ledger, files(filled.root)) == ({}, ["first/x"])


def test_nothing_of_another_size_is_sent_to_a_url(filled: House) -> None:
    with Targets() as targets:
        trial = filled.trial(export, allow_targets=[targets.address])
        done = trial.run({"store": "first", "name": "x", "url": targets.url("/x?sig=a"), "size": WRONG})
        refused(done)
        assert (done.ledger, targets.puts) == ({}, [])
