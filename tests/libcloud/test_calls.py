"""Whoever calls `create_node` makes a node, whatever goes over the wire; what was there is nobody's to delete."""

# ruff: noqa: PT012 - what stops a block half-way stands in it

import json
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from libcloud.common.base import Connection
from libcloud.common.types import LibcloudError
from libcloud.compute.base import NodeImage, NodeLocation, NodeSize
from libcloud.compute.drivers.outscale import OutscaleNodeDriver
from libcloud.compute.drivers.upcloud import UpcloudDriver
from libcloud.compute.types import DeploymentError, NodeState
from libcloud.dns.providers import get_driver as names_driver
from libcloud.dns.types import RecordType, ZoneAlreadyExistsError
from libcloud.http import LibcloudConnection
from libcloud.storage.base import Container
from libcloud.storage.drivers.cloudfiles import OpenStackSwiftStorageDriver
from libcloud.storage.drivers.oss import OSSStorageDriver
from libcloud.storage.drivers.s3 import S3StorageDriver
from tests.servers.answering import Answering, Reply, Request
from tests.servers.cloud import Cloud
from tests.servers.cloud_ec2 import IMAGES
from urllib3.connection import HTTPConnection

from wharfinger_libcloud import PartialFailureError, keeping
from wharfinger_libcloud.calls import CHANGES, MAKES, READS, REMOVES, role_of
from wharfinger_libcloud.reading import read_request

SIZE = NodeSize("t2.micro", "t2.micro", 1, 1, 1, 0.0, None)
IMAGE = NodeImage(next(iter(IMAGES)), "debian", None)

OSS_BUCKETS = """<?xml version="1.0"?><ListAllMyBucketsResult><Buckets><Bucket><Name>mybucket</Name>
<Location>oss-cn-hangzhou</Location><CreationDate>2026-01-01</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"""

Serve = Callable[[Callable[[Request], Reply]], Answering]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as running:
        yield lambda answer: running.enter_context(Answering(answer))


def at(driver: Any, server: Answering) -> Any:
    """Point a driver, whose class takes no address, to a server on loopback."""
    connection = driver.connection
    connection.host, connection.port, connection.secure = "127.0.0.1", server.port, 0
    connection.connect(host="127.0.0.1", port=server.port)
    return driver


# ---------------------------------------------------------------- what was there before


class Swift:
    """A Swift store: the PUT of a container that exists is answered 202."""

    def __init__(self, serve: Serve, *there: str) -> None:
        self.there = set(there)
        self.server = serve(self.answer)
        address = f"http://127.0.0.1:{self.server.port}/v1/AUTH_a"
        self.driver = OpenStackSwiftStorageDriver(
            "user",
            "key",
            ex_force_base_url=address,
            ex_force_auth_token="token",
            ex_force_auth_url="http://127.0.0.1:1",
            ex_force_auth_version="2.0_password",
        )

    def answer(self, request: Request) -> Reply:
        name = request.path.partition("?")[0].removeprefix("/v1/AUTH_a").strip("/")
        was = name in self.there
        if request.method == "HEAD":
            headers = {
                "X-Container-Object-Count": "0",
                "X-Container-Bytes-Used": "0",
                "ETag": "e",
                "Last-Modified": "l",
            }
            return Reply(204 if was else 404, headers=headers)
        if request.method == "PUT":
            self.there.add(name)
            return Reply(202 if was and "/" not in name else 201, headers={"ETag": "e"})
        if request.method == "DELETE":
            self.there.discard(name)
            return Reply(204 if was else 404)
        return Reply(204)


def test_a_container_that_was_there_is_not_deleted(serve: Serve) -> None:
    swift = Swift(serve, "theirs")
    with pytest.raises(LibcloudError) as caught, keeping(swift.driver):
        swift.driver.create_container("theirs")
    assert not isinstance(caught.value, PartialFailureError)
    with pytest.raises(PartialFailureError) as half, keeping(swift.driver):
        swift.driver.create_container("ours")
        swift.driver.ex_enable_static_website(swift.driver.get_container("theirs"))
        raise TimeoutError
    assert [one.id for one in half.value.created] == ["ours"]
    assert [one.request for one in half.value.changed] == ["POST /v1/AUTH_a/theirs"]
    assert half.value.rollback() == []
    assert swift.there == {"theirs"}


def test_an_object_that_was_written_over_is_a_change(serve: Serve) -> None:
    swift = Swift(serve, "c", "c/old")
    container = Container("c", {}, swift.driver)
    with pytest.raises(PartialFailureError) as caught, keeping(swift.driver):
        for name in ("old", "new"):
            swift.driver.upload_object(__file__, container, name, verify_hash=False)
        raise TimeoutError
    assert [one.id for one in caught.value.created] == ["c/new"]
    assert [one.names for one in caught.value.changed] == [("old",)]
    assert caught.value.rollback() == []
    assert swift.there == {"c", "c/old"}


