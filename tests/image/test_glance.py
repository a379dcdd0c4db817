"""Images in OpenStack's image service, the real one: both directions, many at once, and killed on the way."""

from __future__ import annotations

import asyncio
import json
import pickle
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.image.conftest import MIB, Bucket, House, files, image, remove, sha256, undo
from tests.image.crashing import DyingSession
from tests.image.test_crash import REPORTS, go_on, states, wait_for_ledger
from tests.servers import qcow2
from tests.servers.image_service import ImageService
from tests.servers.sources import Reply

import wharfinger_image.clone_image as clone
import wharfinger_image.export_image as export
import wharfinger_image.import_image as script
from wharfinger.runtime.stores import open_store
from wharfinger.script import Failed
from wharfinger.testing import Done
from wharfinger_image.glance_place import GlancePlace
from wharfinger_image.place import Look, mark_of

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

DATA = image(2 * MIB)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageService]:
    """The image service."""
    running = ImageService(tmp_path_factory.mktemp("glance"))
    yield running
    running.kill()


@pytest.fixture
def project(house: House, service: ImageService) -> str:
    """A new project in the service, which is the store `cloud` of the house."""
    name = uuid.uuid4().hex
    house.extra["cloud"] = service.table(name)
    return name


@pytest.fixture
def url(house: House) -> str:
    """A source that is as it should be."""
    return house.sources.serve("/image", Reply(DATA))


def only(service: ImageService, project: str) -> dict[str, Any]:
    """Return the one image of a project."""
    (found,) = service.images(project)
    return found


def put(house: House, url: str, **params: Any) -> Done:
    """Import into the store `cloud`."""
    return house.trial(script).run({"source": url, "stores": "cloud", "name": "x", **params})


def why(done: Done) -> str | None:
    """Return the reason of a failure; None for none."""
    found: str | None = getattr(done.outcome, "reason", None)
    return found


# ---------------------------------------------------------------- putting it there


def test_an_import_makes_one_active_image_and_undo_deletes_it(
    house: House, service: ImageService, project: str, url: str
) -> None:
    trial = house.trial(script)
    done = trial.run({"source": url, "stores": "cloud", "name": "debian/12"})
    made = only(service, project)
    assert (made["name"], made["status"], made["os_hidden"], made["disk_format"], made["visibility"]) == (
        *("debian/12", "active", False, "raw", "private"),
    )
    assert service.read(project, made["id"]) == DATA
    assert done.result["sha256"] == sha256(DATA)
    assert done.result["objects"] == [{"store": "cloud", "path": "debian/12", "image": made["id"]}]
    assert states(done) == {("object/cloud/debian/12", "CREATED"), ("staging/cloud/debian/12", "UNDONE")}
    assert done.ledger["object/cloud/debian/12"].attributes["image"] == made["id"]
    undo(trial, done)
    assert service.images(project) == []


def test_the_service_is_told_the_format_that_the_bytes_have(house: House, service: ImageService, project: str) -> None:
    put(house, house.sources.serve("/disk", Reply(b"".join(qcow2.parts(3 * MIB)))))
    assert only(service, project)["disk_format"] == "qcow2"


def test_an_image_is_what_the_param_says_on_top_of_the_stores_table(
    house: House, service: ImageService, project: str, url: str
) -> None:
    house.extra["cloud"] = service.table(project, visibility="shared", backend="cheap", prefix="team")
    asked = {
        "container_format": "ovf",
        "properties": {"os_distro": "debian", "hw_disk_bus": "scsi"},
        "tags": ["nightly"],
        "min_disk": 8,
        "protected": True,
    }
    trial = house.trial(script)
    done = trial.run({"source": url, "stores": ["first", "cloud"], "name": "x", "format": "any", "glance": asked})
    assert why(done) is None
    made = only(service, project)
    wanted = {
        "name": "team/x",
        "visibility": "shared",
        "disk_format": "raw",
        "container_format": "ovf",
        "os_distro": "debian",
        "hw_disk_bus": "scsi",
        "tags": ["nightly"],
        "min_disk": 8,
        "protected": True,
        "stores": "cheap",
    }
    assert {key: made[key] for key in wanted} == wanted
    undo(trial, done)
    assert service.images(project) == []


