"""Five nodes, a quota half-way, kill -9 of the server, resume and rollback, on each of the loopback clouds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.compute.conftest import WHAT
from tests.compute.test_azure import ASKED as AZURE
from tests.compute.test_azure import GROUP
from tests.compute.test_digitalocean import ASKED as OCEAN
from tests.servers.cloud import Cloud
from tests.servers.cloud_front import Front
from tests.servers.cloud_oracle import Oracle
from tests.servers.serving import Serving

import wharfinger
from wharfinger import TaskState

MAKING = {
    "azure_arm": "PUT machine",
    "digitalocean": "POST /droplets",
    "ec2": "RunInstances",
    "openstack": "POST /servers",
    "vultr": "POST /instances",
}
ASKED: dict[str, dict[str, Any]] = {**WHAT, "azure_arm": AZURE, "digitalocean": OCEAN}
_OWN = ("key", "secret", "host", "port", "secure", "region")


@contextmanager
def lab(provider: str, folder: Path) -> Iterator[tuple[Oracle, dict[str, Any], dict[str, str]]]:
    """Run a cloud; yield its oracle, the profile `lab`, and what the server's environment has of it."""
    with ExitStack() as stack:
        if provider in ("azure_arm", "digitalocean"):
            front = stack.enter_context(Front(folder))
            given, oracle = front.azure if provider == "azure_arm" else front.digitalocean, front.oracle
            environ = {"https_proxy": front.proxy, "SSL_CERT_FILE": str(front.authority)}
        else:
            cloud = stack.enter_context(Cloud())
            given, oracle, environ = getattr(cloud, provider), cloud.oracle, {}
        own = {key: value for key, value in given.items() if key in _OWN}
        options = {key: value for key, value in given.items() if key not in _OWN}
        extra = GROUP if provider == "azure_arm" else {}
        yield oracle, {"provider": provider, **own, "options": options, "extra": extra}, environ


def toml(value: Any) -> str:
    """Return a value as TOML has it, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


def until(what: Callable[[], bool]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("provider", sorted(MAKING))
def test_five_nodes_survive_a_quota_and_a_kill_and_are_rolled_back(
    tmp_path: Path, serve: Callable[..., Serving], provider: str
) -> None:
    with lab(provider, tmp_path) as (oracle, profile, environ):
        config = tmp_path / "config" / "wharfinger" / "server.toml"
        config.parent.mkdir(parents=True)
        config.write_text("[profiles.lab]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in profile.items()))
        config.chmod(0o600)
        oracle.latency = 0.05
        oracle.fail(MAKING[provider], "quota", after=3)
        serving = serve(environ=environ)
        params = {**ASKED[provider], "profile": "lab", "name": "web-{n}", "count": 5, "concurrency": 1}
        with wharfinger.Client(serving.address) as client:
            handle = client.submit("harbour.deploy", params)
            until(lambda: bool(oracle.alive()))
            serving.kill()
        serving = serve(environ=environ)
        with wharfinger.Client(serving.address) as client:
            handle = client.handle(handle.name)
            with pytest.raises(wharfinger.PartialFailure) as caught:
                handle.result(90)
            made = {entry.external_id for entry in caught.value.created}
            assert made == set(oracle.everything())
            handle.resume()
            nodes = handle.result(90)["nodes"]
            assert sorted(node["id"] for node in nodes) == sorted(thing.id for thing in oracle.alive())
            assert len(nodes) == 5
            handle.rollback()
            assert handle.wait(90).state is TaskState.ROLLED_BACK
        assert oracle.everything() == []
        assert sum(thing.kind == "node" for thing in oracle.things.values()) == 5, "one was made twice"
