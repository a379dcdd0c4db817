"""Nodes that failed at the provider, and those that somebody deleted: a resumed task replaces them, and no others."""

from __future__ import annotations

import pytest
from tests.compute.conftest import Yard

from wharfinger.testing import Done
from wharfinger_compute import replacing

CALLS = {"ec2": "RunInstances", "openstack": "POST /servers"}
PROVIDERS = pytest.mark.parametrize("provider", sorted(CALLS))

pytestmark = pytest.mark.lengthy


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "LOOKS", 0.05)


def made(done: Done) -> dict[str, str]:
    """Return the id of each node that the result lists."""
    return {node["name"]: node["id"] for node in done.result["nodes"]}


@PROVIDERS
def test_thirteen_of_twenty_in_error_are_replaced_by_a_resume_and_the_seven_stay(yard: Yard, provider: str) -> None:
    yard.cloud.oracle.fail(CALLS[provider], "error", 13, after=7)
    failed = yard.deploy(provider, count=20, concurrency=20)
    assert failed.failure.reason == "NODE_FAILED"
    before = {thing.id: thing.state for thing in yard.cloud.oracle.alive()}
    assert sorted(before.values()) == ["error"] * 13 + ["running"] * 7
    resumed = yard.deploy(provider, after=failed)
    after = made(resumed)
    assert sorted(after.values()) == yard.exists
    assert len(after) == 20
    assert {one for one, state in before.items() if state == "running"} < set(after.values())
    assert all(thing.state == "running" for thing in yard.cloud.oracle.alive())
    generations = sorted(resumed.ledger[f"node/web-{n}"].generation for n in range(1, 21))
    assert generations == [1] * 7 + [2] * 13


@PROVIDERS
def test_a_node_that_fails_after_it_had_run_is_told_and_stays_with_what_hangs_on_it(yard: Yard, provider: str) -> None:
    yard.cloud.oracle.fail({"ec2": "AllocateAddress", "openstack": "POST /floatingips"}[provider], "quota")
    failed = yard.deploy(provider, count=1, volumes=[1], addresses=True)
    assert failed.ledger["attachment/web-1-1"].state == "CREATED"
    before = yard.exists
    yard.cloud.oracle.alive()[0].broken = True
    again = yard.deploy(provider, after=failed)
    assert again.failure.reason == "NODE_FAILED"
    assert "attachment/web-1-1" in again.failure.message
    assert yard.exists == before
    yard.undo(again)
    assert yard.exists == []


def test_a_node_that_fails_in_this_very_attempt_is_told_and_not_replaced(yard: Yard) -> None:
    yard.cloud.oracle.fail("POST /servers", "error", 2)
    first = yard.deploy("openstack", count=1)
    again = yard.deploy("openstack", after=first)
    assert again.failure.reason == "NODE_FAILED"
    assert again.ledger["node/web-1"].generation == 2
    assert made(yard.deploy("openstack", after=again))["web-1"] == yard.exists[0]


def test_one_that_the_cloud_does_not_have_gone_is_told_and_no_second_one_is_made(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "WITHIN", 0.3)
    yard.cloud.oracle.fail("POST /servers", "error")
    yard.cloud.oracle.fail("DELETE /servers/ID", "accepted_stuck")
    failed = yard.deploy("openstack", count=1)
    again = yard.deploy("openstack", after=failed)
    assert again.failure.reason == "NODE_FAILED"
    assert again.failure.retryable
    assert len(yard.exists) == 1


@PROVIDERS
def test_a_volume_is_waited_for_before_it_is_attached(yard: Yard, provider: str) -> None:
    call = {"ec2": "CreateVolume", "openstack": "POST /volumes"}[provider]
    yard.cloud.oracle.fail(call, "pending", delay=1.0)
    done = yard.deploy(provider, count=1, volumes=[1])
    assert [one.attached for one in yard.cloud.oracle.alive("volume")] == [done.result["nodes"][0]["id"]]


@PROVIDERS
def test_a_volume_that_fails_at_the_provider_is_told(yard: Yard, provider: str) -> None:
    yard.cloud.oracle.fail({"ec2": "CreateVolume", "openstack": "POST /volumes"}[provider], "error")
    done = yard.deploy(provider, count=1, volumes=[1])
    assert done.failure.reason == "VOLUME_FAILED"


def test_a_thousand_nodes_are_deployed_and_the_ledger_has_all_of_them(yard: Yard) -> None:
    yard.cloud.oracle.quota = 2000
    done = yard.deploy("ec2", count=1000, concurrency=16, ready_timeout=0)
    assert done.result["count"] == 1000
    assert sorted(entry.external_id for entry in done.ledger.values()) == yard.exists
    assert done.result["unlisted"] == 1000 - len(done.result["nodes"])