def test_the_param_is_refused_where_no_image_service_is(house: House, url: str) -> None:
    done = house.trial(script).run({"source": url, "stores": "first", "name": "x", "glance": {"min_disk": 1}})
    assert done.failure.reason == "PARAMS_INVALID"
    assert house.sources.requests == []


def test_what_the_cloud_does_not_let_its_members_do_is_refused_and_leaves_nothing(
    house: House, service: ImageService, project: str, url: str
) -> None:
    done = put(house, url, glance={"visibility": "public"})
    assert done.failure.reason == "STORE_REFUSED"
    assert "403" in done.failure.message
    assert service.images(project) == []
    assert states(done) == {("staging/cloud/x", "UNDONE")}


def test_a_source_that_is_not_what_was_expected_leaves_no_image(
    house: House, service: ImageService, project: str, url: str
) -> None:
    done = put(house, url, sha256="0" * 64)
    assert done.failure.reason == "CHECKSUM_MISMATCH"
    assert service.images(project) == []


# ---------------------------------------------------------------- both directions


def test_images_go_both_ways_between_it_a_folder_and_s3(
    house: House, bucket: Bucket, service: ImageService, project: str, url: str
) -> None:
    house.extra |= {"s3": bucket.table(), "other": service.table(uuid.uuid4().hex)}
    house.trial(script).run({"source": url, "stores": ["first", "cloud", "s3"], "name": "x"})
    for place in ("first", "s3"):
        back = house.trial(export).run({"store": "cloud", "name": "x", "to": place, "if_exists": "same"})
        assert back.result["sha256"] == sha256(DATA)
    for number, (way, params) in enumerate(
        [
            (export, {"store": "cloud", "name": "x", "to": "second"}),
            (clone, {"from_store": "cloud", "name": "x", "to_store": "s3", "to_name": "from-cloud"}),
            (clone, {"from_store": "cloud", "name": "x", "to_store": "first", "to_name": "from-cloud"}),
            (clone, {"from_store": "first", "name": "x", "to_store": "cloud", "to_name": "from-folder"}),
            (clone, {"from_store": "s3", "name": "x", "to_store": "cloud", "to_name": "from-s3"}),
            (clone, {"from_store": "cloud", "name": "x", "to_store": "cloud", "to_name": "second"}),
            (export, {"store": "s3", "name": "x", "to": "other"}),
        ]
    ):
        done = house.trial(way).run(params)
        assert why(done) is None, number
        assert done.result["sha256"] == sha256(DATA)
    assert files(house.root) == ["first/from-cloud", "first/x", "second/x"]
    assert bucket.read("from-cloud") == DATA
    made = {one["name"]: service.read(project, one["id"]) for one in service.images(project)}
    assert made == dict.fromkeys(["x", "from-folder", "from-s3", "second"], DATA)


def test_an_image_that_somebody_else_put_there_is_exported_by_name_and_by_id(
    house: House, service: ImageService, project: str
) -> None:
    first = service.put(project, "theirs", DATA)
    done = house.trial(export).run({"store": "cloud", "name": "theirs", "to": "first"})
    assert done.result["sha256"] == sha256(DATA)
    service.put(project, "theirs", image(MIB))
    two = house.trial(export).run({"store": "cloud", "name": "theirs", "to": "second"})
    assert two.failure.reason == "STORE_REFUSED"
    assert first in two.failure.message
    by_id = house.trial(export).run({"store": "cloud", "name": first, "to": "second"})
    assert by_id.result["sha256"] == sha256(DATA)


def test_a_digest_that_an_image_made_of_a_server_has_inherited_is_not_believed(
    house: House, service: ImageService, project: str, url: str
) -> None:
    put(house, url)
    inherited = {key: value for key, value in only(service, project).items() if key.startswith("wharfinger_")}
    other = image(MIB, 2)
    service.put(project, "snapshot", other, **inherited)
    done = house.trial(export).run({"store": "cloud", "name": "snapshot", "to": "first"})
    assert done.result["sha256"] == sha256(other)


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("if_exists", "data", "reason"),
    [
        ("refuse", DATA, "OBJECT_EXISTS"),
        ("same", DATA, None),
        ("same", image(MIB, 2), "OBJECT_EXISTS"),
        ("replace", image(MIB, 2), None),
    ],
)
def test_a_name_that_is_taken(
    house: House, service: ImageService, project: str, url: str, if_exists: str, data: bytes, reason: str | None
) -> None:
    theirs = service.put(project, "x", data)
    done = put(house, url, if_exists=if_exists, sha256=sha256(DATA))
    assert why(done) == reason
    left = only(service, project)
    assert (left["id"] == theirs) is (if_exists != "replace")
    assert service.read(project, left["id"]) == (DATA if reason is None else data)


