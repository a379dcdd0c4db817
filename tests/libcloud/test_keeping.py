"""No id is lost: real drivers over the wire, against a cloud that fails in every way."""

# ruff: noqa: PT012 - what stops a block half-way stands in it

from typing import Any

import pytest
import requests
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import NodeImage, NodeSize
from tests.servers.cloud import Cloud
from tests.servers.cloud_ec2 import IMAGES

from wharfinger_libcloud import Created, Lossless, PartialFailureError, keeping, recording

SIZE = NodeSize("t2.micro", "t2.micro", 1, 1, 1, 0.0, None)
IMAGE = NodeImage(next(iter(IMAGES)), "debian", None)


def test_openstack_that_answers_503_after_its_202_loses_no_id(
    cloud: Cloud, openstack: Any, boot: dict[str, Any]
) -> None:
    cloud.oracle.fail("GET /servers/ID", "503")
    with pytest.raises(PartialFailureError) as caught, keeping(openstack):
        openstack.create_node("web-1", **boot)
    [created] = caught.value.created
    assert (created.kind, created.id, created.name) == ("node", cloud.oracle.alive()[0].id, "web-1")
    assert isinstance(caught.value.__cause__, BaseHTTPError)
    assert caught.value.rollback() == []
    assert cloud.oracle.everything() == []
    assert caught.value.created == ()


@pytest.mark.parametrize("fault", ["made_503", "made_dropped"])
def test_a_lost_answer_to_the_post_is_uncertain(cloud: Cloud, openstack: Any, boot: dict[str, Any], fault: str) -> None:
    cloud.oracle.fail("POST /servers", fault)
    with pytest.raises(PartialFailureError) as caught, keeping(openstack):
        openstack.create_node("web-1", **boot)
    [uncertain] = caught.value.uncertain
    assert (uncertain.kind, uncertain.names) == ("node", ("web-1",))
    assert caught.value.created == ()
    assert len(cloud.oracle.alive()) == 1
    assert "web-1" in str(caught.value)


def test_what_rollback_does_not_know_it_leaves_alone(cloud: Cloud, openstack: Any, boot: dict[str, Any]) -> None:
    openstack.create_node("someone-elses", **boot)
    cloud.oracle.fail("POST /servers", "made_503")
    with pytest.raises(PartialFailureError) as caught, keeping(openstack):
        openstack.create_node("web-1", **boot)
    assert caught.value.rollback() == []
    assert len(cloud.oracle.alive()) == 2


def test_a_request_that_outlasts_its_timeout_is_uncertain(cloud: Cloud, openstack: Any, boot: dict[str, Any]) -> None:
    cloud.oracle.fail("POST /servers", "late", delay=0.6)
    with pytest.raises(PartialFailureError) as caught, keeping(openstack, timeout=0.3):
        openstack.create_node("web-1", **boot)
    assert cloud.oracle.alive() == []
    assert isinstance(caught.value.__cause__, requests.Timeout)
    [uncertain] = caught.value.uncertain
    assert "ReadTimeout" in uncertain.why


@pytest.mark.parametrize("fault", ["quota", "rate"])
def test_a_refusal_passes_as_it_is(cloud: Cloud, openstack: Any, boot: dict[str, Any], fault: str) -> None:
    cloud.oracle.fail("POST /servers", fault)
    with pytest.raises(BaseHTTPError), keeping(openstack):
        openstack.create_node("web-1", **boot)


def test_a_cloud_that_cannot_be_reached_made_nothing(cloud: Cloud, ec2: Any) -> None:
    ec2.connection.connect(host="127.0.0.1", port=1)
    with pytest.raises(requests.ConnectionError), keeping(ec2):
        ec2.create_node("web-1", SIZE, IMAGE)


def test_a_half_made_group_lists_what_exists_and_what_was_never_tried(
    cloud: Cloud, openstack: Any, boot: dict[str, Any]
) -> None:
    names = [f"web-{n}" for n in range(1, 6)]
    cloud.oracle.fail("POST /servers", "made_503", after=2)
    with pytest.raises(PartialFailureError) as caught, keeping(openstack, planned=names):
        for name in names:
            openstack.create_node(name, **boot)
    failure = caught.value
    assert [created.name for created in failure.created] == ["web-1", "web-2"]
    assert [uncertain.names for uncertain in failure.uncertain] == [("web-3",)]
    assert failure.not_attempted == ("web-4", "web-5")


def test_an_answer_in_an_unknown_namespace_is_no_success_and_loses_no_id(cloud: Cloud, ec2: Any) -> None:
    cloud.oracle.fail("RunInstances", "namespace")
    with pytest.raises(PartialFailureError) as caught:
        Lossless(ec2).create_node("web-1", SIZE, IMAGE)
    assert "an empty list, not a Node" in str(caught.value)
    assert [created.id for created in caught.value.created] == cloud.oracle.everything()


def test_an_answer_of_another_kind_altogether_is_uncertain(cloud: Cloud, ec2: Any) -> None:
    cloud.oracle.fail("RunInstances", "garbled")
    with pytest.raises(PartialFailureError) as caught:
        Lossless(ec2).create_node("web-1", SIZE, IMAGE, ex_clienttoken="token-1")
    [uncertain] = caught.value.uncertain
    assert (uncertain.names, uncertain.token) == (("web-1",), "token-1")
    assert len(cloud.oracle.alive()) == 1


