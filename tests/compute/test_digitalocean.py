"""Deployments at DigitalOcean, with its real driver over TLS, against a stateful cloud on loopback that fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libcloud.security
import pytest
from tests.compute.conftest import undone
from tests.servers.cloud_front import Front

from wharfinger.testing import Done, Trial
from wharfinger_compute import deploy, destroy, replacing

pytestmark = pytest.mark.lengthy

ASKED = {"profile": "ocean", "name": "web-{n}", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "location": "fra1"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for keys."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture
def front(authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    with Front(authority) as running:
        monkeypatch.setenv("https_proxy", running.proxy)
        monkeypatch.setattr(libcloud.security, "CA_CERTS_PATH", str(running.authority))
        yield running


def profiles(front: Front) -> dict[str, Any]:
    return {"ocean": {"provider": "digitalocean", **front.digitalocean}}


def run(front: Front, after: Done | None = None, **asked: Any) -> Done:
    trial = Trial(deploy, profiles=profiles(front), name="compute.deploy")
    return trial.run(None if after else {**ASKED, **asked}, after=trial.settle(after) if after else None)


def ids(done: Done) -> list[str]:
    return sorted(node["id"] for node in done.result["nodes"])


def test_droplets_with_volumes_keys_and_tags_are_made_and_undone(front: Front) -> None:
    done = run(front, count=3, volumes=[10], ssh_keys=["17"], tags={"env": "test", "blue": ""})
    nodes = front.oracle.alive()
    assert ids(done) == sorted(node.id for node in nodes)
    for node in nodes:
        [token] = [entry.token for entry in done.ledger.values() if entry.external_id == node.id]
        assert node.request["ssh_keys"] == ["17"]
        assert sorted(node.tags) == sorted(["env:test", "blue", f"wharfinger-{token}"])
    assert {volume.attached for volume in front.oracle.alive("volume")} == {node.id for node in nodes}
    undone(Trial(deploy, profiles=profiles(front), name="compute.deploy"), done)
    assert front.oracle.everything() == []


@pytest.mark.parametrize("fault", ["made_503", "made_dropped", "garbled", "503", "dropped"])
@pytest.mark.parametrize("call", ["POST /droplets", "POST /volumes", "POST /volumes/actions"])
def test_a_request_that_goes_wrong_doubles_and_loses_nothing(front: Front, call: str, fault: str) -> None:
    front.oracle.fail(call, fault, after=1)
    failed = run(front, count=3, volumes=[10], concurrency=1)
    done = failed if hasattr(failed.outcome, "result") else run(front, after=failed)
    assert done.result["count"] == 3
    assert ids(done) == sorted(node.id for node in front.oracle.alive())
    assert len(front.oracle.alive("volume")) == 3
    assert all(volume.attached for volume in front.oracle.alive("volume"))
    undone(Trial(deploy, profiles=profiles(front), name="compute.deploy"), done)
    assert front.oracle.everything() == []


def test_a_limit_met_half_way_is_a_quota_and_a_resume_makes_the_rest(front: Front) -> None:
    front.oracle.quota = 2
    failed = run(front, count=4, concurrency=1)
    assert failed.failure.reason == "QUOTA_EXCEEDED"
    front.oracle.quota = 10
    done = run(front, after=failed)
    assert (len(ids(done)), ids(done)) == (4, sorted(front.oracle.everything()))


def test_droplets_that_came_out_broken_are_replaced(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "LOOKS", 0.05)
    front.oracle.fail("POST /droplets", "error", 2)
    failed = run(front, count=3)
    assert failed.failure.reason == "NODE_FAILED"
    done = run(front, after=failed)
    assert ids(done) == sorted(front.oracle.everything())
    assert all(node.state == "running" for node in front.oracle.alive())


def test_droplets_are_destroyed_by_their_tags(front: Front) -> None:
    run(front, count=2, tags={"env": "test"})
    run(front, name="other", tags={"env": "prod"})
    trial = Trial(destroy, profiles=profiles(front), name="compute.destroy")
    done = trial.run({"profile": "ocean", "tags": {"env": "test"}})
    assert done.result["count"] == 2
    assert [node.name for node in front.oracle.alive()] == ["other"]


def test_a_key_that_is_not_taken_is_told(front: Front) -> None:
    table = profiles(front)
    table["ocean"]["key"] = "another"
    done = Trial(deploy, profiles=table, name="compute.deploy").run(ASKED)
    assert done.failure.reason == "CREDENTIALS_REFUSED"
