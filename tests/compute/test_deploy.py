"""Nodes, volumes and addresses by the script, and what is in its ledger when the cloud fails."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.compute.conftest import Yard

from wharfinger.testing import Done

BOTH = pytest.mark.parametrize("provider", ["ec2", "openstack"])


def states(done: Done, prefix: str = "") -> dict[str, str]:
    return {key: entry.state for key, entry in done.ledger.items() if key.startswith(prefix)}


@BOTH
def test_it_makes_the_nodes_and_returns_them(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider, count=3)
    nodes = done.result["nodes"]
    assert [node["name"] for node in nodes] == ["web-1", "web-2", "web-3"]
    assert sorted(node["id"] for node in nodes) == yard.exists
    assert done.plan == ["node/web-1", "node/web-2", "node/web-3"]
    assert {entry.type for entry in done.ledger.values()} == {f"{provider}.node"}


@BOTH
def test_each_node_carries_its_token(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider, count=2)
    carried = {thing.id: thing.tags["wharfinger"] for thing in yard.cloud.oracle.alive()}
    assert carried == {entry.external_id: entry.token for entry in done.ledger.values()}


def test_volumes_and_addresses_are_made_and_attached(yard: Yard) -> None:
    done = yard.deploy("ec2", count=2, volumes=[1, 2], addresses=True)
    nodes = {node["id"]: node for node in done.result["nodes"]}
    oracle = yard.cloud.oracle
    assert len(oracle.alive("volume")) == 4
    assert all(volume.id in nodes[volume.attached]["volumes"] for volume in oracle.alive("volume"))
    assert all(nodes[address.attached]["address"] == address.id for address in oracle.alive("address"))
    assert set(done.plan) == set(done.ledger)
    assert done.ledger["attachment/web-1-2"].depends_on == ("volume/web-1-2", "node/web-1")


def test_all_of_it_can_be_undone(yard: Yard) -> None:
    done = yard.deploy("ec2", count=2, volumes=[1], addresses=True)
    undone = yard.undo(done)
    assert undone.result == {}
    assert set(states(undone).values()) == {"UNDONE"}
    assert yard.exists == []


def test_openstack_volumes_can_be_undone(yard: Yard) -> None:
    done = yard.deploy("openstack", count=1, volumes=[1])
    assert len(yard.exists) == 2
    assert yard.undo(done).result == {}
    assert yard.exists == []


def test_undo_of_what_is_gone_is_success(yard: Yard) -> None:
    done = yard.deploy("openstack", count=1)
    for thing in yard.cloud.oracle.alive():
        thing.gone = True
    assert yard.undo(done).result == {}


def test_the_get_that_fails_after_the_post_loses_no_node(yard: Yard) -> None:
    yard.cloud.oracle.fail("GET /servers/ID", "503")
    done = yard.deploy("openstack", count=2)
    assert sorted(node["id"] for node in done.result["nodes"]) == yard.exists


@pytest.mark.parametrize("fault", ["made_503", "made_dropped", "garbled"])
@BOTH
def test_a_lost_answer_is_found_again_by_its_token(yard: Yard, provider: str, fault: str) -> None:
    yard.cloud.oracle.fail("RunInstances" if provider == "ec2" else "POST /servers", fault, after=1)
    done = yard.deploy(provider, count=3, concurrency=1)
    assert done.failure.reason == "RESOURCE_UNCERTAIN"
    assert states(done) == {"node/web-1": "CREATED", "node/web-2": "INTENDED"}
    settled = yard.settle(done)
    assert states(settled) == {"node/web-1": "CREATED", "node/web-2": "CREATED"}
    resumed = yard.deploy(provider, after=settled)
    assert sorted(node["id"] for node in resumed.result["nodes"]) == yard.exists
    assert len(yard.exists) == 3


def test_a_lost_volume_and_address_are_found_again(yard: Yard) -> None:
    yard.cloud.oracle.fail("CreateVolume", "made_503")
    first = yard.settle(yard.deploy("ec2", volumes=[1], addresses=True))
    yard.cloud.oracle.fail("AllocateAddress", "made_503")
    second = yard.settle(yard.deploy("ec2", after=first))
    assert states(second)["volume/web-1-1"] == states(second)["address/web-1"] == "CREATED"
    done = yard.deploy("ec2", after=second)
    assert done.result["nodes"][0]["volumes"] == [yard.cloud.oracle.alive("volume")[0].id]
    assert len(yard.exists) == 3


def test_what_was_not_made_is_not_found(yard: Yard) -> None:
    yard.cloud.oracle.fail("POST /servers", "503")
    settled = yard.settle(yard.deploy("openstack"))
    assert states(settled) == {"node/web-1": "NOT_CREATED"}
    assert len(yard.deploy("openstack", after=settled).result["nodes"]) == 1
    assert len(yard.exists) == 1


def test_a_quota_met_half_way_stops_and_says_so(yard: Yard) -> None:
    yard.cloud.oracle.fail("POST /servers", "quota", after=2)
    done = yard.deploy("openstack", count=5, concurrency=1)
    assert done.failure.reason == "QUOTA_EXCEEDED"
    assert states(done) == {"node/web-1": "CREATED", "node/web-2": "CREATED", "node/web-3": "NOT_CREATED"}
    assert len(yard.exists) == 2
    yard.undo(done)
    assert yard.exists == []


def test_a_rate_limit_is_waited_out(yard: Yard) -> None:
    yard.cloud.oracle.fail("RunInstances", "rate", 2)
    assert len(yard.deploy("ec2").result["nodes"]) == 1


def test_a_terminated_token_is_a_refusal_that_gives_a_new_one(yard: Yard) -> None:
    yard.cloud.oracle.fail("RunInstances", "made_503")
    done = yard.deploy("ec2")
    for thing in yard.cloud.oracle.alive():
        thing.gone = True
    again = yard.deploy("ec2", after=yard.settle(done))
    assert again.failure.reason == "TOKEN_TERMINATED"
    assert again.failure.metadata["terminated"] == "true"
    assert len(yard.deploy("ec2", after=again).result["nodes"]) == 1
    assert len(yard.exists) == 1


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"size": "huge"}, "UNKNOWN_SIZE"),
        ({"image": "ami-none"}, "UNKNOWN_IMAGE"),
        ({"location": "mars"}, "UNKNOWN_LOCATION"),
        ({"name": "web", "count": 2}, "PARAMS_INVALID"),
        ({"count": 30}, "QUOTA_EXCEEDED"),
        ({"profile": "nowhere"}, "UNKNOWN_PROFILE"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_made(yard: Yard, asked: dict[str, Any], reason: str) -> None:
    yard.cloud.oracle.quota = 20
    done = yard.deploy("ec2", **asked)
    assert done.failure.reason == reason
    assert done.ledger == {}
    assert yard.cloud.oracle.count("RunInstances") == 0


def test_a_name_that_is_taken_is_told(yard: Yard) -> None:
    yard.deploy("openstack", count=2)
    done = yard.deploy("openstack", count=3)
    assert done.failure.reason == "NAME_TAKEN"
    assert len(yard.exists) == 2


def test_addresses_where_there_are_none_are_told(yard: Yard) -> None:
    assert yard.deploy("openstack", addresses=True).failure.reason == "NOT_SUPPORTED"
    assert yard.exists == []


def test_it_makes_many_at_once(yard: Yard) -> None:
    yard.cloud.oracle.latency = 0.1
    begun = time.monotonic()
    assert len(yard.deploy("ec2", count=32, concurrency=16).result["nodes"]) == 32
    assert time.monotonic() - begun < 32 * 0.1  # what the creations alone would take one after the other