def test_keys_may_have_the_words_of_a_login(serve: Serve) -> None:
    swift = Swift(serve, "c")
    container = Container("c", {}, swift.driver)
    keys = ["login/x", "users/auth/x", "sessions/1", "docs/tokens"]
    with pytest.raises(PartialFailureError) as caught, keeping(swift.driver):
        for key in keys:
            swift.driver.upload_object(__file__, container, key, verify_hash=False)
        raise TimeoutError
    assert [one.id for one in caught.value.created] == [f"c/{key}" for key in keys]


def test_the_key_is_the_calls_where_the_bucket_is_in_the_hosts_name(serve: Serve) -> None:
    there: set[str] = set()

    def answer(request: Request) -> Reply:
        if request.method == "PUT":
            there.add(request.path)
        if request.method == "GET":
            return Reply(200, OSS_BUCKETS)
        return Reply(404 if request.method == "HEAD" else 200, headers={"etag": '"e"'})

    server = serve(answer)
    driver = at(OSSStorageDriver("key", "secret"), server)
    driver.connection.connect = lambda host=None, **_: None
    driver.connection._set_container = lambda _: None
    with pytest.raises(PartialFailureError) as caught, keeping(driver):
        container = Container("mybucket", {"location": "oss-cn-hangzhou"}, driver)
        driver.upload_object(__file__, container, "report.txt", verify_hash=False)
        raise TimeoutError
    assert [(one.kind, one.id) for one in caught.value.created] == [("object", "mybucket/report.txt")]


def test_a_container_that_is_not_found_does_not_say_that_its_object_is_gone(serve: Serve) -> None:
    swift = Swift(serve, "c")
    with pytest.raises(PartialFailureError) as caught, keeping(swift.driver):
        swift.driver.upload_object(__file__, Container("c", {}, swift.driver), "k", verify_hash=False)
        raise TimeoutError
    failure = pickle.loads(pickle.dumps(caught.value))  # which knows no objects of libcloud's
    swift.driver.get_container = lambda _: swift.driver.get_object("nowhere", "k")
    [left] = failure.rollback(swift.driver) or [None]
    assert left is None or left.created.id == "c/k"


# ---------------------------------------------------------------- whose it is


def test_each_account_takes_back_its_own(cloud: Cloud) -> None:
    from libcloud.compute.providers import get_driver

    with Cloud() as other:
        here, there = get_driver("ec2")(**cloud.ec2), get_driver("ec2")(**other.ec2)
        for kept in ((here,), (here, there)):
            with pytest.raises(PartialFailureError) as caught, keeping(*kept):
                here.create_node("a", SIZE, IMAGE)
                there.create_node("b", SIZE, IMAGE)
                raise TimeoutError
            assert [one.driver for one in caught.value.created] == [here, there]
            assert caught.value.rollback() == []
            assert cloud.oracle.everything() == other.oracle.everything() == []


def test_threads_of_the_blocks_own_are_recorded(cloud: Cloud, openstack: Any, boot: dict[str, Any]) -> None:
    with pytest.raises(PartialFailureError) as caught, keeping(openstack):
        with ThreadPoolExecutor(1) as pool:
            list(pool.map(lambda name: openstack.create_node(name, **boot), ("a", "b")))
        raise TimeoutError
    assert [one.name for one in caught.value.created] == ["a", "b"]
    assert caught.value.rollback() == []


# ---------------------------------------------------------------- what a chain leaves


@pytest.mark.parametrize("provider", ["ec2", "openstack"])
def test_a_volume_that_was_attached_and_detached_is_still_there(
    cloud: Cloud, request: pytest.FixtureRequest, provider: str, boot: dict[str, Any]
) -> None:
    driver = request.getfixturevalue(provider)
    node = driver.create_node("n", SIZE, IMAGE) if provider == "ec2" else driver.create_node("n", **boot)
    with pytest.raises(PartialFailureError) as caught, keeping(driver):
        volume = driver.create_volume(8, "data")
        driver.attach_volume(node, volume, "/dev/sdf")
        driver.detach_volume(next(one for one in driver.list_volumes() if one.id == volume.id))
        raise TimeoutError
    assert [one.kind for one in caught.value.created] == ["volume"]
    assert caught.value.created[0].thing is volume
    assert caught.value.rollback() == []
    assert [thing.kind for thing in cloud.oracle.alive("volume")] == []


