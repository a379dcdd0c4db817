"""Nodes, volumes and addresses by the script, and what is in its ledger when the cloud fails."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from tests.compute.conftest import Yard

from wharfinger.testing import Done

pytestmark = pytest.mark.lengthy

CALLS = {"ec2": "RunInstances", "openstack": "POST /servers", "vultr": "POST /instances"}
ALL = pytest.mark.parametrize("provider", sorted(CALLS))
MARKS = {"ec2": "wharfinger", "openstack": "wharfinger", "vultr": "tag"}


FLOATING = pytest.mark.parametrize("provider", ["ec2", "openstack"])


def replace_ledger(done: Done, *keys: str) -> Done:
    """Return what was done as if only `keys` were in its ledger."""
    kept = Done()
    kept.continue_from(done)
    kept.ledger = {key: replace(done.ledger[key], depends_on=()) for key in keys}
    return kept


def states(done: Done, prefix: str = "") -> dict[str, str]:
    return {key: entry.state for key, entry in done.ledger.items() if key.startswith(prefix)}


@ALL
def test_it_makes_the_nodes_and_returns_them(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider, count=3)
    nodes = done.result["nodes"]
    assert [node["name"] for node in nodes] == ["web-1", "web-2", "web-3"]
    assert sorted(node["id"] for node in nodes) == yard.exists
    assert done.plan == ["node/web-1", "node/web-2", "node/web-3"]
    assert {entry.type for entry in done.ledger.values()} == {f"{provider}.node"}


@ALL
def test_each_node_carries_its_token(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider, count=2)
    tags = {thing.id: thing.tags[MARKS[provider]] for thing in yard.cloud.oracle.alive()}
    carried = {one: tag.removeprefix("wharfinger-") for one, tag in tags.items()}
    assert carried == {entry.external_id: entry.token for entry in done.ledger.values()}


@FLOATING
def test_volumes_and_addresses_are_made_and_attached(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider, count=2, volumes=[1, 2], addresses=True)
    nodes = {node["id"]: node for node in done.result["nodes"]}
    oracle = yard.cloud.oracle
    assert len(oracle.alive("volume")) == 4
    assert all(volume.id in nodes[volume.attached]["volumes"] for volume in oracle.alive("volume"))
    assert len(oracle.alive("address")) == 2
    assert all(nodes[address.attached]["address"] == address.id for address in oracle.alive("address"))
    assert set(done.plan) == set(done.ledger)
    assert done.ledger["attachment/web-1-2"].depends_on == ("volume/web-1-2", "node/web-1")


@FLOATING
def test_all_of_it_can_be_undone(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider, count=2, volumes=[1], addresses=True)
    undone = yard.undo(done)
    assert undone.result == {}
    assert set(states(undone).values()) == {"UNDONE"}
    assert yard.exists == []


def test_vultrs_volumes_are_made_in_the_nodes_place_and_can_be_undone(yard: Yard) -> None:
    done = yard.deploy("vultr", count=1, volumes=[10])
    assert [volume.attached for volume in yard.cloud.oracle.alive("volume")] == [done.result["nodes"][0]["id"]]
    assert yard.undo(done).result == {}
    assert yard.exists == []


@FLOATING
def test_an_address_that_somebody_moved_is_not_taken_from_its_new_node(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider, count=1, addresses=True)
    other = yard.cloud.oracle.make("node", "", name="other")
    [address] = yard.cloud.oracle.alive("address")
    address.attached = other.id
    yard.undo(replace_ledger(done, "association/web-1"))
    assert address.attached == other.id


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
@ALL
def test_a_lost_answer_is_found_again_by_its_token(yard: Yard, provider: str, fault: str) -> None:
    yard.cloud.oracle.fail(CALLS[provider], fault, after=1)
    done = yard.deploy(provider, count=3, concurrency=1)
    assert done.failure.reason == "RESOURCE_UNCERTAIN"
    assert states(done) == {"node/web-1": "CREATED", "node/web-2": "INTENDED"}
    settled = yard.settle(done)
    assert states(settled) == {"node/web-1": "CREATED", "node/web-2": "CREATED"}
    resumed = yard.deploy(provider, after=settled)
    assert sorted(node["id"] for node in resumed.result["nodes"]) == yard.exists
    assert len(yard.exists) == 3


@pytest.mark.parametrize(
    ("provider", "volume", "address"),
    [("ec2", "CreateVolume", "AllocateAddress"), ("openstack", "POST /volumes", "POST /floatingips")],
)
@pytest.mark.parametrize("fault", ["made_503", "made_dropped"])
def test_a_lost_volume_and_address_are_found_again(
    yard: Yard, provider: str, volume: str, address: str, fault: str
) -> None:
    yard.cloud.oracle.fail(volume, fault)
    first = yard.settle(yard.deploy(provider, volumes=[1], addresses=True))
    yard.cloud.oracle.fail(address, fault)
    second = yard.settle(yard.deploy(provider, after=first))
    assert states(second)["volume/web-1-1"] == states(second)["address/web-1"] == "CREATED"
    done = yard.deploy(provider, after=second)
    assert done.result["nodes"][0]["volumes"] == [yard.cloud.oracle.alive("volume")[0].id]
    assert len(yard.exists) == 3


@pytest.mark.parametrize(
    ("provider", "attach", "associate"),
    [
        ("ec2", "AttachVolume", "AssociateAddress"),
        ("openstack", "POST /attachments", "PUT /floatingips/ID"),
    ],
)
def test_a_link_whose_answer_was_lost_is_found_again(yard: Yard, provider: str, attach: str, associate: str) -> None:
    for call in (attach, associate):
        yard.cloud.oracle.fail(call, "made_dropped")
    done = yard.settle(yard.deploy(provider, volumes=[1], addresses=True))
    done = yard.settle(yard.deploy(provider, after=done))
    assert states(done)["attachment/web-1-1"] == states(done)["association/web-1"] == "CREATED"
    assert yard.deploy(provider, after=done).result["nodes"]
    assert yard.cloud.oracle.count(attach) == yard.cloud.oracle.count(associate) == 1


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
        ({"name": "w" * 62 + "-{n}"}, "PARAMS_INVALID"),
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


def test_addresses_where_they_could_not_be_found_again_are_refused(yard: Yard) -> None:
    assert yard.deploy("vultr", addresses=True).failure.reason == "NOT_SUPPORTED"
    assert yard.exists == []


@pytest.mark.parametrize(
    ("provider", "asked", "hint"),
    [
        ("ec2", {"size": "t2.mikro"}, "did you mean t2.micro?"),
        ("openstack", {"image": "debain-12"}, "did you mean debian-12?"),
        ("openstack", {"addresses": True, "address_pool": "publik"}, "did you mean public?"),
        ("vultr", {"location": "mars"}, "some that are: New Jersey"),
        ("vultr", {"location": ""}, "vultr needs one; there are ewr"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(yard: Yard, provider: str, asked: dict[str, Any], hint: str) -> None:
    done = yard.deploy(provider, **asked)
    assert hint in done.failure.message
    assert done.ledger == {}
    assert yard.exists == []


def test_openstacks_own_limit_is_asked_for_before_the_first_node(yard: Yard) -> None:
    yard.deploy("openstack", count=2)
    yard.cloud.oracle.quota = 4
    done = yard.deploy("openstack", name="db-{n}", count=3)
    assert done.failure.reason == "QUOTA_EXCEEDED"
    assert "2 of 4 are in use" in done.failure.message
    assert len(yard.exists) == 2


def test_a_limit_that_cannot_be_asked_for_stops_nobody(yard: Yard) -> None:
    yard.cloud.oracle.fail("GET /limits", "503")
    done = yard.deploy("openstack")
    assert done.result["nodes"]
    assert any("quota is not known" in line for line in done.lines)


def test_it_makes_many_at_once(yard: Yard) -> None:
    yard.cloud.oracle.latency = 0.1
    begun = time.monotonic()
    assert len(yard.deploy("ec2", count=32, concurrency=16).result["nodes"]) == 32
    assert time.monotonic() - begun < 32 * 0.1  # what the creations alone would take one after the other
