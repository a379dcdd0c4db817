"""Stores, names and load balancers: the real drivers over the wire, awaited, and no id is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from libcloud.dns.providers import get_driver as names_driver
from libcloud.dns.types import RecordType
from libcloud.loadbalancer.drivers.elb import ElasticLBDriver
from libcloud.storage.providers import get_driver
from moto.server import ThreadedMotoServer
from tests.servers.cloud import Cloud

from wharfinger_libcloud import PartialFailureError, aio, keeping
from wharfinger_libcloud.lossless import checked


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, Any]]:
    """Arguments of the S3 driver for an object store on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {"key": "AKIA", "secret": "s3cr3t", "region": "us-east-1", "host": host, "port": port, "secure": False}
    server.stop()


async def test_a_container_and_its_objects_are_listed_and_taken_back(s3: dict[str, Any]) -> None:
    def fill(driver: Any) -> None:
        container = driver.create_container("half-way")
        driver.upload_object_via_stream(iter([b"abc"]), container, "a/first")
        driver.upload_object(__file__, container, "second")
        driver.upload_object("/no/such/file", container, "third")

    async with aio.driver("s3", **s3, kind="storage") as store:
        with pytest.raises(PartialFailureError) as caught:
            await store.run(fill)
        failure = caught.value
        assert [(one.kind, one.id) for one in failure.created] == [
            ("container", "half-way"),
            ("object", "half-way/a/first"),
            ("object", "half-way/second"),
        ]
        assert failure.uncertain == ()
        assert await asyncio.to_thread(failure.rollback) == []
        assert "half-way" not in [container.name for container in await store.list_containers()]


def test_a_container_that_others_have_filled_is_left(s3: dict[str, Any]) -> None:
    driver, other = get_driver("s3")(**s3), get_driver("s3")(**s3)
    with pytest.raises(PartialFailureError) as caught, keeping(driver):  # noqa: PT012 - what stops it stands in it
        driver.create_container("shared-one")
        raise TimeoutError
    other.upload_object_via_stream(iter([b"theirs"]), other.get_container("shared-one"), "theirs")
    [left] = caught.value.rollback()
    assert left.created.id == "shared-one"
    assert [one.name for one in other.get_container("shared-one").list_objects()] == ["theirs"]
    other.delete_object(other.get_object("shared-one", "theirs"))
    assert caught.value.rollback() == []


async def test_what_was_taken_away_again_is_not_listed(s3: dict[str, Any]) -> None:
    def fill(driver: Any) -> None:
        container = driver.create_container("short-lived")
        stored = driver.upload_object_via_stream(iter([b"abc"]), container, "one")
        driver.delete_object(stored)
        driver.delete_container(container)
        raise TimeoutError

    async with aio.driver("s3", **s3, kind="storage") as store:
        with pytest.raises(TimeoutError):
            await store.run(fill)


async def test_a_zone_and_its_records_are_listed_and_taken_back(cloud: Cloud) -> None:
    def fill(driver: Any) -> None:
        zone = driver.create_zone("example.org", extra={"soa_email": "admin@example.org"})
        for name in ("www", "api", "mail"):
            driver.create_record(name, zone, RecordType.A, "192.0.2.1")

    async with aio.driver("linode", "key", **cloud.plain, kind="dns") as names:
        cloud.oracle.fail("POST /records", "made_503", after=2)
        with pytest.raises(PartialFailureError) as caught:
            await names.run(fill)
        failure = caught.value
        assert [(one.kind, one.name) for one in failure.created] == [
            ("zone", "example.org"),
            ("record", "www"),
            ("record", "api"),
        ]
        assert [(one.kind, one.names) for one in failure.uncertain] == [("record", ("mail",))]
        assert await asyncio.to_thread(failure.rollback) == []
    assert [thing.name for thing in cloud.oracle.alive("record")] == ["mail"]


def test_a_zone_that_was_only_changed_is_not_taken_away(cloud: Cloud) -> None:
    driver = names_driver("linode")("key", **cloud.plain)
    mail = {"soa_email": "admin@example.org"}
    zone = driver.create_zone("example.org", extra=mail)
    with pytest.raises(TimeoutError), keeping(driver):  # noqa: PT012 - what stops it stands in it
        driver.update_zone(zone, "example.org", ttl=600, extra=mail)
        raise TimeoutError
    assert len(cloud.oracle.alive("zone")) == 1


def balancers(cloud: Cloud) -> aio.AsyncDriver:
    """Amazon's balancers; their driver takes no address of its own."""

    def make() -> ElasticLBDriver:
        driver = ElasticLBDriver("AKIA", "s3cr3t", "us-east-1")
        driver.connection.host, driver.connection.port, driver.connection.secure = "127.0.0.1", cloud.port, 0
        driver.connection.connect()
        return driver

    return aio.driver(make, kind="loadbalancer")


async def test_a_balancer_that_the_driver_knows_in_spite_of_its_answer_is_listed(cloud: Cloud) -> None:
    async with balancers(cloud) as account:
        cloud.oracle.fail("CreateLoadBalancer", "garbled")
        with pytest.raises(PartialFailureError) as caught:
            await account.run(
                lambda driver: checked(driver, "create_balancer", "front", 80, "http", None, []).ip.lower()
            )
        assert [(one.kind, one.id) for one in caught.value.created] == [("balancer", "front")]
        assert await asyncio.to_thread(caught.value.rollback) == []
    assert cloud.oracle.everything() == []


@pytest.mark.parametrize("fault", ["made_503", "made_dropped"])
async def test_a_balancer_whose_answer_was_lost_is_uncertain(cloud: Cloud, fault: str) -> None:
    async with balancers(cloud) as account:
        cloud.oracle.fail("CreateLoadBalancer", fault)
        with pytest.raises(PartialFailureError) as caught:
            await account.run(
                lambda driver: checked(driver, "create_balancer", "front", 80, "http", None, []).ip.lower()
            )
    assert [(one.kind, one.names) for one in caught.value.uncertain] == [("balancer", ("front",))]
    assert len(cloud.oracle.alive("balancer")) == 1


async def test_a_balancer_that_gets_no_members_is_taken_back(cloud: Cloud) -> None:
    first, second = (cloud.oracle.make("node", "i-") for _ in range(2))

    def fill(driver: Any) -> None:
        balancer = driver.create_balancer("front", 80, "http", None, [])
        driver.balancer_attach_compute_node(balancer, first)
        driver.balancer_attach_compute_node(balancer, second)

    async with balancers(cloud) as account:
        cloud.oracle.fail("RegisterInstancesWithLoadBalancer", "quota", after=1)
        with pytest.raises(PartialFailureError) as caught:
            await account.run(fill)
        assert [(one.kind, one.name) for one in caught.value.created] == [("balancer", "front")]
        assert await asyncio.to_thread(caught.value.rollback) == []
    assert cloud.oracle.everything() == [first.id, second.id]