def test_a_record_that_is_deleted_takes_no_zone_of_the_same_id_along(serve: Serve) -> None:
    def answer(request: Request) -> Reply:
        if request.method == "DELETE":
            return Reply(200, "{}")
        kind = {"type": "A", "name": "www", "target": "192.0.2.1"} if "records" in request.path else {"type": "master"}
        return Reply(200, json.dumps({"id": 7, "domain": "example.org", "status": "active", "soa_email": "a", **kind}))

    server = serve(answer)
    driver = names_driver("linode")("key", host="127.0.0.1", port=server.port, secure=False)
    with pytest.raises(PartialFailureError) as caught, keeping(driver):
        zone = driver.create_zone("example.org", extra={"soa_email": "a@example.org"})
        record = driver.create_record("www", zone, RecordType.A, "192.0.2.1")
        assert str(record.id) == str(zone.id) == "7"
        driver.delete_record(record)
        raise TimeoutError
    assert [one.kind for one in caught.value.created] == ["zone"]


def test_names_are_the_calls_where_the_body_has_others(serve: Serve) -> None:
    bodies: list[str] = []

    def answer(request: Request) -> Reply:
        if request.method != "POST":
            return Reply(200, json.dumps({"storages": {"storage": []}, "templates": {"template": []}, "server": {}}))
        bodies.append(request.body)
        if len(bodies) == 2:
            return Reply(0)
        found = {
            "uuid": "00-1",
            "title": "web-1",
            "state": "started",
            "hostname": "localhost",
            "ip_addresses": {"ip_address": []},
            "vnc_password": "",
        }
        return Reply(202, json.dumps({"server": found}))

    server = serve(answer)
    driver = at(UpcloudDriver("user", "secret"), server)
    size = NodeSize("1xCPU-1GB", "s", 1024, 30, None, 0.0, driver, extra={"core_number": 1, "storage_tier": "maxiops"})
    image = NodeImage("01", "debian", driver, extra={"type": "template", "size": 30, "access": "public"})
    names = ["web-1", "web-2", "web-3"]
    with pytest.raises(PartialFailureError) as caught, keeping(driver, planned=names):
        for name in names:
            driver.create_node(name, size, image, NodeLocation("fi-hel1", "", "FI", driver), ex_hostname="h")
    assert caught.value.not_attempted == ("web-3",)
    assert [one.names for one in caught.value.uncertain] == [("web-2",)]
    assert isinstance(caught.value, requests.ConnectionError)


def test_an_image_made_by_a_nodes_action_is_not_lost(serve: Serve, cloud: Cloud, openstack: Any, boot: Any) -> None:
    node = openstack.create_node("n", **boot)
    asked = read_request("POST", "/v2/1/servers/9/action", '{"createImage": {"name": "image-1"}}')

    def answer(request: Request) -> Reply:
        return Reply(202, headers={"Location": "http://h/images/i-7"}) if request.method == "POST" else Reply(503)

    openstack.connection.get_service_catalog()
    server = serve(answer)
    openstack.connection.connect(base_url=f"http://127.0.0.1:{server.port}/v2.1")
    with pytest.raises(PartialFailureError) as caught, keeping(openstack):
        openstack.create_image(node, "image-1")
    assert asked.names == ("image-1",)
    assert [(one.kind, one.id, one.name) for one in caught.value.created] == [("image", "i-7", "image-1")]


def test_what_is_sent_past_libclouds_connections_is_seen(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: Request) -> Reply:
        if "CreateVms" in request.path:
            return Reply(200, json.dumps({"Vms": [{"VmId": "i-9", "State": "pending"}]}))
        return Reply(200, "{}")

    server = serve(answer)
    driver = OutscaleNodeDriver("key", "secret", region="eu-west-2", service="api")
    post = requests.post
    monkeypatch.setattr(
        requests,
        "post",
        lambda url, **given: post(f"http://127.0.0.1:{server.port}/{url.rpartition('/')[2]}", **given),
    )
    with pytest.raises(PartialFailureError) as caught, keeping(driver):
        driver.create_node(
            NodeImage("ami-1", "", driver), name="n", ex_keypair_name="k", ex_security_groups=["default"]
        )
    assert [(one.kind, one.id) for one in caught.value.created] == [("node", "i-9")]


# ---------------------------------------------------------------- errors and attributes


def test_a_deployment_that_fails_is_libclouds_error_with_its_node(cloud: Cloud, ec2: Any) -> None:
    with pytest.raises(DeploymentError) as caught, keeping(ec2):
        node = ec2.create_node("web-1", SIZE, IMAGE)
        raise DeploymentError(node, TimeoutError("no ssh"), ec2)
    assert isinstance(caught.value, PartialFailureError)
    assert caught.value.node is caught.value.created[0].thing
    assert caught.value.node.destroy()
    assert cloud.oracle.everything() == []


def test_a_failure_is_libclouds_error_and_its_pickle_has_no_secret(cloud: Cloud, ec2: Any) -> None:
    with pytest.raises(ZeroDivisionError) as caught, keeping(ec2):
        ec2.create_node("web-1", SIZE, IMAGE)
        _ = 1 / 0
    assert isinstance(caught.value, LibcloudError)
    kept = pickle.dumps(caught.value)
    assert ec2.secret.encode() not in kept
    again = pickle.loads(kept)
    assert str(again) == str(caught.value)
    assert again.created == caught.value.created
    assert again.rollback(ec2) == []