def test_of_many_that_want_one_name_at_once_one_at_most_gets_it_and_the_others_leave_nothing(
    house: House, service: ImageService, project: str
) -> None:
    trial = house.trial(script)
    url = house.sources.serve("/small", Reply(image(MIB)))

    async def all_at_once() -> list[Done]:
        asked = {"source": url, "stores": "cloud", "name": "x"}
        return list(await asyncio.gather(*(trial.run_async(asked) for _ in range(6))))

    done = asyncio.run(all_at_once())
    winners = [one for one in done if why(one) is None]
    assert {why(one) for one in done} <= {None, "OBJECT_EXISTS"}
    assert len(winners) <= 1
    assert [one["id"] for one in service.images(project)] == [w.result["objects"][0]["image"] for w in winners]


def test_sixteen_clients_at_once_each_get_their_image(house: House, service: ImageService, project: str) -> None:
    trial = house.trial(script)
    data = [image(MIB, seed) for seed in range(16)]
    urls = [house.sources.serve(f"/{seed}", Reply(one)) for seed, one in enumerate(data)]

    async def all_at_once() -> list[Done]:
        asked = [{"source": url, "stores": "cloud", "name": f"x{n}"} for n, url in enumerate(urls)]
        return list(await asyncio.gather(*(trial.run_async(one) for one in asked)))

    done = asyncio.run(all_at_once())
    assert [why(one) for one in done] == [None] * 16
    made = {one["name"]: one for one in service.images(project)}
    assert sorted(made) == sorted(f"x{n}" for n in range(16))
    assert all(service.read(project, made[f"x{n}"]["id"]) == one for n, one in enumerate(data))


# ---------------------------------------------------------------- dying


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("verb", "prefix"), REPORTS[2:-1], ids=[f"{verb} {prefix}" for verb, prefix in REPORTS[2:-1]])
def test_an_import_that_died_at_a_report_goes_on_to_one_image(
    house: House, service: ImageService, project: str, url: str, verb: str, prefix: str, after: bool
) -> None:
    trial = house.trial(script)
    session = DyingSession(verb, prefix, after=after)
    died = trial.run({"source": url, "stores": "cloud", "name": "x"}, session=session)
    assert session.died
    again = go_on(trial, died)
    assert again.result["sha256"] == sha256(DATA)
    assert states(again) == {("object/cloud/x", "CREATED"), ("staging/cloud/x", "UNDONE")}
    made = only(service, project)
    assert (made["name"], made["status"]) == ("x", "active")
    assert service.read(project, made["id"]) == DATA


def test_an_import_killed_in_mid_upload_ends_in_one_image(
    house: House, service: ImageService, project: str, tmp_path: Path
) -> None:
    kept = service.kept()
    data = image(12 * MIB, 5)
    url = house.sources.serve("/image", Reply(data, rate=24 * MIB))
    trial = house.trial(script)
    ledger = tmp_path / "ledger"
    asked = {
        "params": {"source": url, "stores": "cloud", "name": "x"},
        "stores": trial.stores,
        "settings": trial.settings,
        "ledger": str(ledger),
    }
    chance = random.Random(3)
    kills = 0
    for _ in range(20):
        child = subprocess.Popen([sys.executable, "-m", "tests.image.crashing", json.dumps(asked)])
        wait_for_ledger(ledger, child)
        try:
            if child.wait(chance.uniform(0.1, 1.0) if kills < 4 else 60) == 0:
                break
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
        settled = trial.settle(pickle.loads(ledger.read_bytes()))
        assert len(service.images(project)) <= 1
        assert all(one["status"] == "active" for one in service.images(project) if one["name"] == "x")
        ledger.write_bytes(pickle.dumps(settled))
    done = pickle.loads(ledger.read_bytes())
    assert done.result["sha256"] == sha256(data)
    assert kills
    made = only(service, project)
    assert (made["name"], service.read(project, made["id"])) == ("x", data)
    assert service.kept() == kept + 1


