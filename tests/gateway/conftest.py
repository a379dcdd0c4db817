"""A server with a gateway that tests share, and a caller for each protocol."""

import uuid
from collections.abc import Iterator

import pytest
from tests.gateway.web import PROTOCOLS, Web, gateway_of
from tests.servers.serving import Serving


@pytest.fixture(scope="session")
def web_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = Serving(tmp_path_factory.mktemp("web"), ["--gateway", "127.0.0.1:0"])
    try:
        yield serving
    finally:
        assert serving.stop() == 0, serving.log()


@pytest.fixture
def url(web_server: Serving) -> str:
    return gateway_of(web_server)


@pytest.fixture(params=PROTOCOLS)
def web(request: pytest.FixtureRequest, url: str) -> Web:
    return Web(url, request.param)


@pytest.fixture
def project() -> str:
    return f"p{uuid.uuid4().hex[:12]}"
