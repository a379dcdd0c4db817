"""Exporting images to presigned URLs: the bytes arrive whole or not at all, and nobody is told the URL."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import jsonschema_rs
import pytest
from tests.image.conftest import MIB, House, image, remove, sha256
from tests.servers.targets import Answer, Targets

import wharfinger_image.export_image as script
from wharfinger.testing import Done

pytestmark = pytest.mark.lengthy

DATA = image(9 * MIB)


@pytest.fixture
def targets() -> Iterator[Targets]:
    """A server to upload to."""
    with Targets() as running:
        yield running


@pytest.fixture
def signature() -> str:
    """The secret part of a URL."""
    return secrets.token_hex(16)


def export(house: House, targets: Targets, url: str, **more: object) -> Done:
    """Run an export of the image `x.raw` to `url`."""
    (house.folder("first")).mkdir(parents=True, exist_ok=True)
    (house.folder("first") / "x.raw").write_bytes(DATA)
    trial = house.trial(script, allow_targets=[targets.address])
    return trial.run({"store": "first", "name": "x.raw", "url": url, **more})


def states(done: Done) -> dict[str, str]:
    """Return the state of each entry by its key's first word."""
    return {key.partition("/")[0]: entry.state for key, entry in done.ledger.items()}


def test_an_image_is_put_whole_and_handed_over(house: House, targets: Targets, signature: str) -> None:
    done = export(house, targets, targets.url(f"/b/x.raw?X-Sig={signature}"), headers={"x-ms-blob-type": "BlockBlob"})
    assert done.result == {
        "name": "x.raw",
        "size": len(DATA),
        "sha256": sha256(DATA),
        "objects": [{"store": targets.address, "path": "b/x.raw"}],
    }
    [put] = targets.puts
    assert (put.path, put.body) == (f"/b/x.raw?X-Sig={signature}", DATA)
    assert put.headers["x-ms-blob-type"] == "BlockBlob"
    assert "Content-Type" not in put.headers  # older signatures cover it
    assert states(done) == {"upload": "UNDONE", "delivery": "CREATED"}
    delivery = done.ledger[f"delivery/http://{targets.address}/b/x.raw"]
    assert not delivery.owned
    assert signature not in repr(done.ledger)


def test_of_a_url_without_a_query_only_the_host_is_told(house: House, targets: Targets, signature: str) -> None:
    done = export(house, targets, targets.url(f"/drop/{signature}"))
    assert targets.kept[f"/drop/{signature}"] == DATA
    assert done.result["objects"] == [{"store": targets.address, "path": "…"}]
    assert signature not in repr(done.ledger)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(503),
        Answer(500, keeps=False),
        Answer(silent=True),
        Answer(429, early=MIB),
        Answer(early=0, silent=True),
    ],
)
def test_what_may_pass_is_tried_again(house: House, targets: Targets, answer: Answer) -> None:
    targets.answers += [answer, answer]
    done = export(house, targets, targets.url("/x?s=1"))
    assert done.result["sha256"] == sha256(DATA)
    assert targets.begun == 3
    assert states(done) == {"upload": "UNDONE", "delivery": "CREATED"}


def test_a_refusal_is_final_and_leaves_nothing_open(house: House, targets: Targets, signature: str) -> None:
    told = f"<Error><Code>SignatureDoesNotMatch</Code><StringToSign>{signature}</StringToSign></Error>".encode()
    targets.answers += [Answer(403, told, keeps=False)]
    done = export(house, targets, targets.url(f"/x?s={signature}"))
    assert done.failure.reason == "STORE_REFUSED"
    assert "the server answered 403 SignatureDoesNotMatch; perhaps the URL has expired" in done.failure.message
    assert signature not in done.failure.message + repr(done.failure.metadata)
    assert targets.begun == 1
    assert states(done) == {"upload": "UNDONE"}


def test_a_redirect_is_not_followed(house: House, targets: Targets) -> None:
    targets.answers += [Answer(307, headers={"Location": targets.url("/elsewhere")}, keeps=False)]
    done = export(house, targets, targets.url("/x?s=1"))
    assert (done.failure.reason, targets.begun) == ("STORE_REFUSED", 1)
    assert "a redirect, which is not followed" in done.failure.message


def test_an_upload_that_was_never_answered_stays_open_and_cannot_be_undone(house: House, targets: Targets) -> None:
    targets.answers += [Answer(silent=True)] * 3
    done = export(house, targets, targets.url("/x?s=1"))
    assert done.failure.reason == "STORE_UNAVAILABLE"
    assert states(done) == {"upload": "CREATED"}
    undone = remove(house.trial(script), done, "upload/")
    assert undone.failure.reason == "NOT_SUPPORTED"
    assert "allows only to write; ask the owner" in undone.failure.message


def test_bytes_that_are_not_those_on_record_never_arrive_whole(house: House, targets: Targets) -> None:
    (house.folder("first")).mkdir(parents=True)
    (house.folder("first") / "x.raw").write_bytes(DATA)
    trial = house.trial(script, allow_targets=[targets.address])
    trial.run({"store": "first", "name": "x.raw", "to": "second"}).result  # noqa: B018
    record = house.folder("second") / ".wharfinger/objects/x.raw.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "sha256": "0" * 64}))
    done = trial.run({"store": "second", "name": "x.raw", "url": targets.url("/x?s=1")})
    assert done.failure.reason == "CHECKSUM_MISMATCH"
    assert (targets.puts, targets.begun) == ([], 1)
    assert states(done) == {"upload": "UNDONE"}


def test_addresses_inside_are_refused(house: House, targets: Targets) -> None:
    done = house.trial(script).run({"store": "first", "name": "x.raw", "url": targets.url("/x?s=1")})
    assert done.failure.reason in ("STORE_REFUSED", "OBJECT_NOT_FOUND")
    (house.folder("first")).mkdir(parents=True, exist_ok=True)
    (house.folder("first") / "x.raw").write_bytes(DATA)
    done = house.trial(script).run({"store": "first", "name": "x.raw", "url": targets.url("/x?s=1")})
    assert done.failure.reason == "STORE_REFUSED"
    assert "allow_targets" in done.failure.message
    assert targets.begun == 0


@pytest.mark.parametrize("headers", [{"Content-Length": "1"}, {"a b": "c"}, {"a": "b\r\nc: d"}, {"host": "x"}])
def test_headers_that_cannot_be_sent_are_refused(house: House, targets: Targets, headers: dict[str, str]) -> None:
    done = export(house, targets, targets.url("/x?s=1"), headers=headers)
    assert (done.failure.reason, targets.begun) == ("PARAMS_INVALID", 0)


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ({"to": "second"}, True),
        ({"url": "https://x.example/y?s=1"}, True),
        ({"url": "https://x.example/y?s=1", "headers": {"a": "b"}}, True),
        ({}, False),
        ({"to": "second", "url": "https://x.example/y"}, False),
        ({"to": "second", "headers": {"a": "b"}}, False),
        ({"url": "ftp://x.example/y"}, False),
    ],
)
def test_there_is_one_target(more: dict[str, object], fits: bool) -> None:
    validator = jsonschema_rs.Draft202012Validator(script.PARAMS_SCHEMA)
    assert validator.is_valid({"store": "first", "name": "x.raw", **more}) is fits
