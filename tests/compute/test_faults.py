"""Every fault of the loopback cloud through compute.deploy: nothing is made twice, and no id is lost."""

from __future__ import annotations

import pytest
from tests.compute.conftest import Yard
from tests.compute.test_deploy import ALL, CALLS, states

from wharfinger.testing import Done
from wharfinger_compute import account, making, readiness

pytestmark = pytest.mark.lengthy

DELETES = {"ec2": "TerminateInstances", "openstack": "DELETE /servers/ID", "vultr": "DELETE /instances/ID"}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for running nodes often."""
    monkeypatch.setattr(readiness, "POLL", 0.1)


def known(done: Done) -> list[str]:
    """Return the ids that the ledger knows."""
    return sorted(entry.external_id for entry in done.ledger.values() if entry.state == "CREATED")


@ALL
def test_a_node_made_after_the_request_timed_out_is_found(
    yard: Yard, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "REQUEST_TIMEOUT", 0.4)
    yard.cloud.oracle.fail(CALLS[provider], "late", delay=0.7)
    done = yard.deploy(provider)
    assert done.failure.reason == "RESOURCE_UNCERTAIN"
    assert yard.exists == []
    for thread in yard.cloud.oracle.pending:
        thread.join()
    settled = yard.settle(done)
    assert known(settled) == yard.exists
    assert len(yard.deploy(provider, after=settled).result["nodes"]) == len(yard.exists) == 1


@ALL
def test_a_node_whose_answer_drips_is_found(yard: Yard, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "REQUEST_TIMEOUT", 0.4)
    yard.cloud.oracle.fail(CALLS[provider], "trickle")
    done = yard.deploy(provider)
    assert done.failure.reason == "RESOURCE_UNCERTAIN"
    assert known(yard.settle(done)) == yard.exists
    assert len(yard.exists) == 1


@ALL
@pytest.mark.parametrize("fault", ["dropped", "503"])
def test_a_request_that_did_nothing_is_repeated_once_that_is_sure(yard: Yard, provider: str, fault: str) -> None:
    yard.cloud.oracle.fail(CALLS[provider], fault)
    settled = yard.settle(yard.deploy(provider))
    assert states(settled) == {"node/web-1": "NOT_CREATED"}
    assert len(yard.deploy(provider, after=settled).result["nodes"]) == len(yard.exists) == 1


@ALL
def test_a_node_that_no_list_shows_yet_is_waited_for(yard: Yard, provider: str) -> None:
    yard.cloud.oracle.fail(CALLS[provider], "unlisted", delay=0.5)
    assert len(yard.deploy(provider, count=2).result["nodes"]) == len(yard.exists) == 2


@ALL
def test_a_node_that_no_list_shows_yet_can_be_undone(yard: Yard, provider: str) -> None:
    yard.cloud.oracle.lag = 60
    done = yard.deploy(provider, ready_timeout=0)
    assert yard.undo(done).result == {}
    assert yard.exists == []


@ALL
def test_nodes_that_start_late_are_waited_for(yard: Yard, provider: str) -> None:
    yard.cloud.oracle.boot = 0.5
    done = yard.deploy(provider, count=2)
    assert done.result["nodes"]
    assert all(thing.state == "running" for thing in yard.cloud.oracle.alive())


@pytest.mark.parametrize("provider", ["ec2", "openstack"])
def test_a_node_that_never_runs_is_told_and_kept_in_the_ledger(yard: Yard, provider: str) -> None:
    yard.cloud.oracle.fail(CALLS[provider], "error", after=1)
    done = yard.deploy(provider, count=2, concurrency=1)
    assert done.failure.reason == "NODE_FAILED"
    assert known(done) == yard.exists
    yard.undo(done)
    assert yard.exists == []


def test_nodes_that_do_not_run_in_time_are_told(yard: Yard) -> None:
    yard.cloud.oracle.boot = 60
    done = yard.deploy("vultr", ready_timeout=1)
    assert done.failure.reason == "NOT_READY"
    assert known(done) == yard.exists


@pytest.mark.parametrize("provider", ["openstack", "vultr"])
def test_too_many_requests_wait_as_long_as_the_cloud_asks(yard: Yard, provider: str) -> None:
    yard.cloud.oracle.fail(CALLS[provider], "rate", 2, delay=0 if provider == "vultr" else 1)
    assert len(yard.deploy(provider).result["nodes"]) == len(yard.exists) == 1
    assert yard.cloud.oracle.count(CALLS[provider]) == 3


def test_a_longer_wait_than_a_call_has_is_left_to_the_tasks_retries(yard: Yard) -> None:
    yard.cloud.oracle.fail("POST /servers", "rate", delay=making.LONGEST_WAIT + 1)
    done = yard.deploy("openstack")
    assert (done.failure.reason, done.failure.retryable) == ("RATE_LIMITED", True)
    assert states(done) == {"node/web-1": "NOT_CREATED"}
    assert yard.cloud.oracle.count("POST /servers") == 1


def test_a_token_that_was_used_otherwise_is_no_refusal(yard: Yard) -> None:
    yard.cloud.oracle.fail("RunInstances", "token_mismatch")
    done = yard.deploy("ec2")
    assert done.failure.reason == "RESOURCE_UNCERTAIN"
    assert states(yard.settle(done)) == {"node/web-1": "NOT_CREATED"}


def test_a_terminated_token_gives_a_new_generation(yard: Yard) -> None:
    yard.cloud.oracle.fail("RunInstances", "token_terminated")
    done = yard.deploy("ec2")
    assert done.failure.reason == "TOKEN_TERMINATED"
    again = yard.deploy("ec2", after=done)
    assert again.result["nodes"]
    assert again.ledger["node/web-1"].generation == 2


@ALL
@pytest.mark.parametrize("fault", ["not_found", "made_404"])
def test_a_delete_that_answers_404_is_done(yard: Yard, provider: str, fault: str) -> None:
    done = yard.deploy(provider)
    yard.cloud.oracle.fail(DELETES[provider], fault)
    if fault == "not_found":
        yard.cloud.oracle.alive()[0].gone = True
    undone = yard.undo(done)
    assert states(undone) == {"node/web-1": "UNDONE"}
    assert yard.exists == []


@ALL
def test_a_delete_that_fails_twice_is_repeated_until_it_is_done(yard: Yard, provider: str) -> None:
    done = yard.deploy(provider)
    yard.cloud.oracle.fail(DELETES[provider], "503", 2)
    for _ in range(2):
        done = yard.undo(done)
        assert states(done) == {"node/web-1": "UNDO_FAILED"}
        assert len(yard.exists) == 1
    assert states(yard.undo(done)) == {"node/web-1": "UNDONE"}
    assert yard.exists == []