def test_a_definite_answer_passes_as_it_is(serve: Serve) -> None:
    from libcloud.dns.drivers.dnspod import DNSPodDNSDriver

    told = {"status": {"code": "17", "message": "Domain already exists as an alias of another domain"}}
    server = serve(lambda _: Reply(200, json.dumps(told), {"Content-Type": "application/json"}))
    driver = at(DNSPodDNSDriver("token"), server)
    with pytest.raises(ZoneAlreadyExistsError) as caught, keeping(driver):
        driver.create_zone("example.org")
    assert not isinstance(caught.value, PartialFailureError)


def test_a_read_by_post_that_fails_makes_nothing(serve: Serve) -> None:
    from libcloud.dns.drivers.dnspod import DNSPodDNSDriver

    driver = at(DNSPodDNSDriver("token"), serve(lambda _: Reply(503)))
    with pytest.raises(TypeError) as caught, keeping(driver):  # libcloud's own, of an answer that is no JSON
        driver.list_zones()
    assert not isinstance(caught.value, PartialFailureError)


def test_after_the_block_all_is_as_it_was(cloud: Cloud, ec2: Any) -> None:
    class Own(ec2.connection.retryCls):  # type: ignore[misc, name-defined]
        """A retry of the program's own."""

    ec2.connection.retryCls = Own
    owners = ((LibcloudConnection, "request"), (Connection, "_retryable_request"), (HTTPConnection, "getresponse"))
    before = [vars(owner)[name] for owner, name in owners], dict(vars(ec2)), dict(vars(ec2.connection))
    with keeping(ec2), keeping(ec2):
        ec2.list_nodes()
        assert vars(LibcloudConnection)["request"] is not before[0][0]
        assert issubclass(ec2.connection.retryCls, Own)
    assert [vars(owner)[name] for owner, name in owners] == before[0]
    assert dict(vars(ec2)) == before[1]
    assert ec2.connection.retryCls is Own


def test_blocks_of_several_threads_do_not_mix(cloud: Cloud, openstack: Any, boot: dict[str, Any]) -> None:
    from libcloud.compute.providers import get_driver

    both = threading.Barrier(2)
    failures: dict[str, PartialFailureError] = {}

    def work(name: str) -> None:
        driver = get_driver("openstack")(**cloud.openstack)
        try:
            with keeping(driver):
                both.wait(30)
                driver.create_node(name, **boot)
                both.wait(30)
                raise TimeoutError
        except PartialFailureError as failure:
            failures[name] = failure

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: [one.name for one in failure.created] for name, failure in failures.items()} == {
        "a": ["a"],
        "b": ["b"],
    }


@pytest.mark.parametrize(
    ("method", "effect", "kind"),
    [
        ("create_node", MAKES, "node"),
        ("ex_create_address", MAKES, "address"),
        ("ex_add_public_ip_block_to_network_domain", MAKES, "publicipblock"),
        ("ex_clone_node", MAKES, "node"),
        ("ex_associate_address_with_node", MAKES, "association"),
        ("ex_list_networks", READS, ""),
        ("ex_set_tags", CHANGES, ""),
        ("ex_delete_security_group", REMOVES, "securitygroup"),
        ("ex_frobnicate", "", ""),
    ],
)
def test_a_method_is_read_by_its_verb_and_noun(method: str, effect: str, kind: str) -> None:
    role = role_of(method)
    assert role.effect == effect
    assert not kind or role.kind == kind


def test_a_server_that_stays_in_error_is_left_over(cloud: Cloud, openstack: Any, boot: dict[str, Any]) -> None:
    with pytest.raises(PartialFailureError) as caught, keeping(openstack):
        openstack.create_node("a", **boot)
        raise TimeoutError
    node = openstack.list_nodes()[0]
    node.state = NodeState.ERROR
    openstack.destroy_node = lambda _: True
    openstack.list_nodes = lambda: [node]
    [left] = caught.value.rollback(patience=0)
    assert "is error" in left.why
    assert caught.value.created == (left.created,)


def test_s3_key_of_a_login(serve: Serve) -> None:
    server = serve(lambda request: Reply(404 if request.method in ("GET", "HEAD") else 200, headers={"etag": '"e"'}))
    driver = S3StorageDriver("key", "secret", host="127.0.0.1", port=server.port, secure=False)
    with pytest.raises(PartialFailureError) as caught, keeping(driver):
        driver.upload_object(__file__, Container("b", {}, driver), "a/auth/x", verify_hash=False)
        raise TimeoutError
    assert [one.id for one in caught.value.created] == ["b/a/auth/x"]
