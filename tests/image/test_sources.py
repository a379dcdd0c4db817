"""Importing from sources that are wrong: each fails with its reason, and leaves nothing."""

from __future__ import annotations

import pytest
from tests.image.conftest import MIB, House, files, image, sha256
from tests.servers.sources import Reply, redirect

import wharfinger_image.import_image as script
from wharfinger.runtime.protocol import Failure

pytestmark = pytest.mark.lengthy

DATA = image(3 * MIB)


def refused(house: House, url: str, **settings: object) -> Failure:
    """Import from `url`, which must fail and leave nothing; return the failure."""
    done = house.trial(script, **settings).run({"source": url, "stores": ["first", "second"], "name": "x"})
    assert {entry.state for entry in done.ledger.values()} <= {"UNDONE"}
    assert files(house.root) == []
    return done.failure


def test_a_page_that_is_not_there_says_its_status(house: House) -> None:
    failure = refused(house, house.sources.url("/nothing?signature=secret"))
    assert (failure.code, failure.reason, failure.retryable) == (14, "SOURCE_FAILED", False)
    assert failure.metadata["status"] == "404"
    assert "secret" not in str(failure)


def test_a_server_that_is_overloaded_is_asked_again(house: House) -> None:
    url = house.sources.serve("/image", Reply(status=503), Reply(DATA))
    done = house.trial(script).run({"source": url, "stores": "first", "name": "x"})
    assert done.result["sha256"] == sha256(DATA)


def test_a_server_that_stays_overloaded_is_a_failure_worth_a_retry(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(status=503)), retries=1)
    assert (failure.reason, failure.metadata["status"], failure.retryable) == ("SOURCE_FAILED", "503", True)
    assert len(house.sources.requests) == 2


def test_a_server_that_never_answers_is_given_up(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(silent=True)), retries=0)
    assert (failure.reason, failure.retryable) == ("SOURCE_FAILED", True)
    assert "0.6 s" in failure.message


def test_a_server_whose_answer_never_gets_to_its_point_is_given_up(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(trickle=True)), retries=0)
    assert (failure.reason, failure.retryable) == ("SOURCE_FAILED", True)


def test_a_server_that_stops_in_the_middle_is_given_up(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(DATA, hang_after=MIB)), retries=0)
    assert (failure.reason, failure.retryable) == ("SOURCE_FAILED", True)
    assert "0.6 s" in failure.message


def test_a_port_where_nobody_listens_is_a_failed_source(house: House) -> None:
    failure = refused(house, "http://127.0.0.1:1/image", allow_sources=["127.0.0.1:1"], retries=0)
    assert (failure.code, failure.reason) == (14, "SOURCE_FAILED")


def test_a_host_that_has_no_name_is_a_failed_source(house: House) -> None:
    failure = refused(house, "http://nowhere.invalid/image")
    assert failure.reason == "SOURCE_FAILED"
    assert "resolved" in failure.message


def test_a_source_that_ends_before_its_end_broke_off(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(DATA, claimed=len(DATA) + 1, ranges=False)), retries=1)
    assert (failure.code, failure.reason, failure.retryable) == (14, "SOURCE_FAILED", True)
    assert f"it broke off 3 times at byte {len(DATA)} of {len(DATA) + 1}: " in failure.message


def test_more_bytes_than_promised_are_a_size_mismatch(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(DATA, claimed=len(DATA) - 1)))
    assert (failure.code, failure.reason) == (15, "SIZE_MISMATCH")


def test_an_endless_source_is_cut_at_the_size_limit(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(DATA, endless=True, chunked=True)), max_size="8 MiB")
    assert (failure.code, failure.reason) == (11, "SIZE_LIMIT")
    assert failure.metadata["limit_bytes"] == str(8 * MIB)


def test_an_image_that_says_it_is_too_large_is_not_read(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(DATA)), max_size="1 MiB")
    assert failure.metadata == {"limit_bytes": str(MIB), "size_bytes": str(len(DATA))}


def test_a_store_takes_no_more_than_its_own_limit(house: House) -> None:
    house.extra["small"] = {"url": house.folder("small").as_uri(), "max_size": "1 MiB"}
    url = house.sources.serve("/image", Reply(DATA, chunked=True))
    done = house.trial(script).run({"source": url, "stores": ["small"], "name": "x"})
    assert done.failure.reason == "SIZE_LIMIT"
    assert files(house.root) == []


def test_another_checksum_than_expected_leaves_nothing(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    params = {"source": url, "stores": ["first", "second"], "name": "x", "sha256": "0" * 64}
    done = house.trial(script).run(params)
    assert (done.failure.code, done.failure.reason) == (15, "CHECKSUM_MISMATCH")
    assert done.failure.metadata == {"algorithm": "sha256", "expected": "0" * 64, "actual": sha256(DATA)}
    assert {entry.state for entry in done.ledger.values()} == {"UNDONE"}
    assert files(house.root) == []


def test_an_empty_source_is_no_image(house: House) -> None:
    assert refused(house, house.sources.serve("/image", Reply(b""))).reason == "SOURCE_FAILED"


def test_a_source_that_does_not_say_where_it_ends_needs_a_checksum(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA, unframed=True))
    assert "sha256" in refused(house, url).message
    params = {"source": url, "stores": "first", "name": "x", "sha256": sha256(DATA)}
    assert house.trial(script).run(params).result["size"] == len(DATA)


def test_a_compressed_answer_is_refused(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA, headers={"Content-Encoding": "gzip"}))
    assert "compressed" in refused(house, url).message


def test_a_broken_chunk_is_a_failed_source(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA, chunked=True, cut_after=MIB))
    assert refused(house, url, retries=0).reason == "SOURCE_FAILED"


