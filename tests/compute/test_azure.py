"""Deployments at Azure, with its real driver over TLS, against a stateful Resource Manager on loopback that fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libcloud.security
import pytest
from tests.compute.conftest import undone
from tests.servers import cloud_azure
from tests.servers.cloud_front import Front

from wharfinger.testing import Done, Trial
from wharfinger_compute import deploy, destroy, replacing

pytestmark = pytest.mark.lengthy

ASKED = {
    "profile": "azure",
    "name": "web-{n}",
    "size": "Standard_B1s",
    "image": "Debian:debian-12:12:latest",
    "networks": [cloud_azure.NETWORK],
    "ssh_keys": ["ssh-ed25519 AAAA someone"],
}
GROUP = {"ex_resource_group": cloud_azure.GROUP}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for keys."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture
def front(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    with Front(folder) as running:
        monkeypatch.setenv("https_proxy", running.proxy)
        monkeypatch.setattr(libcloud.security, "CA_CERTS_PATH", str(running.authority))
        yield running


def profiles(front: Front) -> dict[str, Any]:
    own = {key: value for key, value in front.azure.items() if key in ("key", "secret", "region")}
    options = {key: value for key, value in front.azure.items() if key not in own}
    return {"azure": {"provider": "azure_arm", **own, "options": options, "extra": GROUP}}


def run(front: Front, after: Done | None = None, **asked: Any) -> Done:
    trial = Trial(deploy, profiles=profiles(front), name="compute.deploy")
    return trial.run(None if after else {**ASKED, **asked}, after=trial.settle(after) if after else None)


def undo(front: Front, done: Done) -> Done:
    return undone(Trial(deploy, profiles=profiles(front), name="compute.deploy"), done)


def ids(done: Done) -> list[str]:
    return sorted(node["id"] for node in done.result["nodes"])


def test_machines_are_made_each_with_an_interface_of_its_own_and_all_of_it_is_undone(front: Front) -> None:
    done = run(front, count=2, tags={"env": "test"}, boot_volume={"size": 64, "type": "Premium_LRS"})
    nodes = front.oracle.alive()
    assert ids(done) == sorted(node.id for node in nodes)
    assert set(done.plan) == set(done.ledger) == {f"{kind}/web-{n}" for kind in ("node", "interface") for n in (1, 2)}
    for node in nodes:
        assert node.tags == {"env": "test", "wharfinger": done.ledger[f"node/{node.name}"].token}
        disk = node.request["properties"]["storageProfile"]["osDisk"]
        assert (disk["diskSizeGB"], disk["managedDisk"]["storageAccountType"]) == (64, "Premium_LRS")
    assert {one.attached for one in front.oracle.alive("interface")} == {node.id for node in nodes}
    assert {entry.state for entry in undo(front, done).ledger.values()} == {"UNDONE"}
    assert front.oracle.everything() == []


def test_a_quota_met_half_way_leaves_no_interface_that_the_ledger_does_not_have(front: Front) -> None:
    front.oracle.quota = 1
    failed = run(front, count=3, concurrency=1)
    assert failed.failure.reason == "QUOTA_EXCEEDED"
    known = {entry.external_id for entry in failed.ledger.values() if entry.state == "CREATED"}
    assert known == set(front.oracle.everything())
    front.oracle.quota = 10
    done = run(front, after=failed)
    assert len(ids(done)) == len(front.oracle.alive()) == len(front.oracle.alive("interface")) == 3
    undo(front, done)
    assert front.oracle.everything() == []


@pytest.mark.parametrize("fault", ["made_503", "made_dropped", "garbled", "503", "dropped"])
@pytest.mark.parametrize("call", ["PUT machine", "PUT interface"])
def test_a_request_that_goes_wrong_doubles_and_loses_nothing(front: Front, call: str, fault: str) -> None:
    front.oracle.fail(call, fault, after=1)
    failed = run(front, count=3, concurrency=1)
    done = failed if hasattr(failed.outcome, "result") else run(front, after=failed)
    assert ids(done) == sorted(node.id for node in front.oracle.alive())
    assert len(front.oracle.alive()) == len(front.oracle.alive("interface")) == 3
    undo(front, done)
    assert front.oracle.everything() == []


def test_machines_that_came_out_broken_are_replaced(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "LOOKS", 0.05)
    front.oracle.fail("PUT machine", "error", 2)
    failed = run(front, count=3)
    assert failed.failure.reason == "NODE_FAILED"
    done = run(front, after=failed)
    assert all(node.state == "running" for node in front.oracle.alive())
    assert ids(done) == sorted(node.id for node in front.oracle.alive())


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"volumes": [1]}, "NOT_SUPPORTED"),
        ({"image": "debian-12"}, "UNKNOWN_IMAGE"),
        ({"size": "Standard_X"}, "UNKNOWN_SIZE"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(front: Front, asked: dict[str, Any], reason: str) -> None:
    done = run(front, **asked)
    assert done.failure.reason == reason
    assert (done.ledger, front.oracle.everything()) == ({}, [])


def test_machines_are_destroyed_by_their_tags(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    run(front, count=2, tags={"env": "test"})
    trial = Trial(destroy, profiles=profiles(front), name="compute.destroy")
    assert trial.run({"profile": "azure", "tags": {"env": "prod"}}).failure.reason == "UNKNOWN_NODE"
    assert len(front.oracle.alive()) == 2
