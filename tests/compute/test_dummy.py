"""Libcloud's dummy driver as a profile, for trying things out; and what drivers can't do, told as that."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from libcloud.compute.drivers.dummy import DummyNodeDriver
from tests.compute.conftest import Yard, undone

from wharfinger.testing import Trial
from wharfinger_compute import account, deploy, destroy


@pytest.fixture
def profile() -> str:
    """A name that no other test has."""
    return uuid.uuid4().hex


def asked(profile: str) -> dict[str, Any]:
    driver: Any = DummyNodeDriver
    one = driver("0")
    return {
        "profile": profile,
        "name": "try-{n}",
        "count": 3,
        "ready_timeout": 5,
        "size": str(one.list_sizes()[0].id),
        "image": str(one.list_images()[0].id),
    }


def test_the_dummy_driver_keeps_what_it_made_while_the_process_lives(profile: str) -> None:
    profiles = {profile: {"provider": "dummy"}}
    trial = Trial(deploy, profiles=profiles, name="compute.deploy")
    done = trial.run(asked(profile))
    assert done.result["count"] == 3
    made = {node["id"] for node in done.result["nodes"]}
    assert made <= ids(profile)
    undone(trial, done)
    assert not made & ids(profile)


def ids(profile: str) -> set[str]:
    """Return the id of each node that the driver has."""
    return {str(node.id) for node in account._kept[profile].list_nodes()}


def test_where_tags_are_not_told_nothing_is_destroyed_by_them(profile: str) -> None:
    trial = Trial(destroy, profiles={profile: {"provider": "dummy"}}, name="compute.destroy")
    done = trial.run({"profile": profile, "tags": {"env": "test"}})
    assert done.failure.reason == "NOT_SUPPORTED"
    assert account._kept[profile].list_nodes()


def test_what_a_driver_does_not_implement_is_not_called_unavailable(
    profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def list_sizes(self: Any) -> list[Any]:
        raise NotImplementedError("list_sizes not implemented for this driver")

    params = asked(profile)
    monkeypatch.setattr(DummyNodeDriver, "list_sizes", list_sizes)
    done = Trial(deploy, profiles={profile: {"provider": "dummy"}}, name="compute.deploy").run(params)
    assert done.failure.reason == "NOT_SUPPORTED"
    assert not done.failure.retryable
    assert "list_sizes" in done.failure.message


@pytest.mark.processes
def test_options_come_from_the_environment_and_from_commands(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_TENANT", "project")
    table = yard.profiles["openstack"]
    options = dict(table["options"])
    del options["api_version"]  # it is libcloud's that is ten years old, not ours
    options["ex_tenant_name"] = {"env": "LAB_TENANT"}
    options["ex_force_auth_url"] = {"command": ["echo", options["ex_force_auth_url"]]}
    trial = Trial(deploy, profiles={"openstack": {**table, "options": options}}, name="compute.deploy")
    params = {"profile": "openstack", "size": "small", "image": "debian-12", "name": "web"}
    assert trial.run(params).result["count"] == 1