def test_a_redirect_to_itself_ends(house: House) -> None:
    house.sources.serve("/image", redirect("/image"))
    failure = refused(house, house.sources.url("/image"))
    assert "redirects more than 5 times" in failure.message


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest", "http://[::1]:22/", "http://10.0.0.1/", "file:///etc/passwd"]
)
def test_a_redirect_inward_is_refused(house: House, target: str) -> None:
    house.sources.serve("/image", redirect(target))
    failure = refused(house, house.sources.url("/image"))
    assert (failure.code, failure.reason) == (7, "SOURCE_REFUSED")


def test_a_redirect_to_another_port_of_an_allowed_host_is_refused(house: House) -> None:
    house.sources.serve("/image", redirect("http://127.0.0.1:22/"))
    assert refused(house, house.sources.url("/image")).reason == "SOURCE_REFUSED"


def test_a_redirect_with_credentials_is_refused_and_does_not_tell_them(house: House) -> None:
    house.sources.serve("/image", redirect(f"http://user:hunter2@{house.sources.address}/x"))
    failure = refused(house, house.sources.url("/image"))
    assert failure.reason == "SOURCE_REFUSED"
    assert "hunter2" not in str(failure)


def test_loopback_is_refused_unless_it_is_allowed(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(DATA)), allow_sources=[])
    assert (failure.code, failure.reason) == (7, "SOURCE_REFUSED")
    assert house.sources.requests == []


def test_proxies_of_the_environment_are_not_used(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    url = house.sources.serve("/image", Reply(DATA))
    house.trial(script).run({"source": url, "stores": "first", "name": "x"}).result  # noqa: B018
    assert house.sources.requests[0].headers["Host"] == house.sources.address


# ---------------------------------------------------------------- breaking off


def test_a_download_goes_on_where_it_broke_off(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA, cut_after=MIB), Reply(DATA, cut_after=MIB), Reply(DATA))
    done = house.trial(script).run({"source": url, "stores": "first", "name": "x", "sha256": sha256(DATA)})
    assert done.result["size"] == len(DATA)
    asked = [(seen.headers.get("Range"), seen.headers.get("If-Range")) for seen in house.sources.requests]
    assert asked == [(None, None), (f"bytes={MIB}-", '"one"'), (f"bytes={2 * MIB}-", '"one"')]


def test_chunks_that_broke_off_go_on_too(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA, chunked=True, cut_after=MIB), Reply(DATA))
    done = house.trial(script).run({"source": url, "stores": "first", "name": "x", "sha256": sha256(DATA)})
    assert done.result["size"] == len(DATA)
    assert house.sources.requests[1].headers["Range"] == f"bytes={MIB}-"


CHANGED = image(2 * MIB, seed=2)


@pytest.mark.parametrize(
    "then",
    [
        [Reply(CHANGED, etag='"two"')],
        [Reply(CHANGED, etag='"two"', if_range=False), Reply(CHANGED, etag='"two"')],
        [Reply(CHANGED, ranges=False)],
        [Reply(CHANGED, range_start=5), Reply(CHANGED)],
        [Reply(CHANGED, status=416), Reply(CHANGED)],
    ],
    ids=["new etag", "new etag on a range", "no ranges", "another range", "range not satisfiable"],
)
def test_a_source_that_can_not_go_on_is_read_from_the_beginning(house: House, then: list[Reply]) -> None:
    url = house.sources.serve("/image", Reply(DATA, cut_after=MIB), *then)
    done = house.trial(script).run({"source": url, "stores": ["first", "second"], "name": "x"})
    assert (done.result["size"], done.result["sha256"]) == (len(CHANGED), sha256(CHANGED))
    assert (house.folder("second") / "x").read_bytes() == CHANGED
    assert any("from the beginning" in line for line in done.lines)


@pytest.mark.parametrize("etag", ["", 'W/"one"'], ids=["none", "weak"])
def test_without_a_strong_etag_no_range_is_asked_for(house: House, etag: str) -> None:
    url = house.sources.serve("/image", Reply(DATA, etag=etag, cut_after=MIB), Reply(DATA, etag=etag))
    done = house.trial(script).run({"source": url, "stores": "first", "name": "x"})
    assert done.result["sha256"] == sha256(DATA)
    assert "Range" not in house.sources.requests[1].headers


def test_a_source_that_brings_nothing_new_is_given_up(house: House) -> None:
    replies = [Reply(DATA, cut_after=MIB, ranges=False)]
    failure = refused(house, house.sources.serve("/image", *replies), retries=2)
    assert (failure.reason, failure.retryable) == ("SOURCE_FAILED", True)
    assert f"it broke off 4 times at byte {MIB} of {len(DATA)}: " in failure.message
    assert len(house.sources.requests) == 4


def test_a_source_that_trickles_is_given_up(house: House) -> None:
    failure = refused(house, house.sources.serve("/image", Reply(DATA, cut_after=1000)), retries=2)
    assert failure.reason == "SOURCE_FAILED"
    assert len(house.sources.requests) == 3


def test_a_source_that_breaks_off_often_and_goes_on_each_time_is_read_to_its_end(house: House) -> None:
    url = house.sources.serve("/image", Reply(DATA, cut_after=MIB // 4))
    done = house.trial(script, retries=1).run({"source": url, "stores": "first", "name": "x"})
    assert done.result["sha256"] == sha256(DATA)
    assert [seen.headers.get("Range", "bytes=0-") for seen in house.sources.requests] == [
        f"bytes={position}-" for position in range(0, len(DATA), MIB // 4)
    ]
