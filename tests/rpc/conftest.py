"""A connection to the shared server."""

from collections.abc import Iterator

import pytest
from tests.rpc.wire import Stubs, a_project, connected
from tests.servers.serving import Serving


@pytest.fixture
def stubs(server: Serving) -> Iterator[Stubs]:
    with connected(server.address) as stubs:
        yield stubs


@pytest.fixture
def project() -> str:
    return a_project()
