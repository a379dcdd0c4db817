"""A look by id: what an image script made is there, gone, somebody else's by now, or nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from tests.image.conftest import MIB, Bucket, House, image
from tests.servers.sources import Reply

import wharfinger_image.clone_image as clone
import wharfinger_image.export_image as export
import wharfinger_image.import_image as script
from wharfinger.runtime.making import as_resource
from wharfinger.script import AsyncTask, Failed
from wharfinger.testing import Done
from wharfinger_image.resources import STAGING, UPLOAD

DATA = image(MIB)


def looked(house: House, done: Done, **facts: Any) -> bool:
    """Return what `exists` says of the object that `done` made, or of one with other `facts`; raises what it raises."""
    entry = replace(next(one for key, one in done.ledger.items() if key.startswith("object/")), **facts)
    said: list[Any] = []

    async def main(task: AsyncTask) -> None:
        try:
            said.append(await script.exists(task, as_resource(entry)))
        except Failed as error:
            said.append(error)

    module = ModuleType("looking")
    module.__dict__.update({**vars(script), "__name__": "looking", "main": main})
    after = Done()
    after.continue_from(done)
    assert replace(house.trial(script), module=module).run(after=after).result == {}
    if isinstance(said[0], Failed):
        raise said[0]
    return bool(said[0])


@pytest.fixture(params=["first", "s3"])
def imported(request: pytest.FixtureRequest, house: House, bucket: Bucket) -> Done:
    """An image that was imported, into a folder or onto S3."""
    house.extra["s3"] = bucket.table()
    url = house.sources.serve("/image", Reply(DATA))
    done = house.trial(script).run({"source": url, "stores": request.param, "name": "x"})
    assert done.result["size"] == len(DATA)
    return done


def take_away(house: House, bucket: Bucket, done: Done) -> None:
    """Delete the object, and the note beside it, as somebody else would."""
    if done.params["stores"] == "s3":
        bucket.delete("x")
    else:
        (house.folder("first") / "x").unlink()


def test_what_is_there_exists_and_what_was_deleted_outside_does_not(
    house: House, bucket: Bucket, imported: Done
) -> None:
    assert looked(house, imported) is True
    take_away(house, bucket, imported)
    assert looked(house, imported) is False


def test_what_replaced_it_is_not_ours(house: House, bucket: Bucket, imported: Done) -> None:
    take_away(house, bucket, imported)
    if imported.params["stores"] == "s3":
        bucket.put("x", b"somebody else's")
    else:
        (house.folder("first") / "x").write_bytes(b"somebody else's")
    assert looked(house, imported) is False


def test_nobody_can_look_through_a_presigned_url(house: House, imported: Done) -> None:
    with pytest.raises(Failed, match="allows only to write") as caught:
        looked(house, imported, type=UPLOAD)
    assert caught.value.reason == "NOT_SUPPORTED"


def test_a_store_that_does_not_answer_tells_nothing(house: House, imported: Done) -> None:
    with pytest.raises(Failed) as caught:
        looked(house, imported, undo_data='{"store": "nowhere", "name": "x", "mark": "m"}')
    assert caught.value.reason == "UNKNOWN_STORE"


def test_a_place_to_upload_to_is_there_whatever_has_been_written(house: House, imported: Done) -> None:
    assert looked(house, imported, type=STAGING) is True


def test_each_image_script_can_look() -> None:
    assert script.exists is clone.exists is export.exists
