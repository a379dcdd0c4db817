"""Destroying nodes by names or tags."""

from __future__ import annotations

from tests.compute.conftest import Yard


def test_nodes_are_destroyed_by_name(yard: Yard) -> None:
    yard.deploy("openstack", count=3)
    done = yard.destroy("openstack", names=["web-1", "web-3"])
    assert [node["name"] for node in done.result["nodes"]] == ["web-1", "web-3"]
    assert [thing.name for thing in yard.cloud.oracle.alive()] == ["web-2"]


def test_nodes_are_destroyed_by_tag(yard: Yard) -> None:
    done = yard.deploy("ec2", count=2)
    token = done.ledger["node/web-2"].token
    yard.destroy("ec2", tags={"wharfinger": token})
    assert [thing.name for thing in yard.cloud.oracle.alive()] == ["web-1"]


def test_a_name_that_is_not_there_destroys_nothing(yard: Yard) -> None:
    yard.deploy("openstack", count=1)
    assert yard.destroy("openstack", names=["web-1", "web-9"]).failure.reason == "UNKNOWN_NODE"
    assert len(yard.exists) == 1


def test_a_name_of_two_nodes_destroys_nothing(yard: Yard) -> None:
    yard.cloud.oracle.make("node", "", name="twin")
    yard.cloud.oracle.make("node", "", name="twin")
    assert yard.destroy("openstack", names=["twin"]).failure.reason == "AMBIGUOUS_NAME"
    assert len(yard.exists) == 2


def test_it_tries_again_and_goes_on_past_a_failure(yard: Yard) -> None:
    yard.deploy("openstack", count=3)
    yard.cloud.oracle.fail("DELETE /servers/ID", "503", 2)
    assert len(yard.destroy("openstack", names=["web-1", "web-2", "web-3"], concurrency=1).result["nodes"]) == 3
    assert yard.exists == []


def test_what_is_gone_already_is_destroyed(yard: Yard) -> None:
    yard.deploy("openstack", count=1)
    yard.cloud.oracle.fail("DELETE /servers/ID", "not_found")
    assert len(yard.destroy("openstack", names=["web-1"]).result["nodes"]) == 1


def test_nodes_are_destroyed_by_a_tag_that_is_a_mere_text(yard: Yard) -> None:
    yard.deploy("vultr", count=2)
    [first, second] = yard.cloud.oracle.alive()
    first.tags["tag"], second.tags["tag"] = "env:test", "env:prod"
    done = yard.destroy("vultr", tags={"env": "test"})
    assert [node["id"] for node in done.result["nodes"]] == [first.id]
    assert yard.exists == [second.id]


def test_a_tag_that_no_node_has_is_no_success(yard: Yard) -> None:
    yard.deploy("openstack", count=1)
    done = yard.destroy("openstack", tags={"env": "test"})
    assert done.failure.reason == "UNKNOWN_NODE"
    assert len(yard.exists) == 1
