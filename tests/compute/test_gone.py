"""Nodes that somebody deletes outside: told as gone while one waits, and made anew when the task resumes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.compute.conftest import WHAT, Yard
from tests.compute.test_on_server import configured
from tests.servers.cloud import Cloud
from tests.servers.serving import Serving

import wharfinger
from wharfinger import LedgerEntryState, Verdict
from wharfinger_compute import readiness


# EC2 lists a terminated node on, for a while.
@pytest.mark.parametrize("provider", ["openstack", "vultr"])
def test_a_node_that_is_deleted_while_it_boots_is_told_as_gone(
    yard: Yard, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "POLL", 0.1)
    monkeypatch.setattr(readiness, "GONE_AFTER", 0.3)
    yard.cloud.oracle.boot = 60

    def delete() -> None:
        """Delete the node in the console once it is there."""
        while not yard.cloud.oracle.alive("node"):
            time.sleep(0.02)
        yard.cloud.oracle.delete(yard.cloud.oracle.alive("node")[0])

    outside = threading.Thread(target=delete)
    outside.start()
    done = yard.deploy(provider, count=1, ready_timeout=20)
    outside.join()
    assert done.failure.reason == "NODE_GONE"
    assert "the provider has none of that id" in done.failure.message


@pytest.mark.timeout(120)
@pytest.mark.parametrize("said", [False, True], ids=["found out", "a person said so"])
def test_a_node_deleted_outside_is_made_anew_when_the_task_resumes(
    tmp_path: Path, serve: Callable[..., Serving], said: bool
) -> None:
    with Cloud() as cloud:
        configured(tmp_path, cloud)
        serving = serve(environ={"LAB_SECRET": "s3cr3t"})
        cloud.oracle.fail("RunInstances", "quota", after=2)
        with wharfinger.Client(serving.address) as client:
            params = {**WHAT["ec2"], "name": "web-{n}", "count": 3, "concurrency": 1, "ready_timeout": 0}
            handle = client.submit("harbour.deploy", params)
            with pytest.raises(wharfinger.PartialFailure):
                handle.result(60)
            dead = cloud.oracle.alive("node")[0]
            cloud.oracle.delete(dead)
            if said:
                time.sleep(3.5)  # nobody may say so before it has settled
                handle.resolve("node/web-1", Verdict.GONE)
            handle.resume()
            nodes = handle.result(60)["nodes"]
            assert dead.id not in [node["id"] for node in nodes]
            assert sorted(node["id"] for node in nodes) == cloud.oracle.everything()
            ledger = {entry.key: entry for entry in client.ledger(handle.name)}
            assert (ledger["node/web-1"].generation, ledger["node/web-2"].generation) == (2, 1)
            assert (ledger["node/web-1~1"].state, ledger["node/web-1~1"].external_id) == (
                LedgerEntryState.UNDONE,
                dead.id,
            )
