"""The largest result that a script may have to give is one that it can give."""

from __future__ import annotations

import json

import pytest
from tests.compute.conftest import Yard

from wharfinger.runtime.endings import RESULT_LIMIT, of_result
from wharfinger_compute.params import DEPLOY_SCHEMA, names
from wharfinger_compute.results import result

MOST = DEPLOY_SCHEMA["properties"]["count"]["maximum"]
VOLUMES = DEPLOY_SCHEMA["properties"]["volumes"]["maxItems"]


@pytest.mark.parametrize("length", [36, 300, 4096], ids=["a UUID", "an ARM id", "the longest"])
def test_the_largest_deployment_has_a_result(length):
    id_ = "i" * length
    nodes = [
        {"name": name, "id": id_, "volumes": [id_] * VOLUMES, "address": id_} for name in names("n" * 57 + "-{n}", MOST)
    ]
    told = result(nodes)
    made = json.loads(of_result(told, "compute.deploy").result)
    assert made == told
    assert (told["count"], told["unlisted"]) == (MOST, MOST - len(told["nodes"]))
    assert told["nodes"] == nodes[: len(told["nodes"])]
    assert len(told["nodes"]) >= 1


def test_what_fits_is_listed_whole():
    nodes = [{"name": f"web-{n}", "id": "i" * 36, "volumes": [], "address": ""} for n in range(300)]
    assert result(nodes) == {"nodes": nodes, "count": 300, "unlisted": 0}


def test_more_nodes_than_a_result_has_room_for_are_deployed_and_destroyed(yard: Yard, monkeypatch):
    """With the room lowered, so that a dozen nodes are too many."""
    monkeypatch.setattr("wharfinger_compute.results.ROOM", RESULT_LIMIT // 64)
    done = yard.deploy("openstack", count=16, ready_timeout=0)
    assert (done.result["count"], len(yard.cloud.oracle.everything())) == (16, 16)
    assert 0 < done.result["unlisted"] < 16
    gone = yard.destroy("openstack", names=[f"web-{n}" for n in range(1, 17)])
    assert (gone.result["count"], yard.exists) == (16, [])
    assert gone.result["unlisted"] > 0
