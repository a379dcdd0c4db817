"""User data: it reaches the nodes, and nothing else."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest
from tests.compute.conftest import Yard
from tests.servers import cloud_ec2

from wharfinger_compute import shaping
from wharfinger_compute.params import DEPLOY_SCHEMA


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The params of every request for nodes."""
    requests: list[dict[str, str]] = []
    run = cloud_ec2._ACTIONS["RunInstances"]

    def note(oracle: Any, params: dict[str, str]) -> str:
        requests.append(params)
        return str(run(oracle, params))

    monkeypatch.setitem(cloud_ec2._ACTIONS, "RunInstances", note)
    return requests


def test_every_node_is_given_the_user_data(yard: Yard, seen: list[dict[str, str]]) -> None:
    word = secrets.token_hex(12)
    script = f"#!/bin/sh\necho {word} > /etc/motd\n"
    done = yard.deploy("ec2", count=2, user_data=script)
    assert len(done.result["nodes"]) == 2
    assert [base64.b64decode(one["UserData"]).decode() for one in seen] == [script, script]
    assert word not in repr(done.ledger) + repr(done.result) + repr(done.log)


def test_a_provider_that_takes_none_is_refused_before_anything_is_made(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert yard.deploy("vultr", user_data="#!/bin/sh\n").result["nodes"]
    monkeypatch.delitem(shaping.SHAPES["user_data"], "vultr")
    refused = yard.deploy("vultr", name="other", user_data="#!/bin/sh\n")
    assert refused.failure.reason == "NOT_SUPPORTED"
    assert refused.ledger == {}


def test_user_data_is_sealed() -> None:
    assert DEPLOY_SCHEMA["properties"]["user_data"]["writeOnly"] is True
