"""The loopback cloud, and drivers for it."""

from collections.abc import Iterator
from typing import Any

import pytest
from libcloud.compute.providers import get_driver
from tests.servers.cloud import Cloud


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as running:
        yield running


@pytest.fixture
def ec2(cloud: Cloud) -> Any:
    return get_driver("ec2")(**cloud.ec2)


@pytest.fixture
def openstack(cloud: Cloud) -> Any:
    return get_driver("openstack")(**cloud.openstack)


@pytest.fixture
def boot(openstack: Any) -> dict[str, Any]:
    return {"size": openstack.list_sizes()[0], "image": openstack.list_images()[0]}
