"""Cloud accounts from profiles: where credentials come from, and that they are never shown."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from tests.compute.conftest import WHAT, Yard

from wharfinger.testing import Done, Trial
from wharfinger_compute import account, deploy

SECRET = "canary-5b1c"


def run(yard: Yard, **changes: Any) -> Done:
    profile = {**yard.profiles["openstack"], **changes}
    trial = Trial(deploy, profiles={"openstack": profile}, name="compute.deploy")
    return trial.run({**WHAT["openstack"], "name": "web"})


def test_a_credential_may_come_from_the_environment(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_SECRET", yard.profiles["openstack"]["secret"])
    assert run(yard, secret={"env": "LAB_SECRET"}).result["nodes"]


@pytest.mark.processes
def test_a_credential_may_come_from_a_command(yard: Yard) -> None:
    secret = yard.profiles["openstack"]["secret"]
    assert run(yard, secret={"command": [sys.executable, "-c", f"print({secret!r})"]}).result["nodes"]


@pytest.mark.processes
@pytest.mark.parametrize(
    "changes",
    [
        {"secret": {"env": "NOT_SET_ANYWHERE"}},
        {"secret": {"command": [sys.executable, "-c", f"print('{SECRET}'); raise SystemExit(3)"]}},
        {"secret": {"command": ["/no/such/program"]}},
        {"secret": {"command": [sys.executable, "-c", ""]}},
        {"secret": {"command": [sys.executable, "-c", f"import time; print('{SECRET}', flush=True); time.sleep(60)"]}},
        {"secret": 7},
        {"provider": ""},
        {"provider": "nobody"},
        {"color": "red"},
        {"options": {"api_version": "9", "ex_tenant_name": SECRET}},
    ],
)
def test_a_profile_that_cannot_be_used_is_told_without_its_values(
    yard: Yard, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "COMMAND_TIMEOUT", 1.0)
    done = run(yard, **changes)
    assert done.failure.reason == "PROFILE_MISCONFIGURED"
    assert SECRET not in str(done)
    assert done.ledger == {}


def test_what_a_driver_does_not_take_is_told_by_its_name() -> None:
    trial = Trial(deploy, profiles={"trial": {"provider": "dummy", "key": SECRET}}, name="compute.deploy")
    told = trial.run({"profile": "trial", "name": "web", "size": "Small", "image": "1"}).failure
    assert told.reason == "PROFILE_MISCONFIGURED"
    assert "TypeError: DummyNodeDriver.__init__() got an unexpected keyword argument 'key'" in told.message
    assert SECRET not in str(told)


def test_of_what_a_driver_says_of_its_arguments_their_values_are_left_out() -> None:
    told = account._told(TypeError(f"bad operand: '{SECRET}' and 'eu-1'"), [SECRET, "eu-1"])
    assert told == "TypeError: bad operand: '…' and '…'"
    assert account._told(ValueError(SECRET), []) == "ValueError"


@pytest.mark.parametrize(
    ("projects", "reason"), [(["test"], ""), (["other"], "UNKNOWN_PROFILE"), ([], "UNKNOWN_PROFILE")]
)
def test_a_profile_serves_the_projects_it_is_granted_to(yard: Yard, projects: list[str], reason: str) -> None:
    done = run(yard, projects=projects)
    assert (done.failure.reason if reason else "") == reason
    assert len(yard.exists) == (0 if reason else 1)


def test_wrong_credentials_are_told_without_showing_them(yard: Yard) -> None:
    done = run(yard, secret=SECRET)
    assert done.failure.reason == "CREDENTIALS_REFUSED"
    assert SECRET not in str(done)
