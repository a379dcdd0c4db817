"""The story of the 13th of 20 nodes, on a real server: what is left is listed, resumed, and rolled back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.compute.conftest import WHAT
from tests.servers.cloud import Cloud
from tests.servers.serving import Serving

import wharfinger
from wharfinger import TaskState


def configured(folder: Path, cloud: Cloud) -> None:
    config = folder / "config" / "wharfinger" / "server.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        "[profiles.ec2]\n"
        'provider = "ec2"\nkey = "AKIA"\nsecret = { env = "LAB_SECRET" }\nhost = "127.0.0.1"\n'
        f'port = {cloud.port}\nsecure = false\nprojects = ["default"]\n'
        '[profiles.theirs]\nprovider = "ec2"\nkey = "AKIA"\nprojects = ["elsewhere"]\n'
    )
    config.chmod(0o600)


@pytest.mark.timeout(120)
def test_half_a_deployment_is_listed_then_resumed_then_rolled_back(
    tmp_path: Path, serve: Callable[..., Serving]
) -> None:
    with Cloud() as cloud:
        configured(tmp_path, cloud)
        serving = serve(environ={"LAB_SECRET": "s3cr3t"})
        cloud.oracle.fail("RunInstances", "quota", after=12)
        with wharfinger.Client(serving.address) as client:
            params = {**WHAT["ec2"], "name": "web-{n}", "count": 20, "volumes": [1], "concurrency": 1}
            handle = client.submit("harbour.deploy", params)
            with pytest.raises(wharfinger.PartialFailure) as caught:
                handle.result(60)
            made = [entry for entry in caught.value.created if not entry.key.startswith("attachment/")]
            assert sorted(entry.external_id for entry in made) == cloud.oracle.everything()
            assert len(cloud.oracle.alive("node")) == len(cloud.oracle.alive("volume")) == 12
            assert "node/web-20" in caught.value.not_attempted

            handle.resume()
            nodes = handle.result(60)["nodes"]
            assert sorted(node["id"] for node in nodes) == sorted(thing.id for thing in cloud.oracle.alive())
            assert len(nodes) == len(cloud.oracle.alive("volume")) == 20

            handle.rollback()
            assert handle.wait(60).state is TaskState.ROLLED_BACK
            assert cloud.oracle.everything() == []
            assert "s3cr3t" not in serving.log()


def test_a_profile_of_others_is_refused_at_creation_as_one_that_does_not_exist(
    tmp_path: Path, serve: Callable[..., Serving]
) -> None:
    with Cloud() as cloud:
        configured(tmp_path, cloud)
        serving = serve(environ={"LAB_SECRET": "s3cr3t"})
        with wharfinger.Client(serving.address) as client:
            said = []
            for profile in ("theirs", "nobody"):
                with pytest.raises(wharfinger.NotFound) as caught:
                    client.submit("compute.deploy", {**WHAT["ec2"], "name": "web", "profile": profile})
                assert caught.value.reason == "UNKNOWN_PROFILE"
                said.append(caught.value.message.replace(profile, "NAME"))
        assert said[0] == said[1]
        assert "there is ec2" in said[0]
        assert cloud.oracle.calls == []


def test_the_ledger_takes_two_commits_a_resource_at_most(tmp_path: Path, serve: Callable[..., Serving]) -> None:
    with Cloud() as cloud:
        configured(tmp_path, cloud)
        serving = serve(environ={"LAB_SECRET": "s3cr3t"})

        with wharfinger.Client(serving.address) as client:
            handle = client.submit("compute.deploy", {**WHAT["ec2"], "name": "web-{n}", "count": 20, "volumes": [1]})
            assert len(handle.result(60)["nodes"]) == 20
            assert len(list(handle.ledger())) == 60
            # What is written in one commit has one time.
            assert len({event.time for event in handle.events()}) <= 2 * 60
