"""Deletes that a cloud only accepts, and addresses on a second page: looked at by id, never by a list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.campaigns.crash.house import configure
from tests.compute.conftest import WHAT, Yard
from tests.compute.test_deploy import states
from tests.servers.cloud import Cloud
from tests.servers.serving import Serving

import wharfinger
from wharfinger import TaskState

DELETES = {"ec2": "TerminateInstances", "openstack": "DELETE /servers/ID", "vultr": "DELETE /instances/ID"}
WORDS = {"ec2": "shutting-down", "openstack": "ERROR", "vultr": "pending"}
ALL = pytest.mark.parametrize("provider", sorted(DELETES))
FLOATING = pytest.mark.parametrize("provider", ["ec2", "openstack"])


@ALL
def test_a_node_that_was_only_accepted_to_go_is_not_undone(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider)
    yard.cloud.oracle.fail(DELETES[provider], "accepted_stuck")
    undone = yard.undo(done)
    assert len(yard.exists) == 1
    assert states(undone) == {"node/web-1": "UNDO_FAILED"}
    [look] = undone.looked
    assert (look.shown, look.state) == (True, WORDS[provider])


def test_a_volume_in_error_deleting_is_not_undone(yard: Yard) -> None:
    done = yard.deploy("openstack", volumes=[1])
    yard.cloud.oracle.fail("DELETE /volumes/ID", "accepted_stuck")
    undone = yard.undo(done)
    assert [thing.kind for thing in yard.cloud.oracle.things.values() if thing.state != "gone"] == ["volume"]
    assert states(undone)["volume/web-1-1"] == "UNDO_FAILED"
    assert [(look.key, look.state) for look in undone.looked if look.shown] == [("volume/web-1-1", "error_deleting")]


@FLOATING
def test_each_thing_can_be_looked_at_by_its_id(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider, volumes=[1], addresses=True)
    keys = list(done.ledger)
    there = yard.settle(done, keys)
    assert {look.key: look.shown for look in there.looked} == dict.fromkeys(keys, True)
    undone = yard.undo(done)
    gone = yard.settle(undone, keys)
    assert {look.key: look.shown for look in gone.looked} == dict.fromkeys(keys, False)


def test_no_list_is_asked_whether_a_thing_exists(yard: Yard) -> None:
    done = yard.deploy("openstack", volumes=[1], addresses=True)
    yard.cloud.oracle.calls.clear()
    yard.settle(done, list(done.ledger))
    lists = {"GET /servers/detail", "GET /volumes/detail", "GET /floatingips"}
    assert not lists & set(yard.cloud.oracle.calls)


def test_addresses_on_a_second_page_are_undone(yard: Yard) -> None:
    yard.cloud.oracle.page = 1
    done = yard.deploy("openstack", count=3, addresses=True)
    undone = yard.undo(done)
    assert set(states(undone).values()) == {"UNDONE"}
    assert yard.exists == []


def test_an_address_on_a_second_page_whose_answer_was_lost_is_found(yard: Yard) -> None:
    yard.cloud.oracle.page = 1
    yard.cloud.oracle.fail("POST /floatingips", "made_dropped", after=2)
    done = yard.deploy("openstack", count=3, addresses=True, concurrency=1)
    lost = [key for key, entry in done.ledger.items() if entry.state in ("INTENDED", "UNCERTAIN")]
    assert len(lost) == 1
    found = yard.settle(done)
    assert found.ledger[lost[0]].state == "CREATED"
    assert len(yard.cloud.oracle.alive("address")) == 3


@ALL
def test_destroy_waits_until_a_node_is_gone(yard: Yard, provider: str) -> None:
    yard.deploy(provider)
    yard.cloud.oracle.fail(DELETES[provider], "accepted", delay=0.3)
    assert yard.destroy(provider, names=["web-1"]).result["count"] == 1
    assert yard.exists == []


@ALL
def test_destroy_says_what_was_accepted_and_is_still_there(yard: Yard, provider: str) -> None:
    yard.deploy(provider)
    yard.cloud.oracle.fail(DELETES[provider], "accepted_stuck")
    failure = yard.destroy(provider, names=["web-1"], gone_timeout=0.3).failure
    assert failure.reason == "NOT_DESTROYED"
    assert f"it is still there, in state {WORDS[provider]}" in failure.message


@pytest.mark.timeout(120)
def test_a_rollback_on_a_server_says_what_the_cloud_did_not_delete(
    tmp_path: Path, serve: Callable[..., Serving]
) -> None:
    with Cloud() as cloud:
        configure(tmp_path, cloud)
        serving = serve()
        with wharfinger.Client(serving.address) as client:
            params = {**WHAT["openstack"], "name": "web-{n}", "count": 2}
            handle = client.submit("harbour.deploy", params, policy={"max_undo_attempts": 1})
            handle.result(60)
            cloud.oracle.fail(DELETES["openstack"], "accepted_stuck")
            cloud.oracle.fail(DELETES["openstack"], "accepted", delay=0.5)
            handle.rollback()
            task = handle.wait(60)
            assert task.state is TaskState.ROLLBACK_FAILED
            [left] = [one for one in handle.ledger() if one.state == "UNDO_FAILED"]
            assert left.failure is not None
            assert left.failure.message.endswith("it is still there, in state ERROR")
            assert len(cloud.oracle.alive()) == 1
            for thing in cloud.oracle.alive():
                thing.stuck = False
            handle.rollback()
            assert handle.wait(60).state is TaskState.ROLLED_BACK
            assert cloud.oracle.everything() == []