def test_what_is_left_of_an_import_killed_in_mid_upload_is_undone(
    house: House, service: ImageService, project: str, url: str
) -> None:
    trial = house.trial(script)
    died = trial.run(
        {"source": url, "stores": "cloud", "name": "x"}, session=DyingSession("memo", "content", after=False)
    )
    settled = trial.settle(died)
    remove(trial, settled, "")
    assert service.images(project) == []


def test_a_request_that_arrives_after_the_undo_makes_nothing(house: House, service: ImageService, project: str) -> None:
    store = open_store("cloud", house.extra)
    place = GlancePlace(store, "x", mark_of("seed", "cloud"))

    async def late() -> None:
        await place.discard()
        about = {"name": place.staging, "disk_format": "raw", "container_format": "bare"}
        first = str(uuid.uuid5(uuid.UUID(place.mark), "0"))
        with pytest.raises(Exception, match="409"):
            service.ask("POST", "/v2/images", project, json.dumps({**about, "id": first}).encode())
        assert await place.look() is Look.ABSENT

    asyncio.run(late())
    assert service.images(project) == []


def test_a_service_that_dies_in_mid_upload_is_unavailable_and_what_is_left_is_undone(
    house: House, service: ImageService, project: str
) -> None:
    data = image(6 * MIB)
    url = house.sources.serve("/image", Reply(data, rate=6 * MIB))
    trial = house.trial(script)
    asked = {"source": url, "stores": "cloud", "name": "x"}

    async def dying() -> Done:
        running = asyncio.ensure_future(trial.run_async(asked))
        await asyncio.to_thread(kill_in_mid_upload, service, project)
        return await running

    try:
        failed = asyncio.run(dying())
    finally:
        service.revive()
    assert failed.failure.reason == "STORE_UNAVAILABLE"
    assert failed.failure.retryable
    remove(trial, trial.settle(failed), "staging/")
    assert service.images(project) == []
    assert trial.run(asked).result["sha256"] == sha256(data)
    assert [(one["name"], one["status"]) for one in service.images(project)] == [("x", "active")]


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("table", "option"),
    [
        ({"url": "glance://", "username": "me"}, "auth_url"),
        ({"url": "glance://", "auth_url": "http://127.0.0.1:1/v3"}, "username"),
        ({"url": "glance://", "token": "t", "endpoint": "http://127.0.0.1:1", "access_key_id": "x"}, "access_key_id"),
        ({"url": "glance://", "token": "t", "endpoint": "http://127.0.0.1:1", "timeout": "3s"}, "timeout"),
    ],
)
def test_a_table_that_is_wrong_names_its_option(table: dict[str, Any], option: str) -> None:
    with pytest.raises(Failed, match=option) as refused:
        open_store("cloud", {"cloud": table})
    assert refused.value.reason == "STORE_MISCONFIGURED"


def test_an_image_service_keeps_no_other_objects() -> None:
    store = open_store("cloud", {"cloud": {"url": "glance://", "token": "t", "endpoint": "http://127.0.0.1:1"}})
    with pytest.raises(Failed, match="keeps images"):
        _ = store.raw


@pytest.mark.parametrize(
    "login",
    [
        {"endpoint": "http://127.0.0.1:1", "token": "a:b:c"},
        {"auth_url": "http://127.0.0.1:1/v3", "username": "u", "password": "p", "user_domain_name": "Default"},
    ],
    ids=["endpoint", "keystone"],
)
def test_a_cloud_that_is_not_there_is_unavailable(house: House, url: str, login: dict[str, str]) -> None:
    house.extra["cloud"] = {"url": "glance://", **login}
    done = put(house, url)
    assert done.failure.reason == "STORE_UNAVAILABLE"
    assert done.failure.retryable


def test_a_token_that_is_not_taken_is_refused(house: House, service: ImageService, url: str) -> None:
    house.extra["cloud"] = {"url": "glance://", "endpoint": service.endpoint, "token": "nobody"}
    done = put(house, url)
    assert done.failure.reason == "STORE_REFUSED"
    assert house.sources.requests == []


def kill_in_mid_upload(service: ImageService, project: str) -> None:
    """Kill the service once an image is begun."""
    until = time.monotonic() + 60
    while not any(one["status"] == "queued" for one in service.images(project)):
        assert time.monotonic() < until
        time.sleep(0.02)
    service.kill()
