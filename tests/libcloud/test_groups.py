"""Groups as GCE makes them: several inserts, then a wait for each; over libcloud's own connection, without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from libcloud.common.base import ConnectionUserAndKey, JsonResponse
from libcloud.compute.base import Node, NodeDriver
from libcloud.compute.types import NodeState
from tests.servers.cloud import Cloud

from wharfinger_libcloud import Lossless, PartialFailureError, aio

ZONE = "/gce/v1/projects/p/zones/z"


class Failed:
    """What GCE's driver puts into its list in the place of a node that failed."""

    def __init__(self, name: str) -> None:
        self.name = name


class Connection(ConnectionUserAndKey):
    responseCls = JsonResponse  # noqa: N815 - libcloud's name


class Groups(NodeDriver):
    """A driver that makes groups as GCE's does: all inserts first, then the operations; failures in the list."""

    connectionCls = Connection  # noqa: N815 - libcloud's name
    name = "groups"

    def ex_create_multiple_nodes(self, base: str, number: int, ignore_errors: bool = False) -> list[Any]:
        names = [f"{base}-{n:03}" for n in range(number)]
        operations: dict[str, Any] = {}
        for name in names:
            try:
                body = json.dumps({"name": name})
                answer = self.connection.request(f"{ZONE}/instances", method="POST", data=body)
                operations[name] = answer.object["name"]
            except Exception:
                if not ignore_errors:
                    raise
        for operation in operations.values():
            self.connection.request(f"{ZONE}/operations/{operation}")
        known = {node.name: node for node in self.list_nodes()}
        return [known[name] if name in operations else Failed(name) for name in names]

    def list_nodes(self) -> list[Node]:
        items = self.connection.request(f"{ZONE}/instances").object["items"]
        return [Node(item["id"], item["name"], NodeState.RUNNING, [], [], self) for item in items]

    def destroy_node(self, node: Node) -> bool:
        self.connection.request(f"{ZONE}/instances/{node.name}", method="DELETE")
        return True


@pytest.fixture
def groups(cloud: Cloud) -> Groups:
    return Groups("user", "key", secure=False, host="127.0.0.1", port=cloud.port)


def test_a_whole_group_is_returned(cloud: Cloud, groups: Groups) -> None:
    assert len(Lossless(groups).ex_create_multiple_nodes("web", 3)) == 3


@pytest.mark.parametrize("fault", ["503", "made_503", "made_dropped", "quota"])
def test_a_half_made_group_loses_no_id(cloud: Cloud, groups: Groups, fault: str) -> None:
    cloud.oracle.fail("insert", fault, after=2)
    with pytest.raises(PartialFailureError) as caught:
        Lossless(groups).ex_create_multiple_nodes("web", 5)
    failure = caught.value
    assert [one.name for one in failure.created] == ["web-000", "web-001"]
    in_doubt = [] if fault == "quota" else [("web-002",)]
    assert [one.names for one in failure.uncertain] == in_doubt
    known = {one.id for one in failure.created}
    lost = [thing.name for thing in cloud.oracle.alive() if thing.id not in known]
    assert set(lost) <= {name for names in in_doubt for name in names}


def test_a_failed_wait_loses_none_and_all_are_rolled_back(cloud: Cloud, groups: Groups) -> None:
    cloud.oracle.fail("operation", "503", after=1)
    with pytest.raises(PartialFailureError) as caught:
        Lossless(groups).ex_create_multiple_nodes("web", 4)
    assert sorted(one.id for one in caught.value.created) == cloud.oracle.everything()
    assert len(caught.value.created) == 4
    assert caught.value.rollback() == []
    assert cloud.oracle.everything() == []


def test_failures_hidden_in_the_list_are_no_success(cloud: Cloud, groups: Groups) -> None:
    cloud.oracle.fail("insert", "made_503", after=1)
    with pytest.raises(PartialFailureError) as caught:
        Lossless(groups).ex_create_multiple_nodes("web", 3, ignore_errors=True)
    assert "1 of 3 that are no Node" in str(caught.value)
    assert [one.name for one in caught.value.created] == ["web-000", "web-002"]
    assert [one.names for one in caught.value.uncertain] == [("web-001",)]


async def test_a_half_made_group_loses_no_id_in_asyncio(cloud: Cloud) -> None:
    cloud.oracle.fail("insert", "made_dropped", after=1)
    async with aio.driver(Groups, "user", "key", secure=False, host="127.0.0.1", port=cloud.port) as account:
        with pytest.raises(PartialFailureError) as caught:
            await account.ex_create_multiple_nodes("web", 3)
    assert [one.name for one in caught.value.created] == ["web-000"]
    assert [one.names for one in caught.value.uncertain] == [("web-001",)]
