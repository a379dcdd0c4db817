"""The real EC2 driver over the wire, against an EC2 that somebody else has written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from libcloud.compute.base import NodeImage, NodeSize
from libcloud.compute.drivers import ec2
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState
from moto.server import ThreadedMotoServer
from tests.compute.conftest import undone

from wharfinger.testing import Trial
from wharfinger_compute import deploy
from wharfinger_libcloud import Lossless, PartialFailureError

pytestmark = pytest.mark.lengthy

ASKED = {"profile": "ec2", "name": "web-{n}", "count": 2, "size": "t2.micro", "image": "ami-12c6146b"}


@pytest.fixture(scope="module")
def account() -> Iterator[dict[str, Any]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {"key": "AKIA", "secret": "s3cr3t", "region": "us-east-1", "host": host, "port": port, "secure": False}
    server.stop()


@pytest.mark.timeout(120)
def test_a_deployment_is_made_and_rolled_back(account: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    # This EC2 leaves out the slash at the end, and libcloud then reads nothing.
    monkeypatch.setattr(ec2, "NAMESPACE", ec2.NAMESPACE.rstrip("/"))
    profile = {"provider": "ec2", **account, "options": {"signature_version": "4"}}
    trial = Trial(deploy, profiles={"ec2": profile}, name="compute.deploy")
    # No volumes: this EC2 can't detach one without being told from which instance.
    done = trial.run({**ASKED, "addresses": True})
    driver = get_driver("ec2")(**account, signature_version="4")

    def alive() -> list[str]:
        return sorted(node.id for node in driver.list_nodes() if node.state != NodeState.TERMINATED)

    assert sorted(node["id"] for node in done.result["nodes"]) == alive()
    assert len(driver.ex_describe_all_addresses()) == 2

    after = undone(trial, done)
    assert after.result == {}
    assert {entry.state for entry in after.ledger.values()} == {"UNDONE"}
    assert alive() == []
    assert driver.ex_describe_all_addresses() == []


def test_an_answer_that_libcloud_cannot_read_loses_no_id(
    account: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = get_driver("ec2")(**account, signature_version="4")
    size, image = NodeSize("t2.micro", "t2.micro", 1, 1, 1, 0.0, None), NodeImage("ami-12c6146b", "debian", None)
    with pytest.raises(PartialFailureError) as caught:
        Lossless(driver).create_node("web-1", size, image)
    assert "an empty list, not a Node" in str(caught.value)
    [created] = caught.value.created
    assert (created.kind, created.name) == ("node", "web-1")
    [left] = caught.value.rollback()
    assert "answered that it did not remove" in left.why
    monkeypatch.setattr(ec2, "NAMESPACE", ec2.NAMESPACE.rstrip("/"))
    assert caught.value.rollback() == []