def test_several_nodes_of_one_call_are_all_listed(cloud: Cloud, ec2: Any) -> None:
    with pytest.raises(PartialFailureError) as caught, keeping(ec2):
        ec2.create_node("web", SIZE, IMAGE, ex_mincount=3, ex_maxcount=3)
        raise TimeoutError
    assert sorted(created.id for created in caught.value.created) == cloud.oracle.everything()
    assert len(caught.value.created) == 3


def test_a_volume_whose_second_call_fails_is_not_lost(cloud: Cloud, ec2: Any) -> None:
    cloud.oracle.fail("CreateTags", "503")
    with pytest.raises(PartialFailureError) as caught, keeping(ec2):
        ec2.create_volume(1, "data")
    assert [created.kind for created in caught.value.created] == ["volume"]
    assert caught.value.rollback() == []
    assert cloud.oracle.everything() == []


def test_a_chain_is_undone_newest_first(cloud: Cloud, ec2: Any) -> None:
    with pytest.raises(PartialFailureError) as caught, keeping(ec2):
        volume = ec2.create_volume(1, "data")
        node = ec2.create_node("web", SIZE, IMAGE)
        ec2.attach_volume(node, volume, "/dev/sdf")
        address = ec2.ex_allocate_address("vpc")
        raise RuntimeError(address.ip)
    assert [created.kind for created in caught.value.created] == ["volume", "node", "attachment", "address"]
    assert caught.value.rollback() == []
    assert cloud.oracle.everything() == []


def test_rollback_goes_on_past_a_failure_and_can_be_repeated(
    cloud: Cloud, openstack: Any, boot: dict[str, Any]
) -> None:
    with pytest.raises(PartialFailureError) as caught, keeping(openstack):
        for name in ("a", "b", "c"):
            openstack.create_node(name, **boot)
        raise RuntimeError
    cloud.oracle.fail("DELETE /servers/ID", "503", after=1)
    [left] = caught.value.rollback()
    assert left.created.name == "b"
    assert [thing.name for thing in cloud.oracle.alive()] == ["b"]
    assert caught.value.rollback() == []
    assert cloud.oracle.everything() == []


def test_gone_already_counts_as_removed(cloud: Cloud, openstack: Any, boot: dict[str, Any]) -> None:
    with pytest.raises(PartialFailureError) as caught, keeping(openstack):
        openstack.create_node("a", **boot)
        raise RuntimeError
    cloud.oracle.fail("DELETE /servers/ID", "not_found")
    assert caught.value.rollback() == []


def test_a_node_that_no_list_shows_yet_is_removed_by_its_id(cloud: Cloud, openstack: Any, boot: dict[str, Any]) -> None:
    cloud.oracle.lag = 60
    with pytest.raises(PartialFailureError) as caught, keeping(openstack):
        openstack.create_node("a", **boot)
        raise RuntimeError
    assert openstack.list_nodes() == []
    assert caught.value.rollback() == []
    assert cloud.oracle.everything() == []


def test_what_the_block_took_away_itself_is_not_listed(cloud: Cloud, openstack: Any, boot: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError), keeping(openstack):
        openstack.destroy_node(openstack.create_node("a", **boot))
        raise RuntimeError


def test_a_kind_that_cannot_be_removed_is_said_and_takes_a_function(cloud: Cloud, openstack: Any) -> None:
    failure = PartialFailureError("half-way", created=[], driver=openstack)
    assert failure.rollback() == []

    failure.created = (Created("subnet", "s-1"),)
    [left] = failure.rollback()
    assert "undo={'subnet'" in left.why
    removed: list[str] = []
    assert failure.rollback(undo={"subnet": lambda driver, one: removed.append(one.id)}) == []
    assert removed == ["s-1"]


def test_an_interrupt_carries_what_exists(openstack: Any, boot: dict[str, Any]) -> None:
    with pytest.raises(KeyboardInterrupt) as caught, keeping(openstack):
        openstack.create_node("a", **boot)
        raise KeyboardInterrupt
    assert isinstance(caught.value.__cause__, PartialFailureError)
    assert len(caught.value.__cause__.created) == 1


def test_a_post_is_not_repeated_though_libcloud_is_told_to_retry(
    cloud: Cloud, openstack: Any, boot: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIBCLOUD_RETRY_FAILED_HTTP_REQUESTS", "1")
    cloud.oracle.fail("POST /servers", "made_dropped", 5)
    with pytest.raises(PartialFailureError), keeping(openstack, timeout=5):
        openstack.create_node("a", **boot)
    assert cloud.oracle.count("POST /servers") == 1
    assert len(cloud.oracle.alive()) == 1


def test_secrets_are_not_in_the_journal(cloud: Cloud, openstack: Any) -> None:
    with recording() as journal:
        size, image = openstack.list_sizes()[0], openstack.list_images()[0]
        openstack.create_node("a", size, image, ex_userdata="#!/bin/sh canary-1", ex_files={"/etc/x": "canary-2"})
    text = f"{journal.exchanges!r} {list(map(str, journal.exchanges))}"
    assert '"name": "a"' in text, "what is no secret is kept"
    for secret in ("correct-horse", "a-generated-password", "Y2FuYXJ5", "canary", "gAAAA"):
        assert secret not in text
    assert len(journal.exchanges) == 1


def test_without_a_journal_nothing_is_recorded(openstack: Any, boot: dict[str, Any]) -> None:
    with recording() as journal:
        pass
    openstack.create_node("a", **boot)
    assert journal.exchanges == []
