"""Client certificates that the settings name: whose they are, and what they open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.rpc.test_access import Authority, bearer, tokens_table, write_config, write_pair
from tests.rpc.wire import connected, create_request, refused
from tests.servers.serving import Serving

from wharfinger.v1 import task_service_pb2 as v1

pytestmark = pytest.mark.processes

URI = "spiffe://ops.example/billing"
TABLE = f"""
[tls]
cert = "cert.pem"
key = "key.pem"
client_ca = "ca.pem"

[[certificates]]
subject = "carol"
projects = ["a"]

[[certificates]]
san = "{URI}"
creator = "billing"
projects = "*"
role = "viewer"
"""


class Place:
    """A server that knows certificates, and the authority that it trusts."""

    def __init__(self, folder: Any, table: str) -> None:
        self.authority = Authority()
        write_pair(folder, self.authority.issue("server.test"))
        (folder / "ca.pem").write_bytes(self.authority.pem)
        self.serving = Serving(folder, write_config(folder, table))

    def as_(self, name: str, **more: Any) -> Any:
        """Connect with a certificate of that common name."""
        key, certificate = self.authority.issue(name, **more)
        return connected(self.serving.address, grpc.ssl_channel_credentials(self.authority.pem, key, certificate))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("certificates"), TABLE)
    yield place
    assert place.serving.stop() == 0, place.serving.log()


def test_a_common_name_opens_what_the_table_says(place: Place) -> None:
    with place.as_("carol") as stubs:
        assert stubs.create("a", "harbour.noop").creator == "carol"
        assert refused(stubs.tasks.CreateTask, create_request("b", "harbour.noop")).reason == "PERMISSION_DENIED"


def test_a_name_beside_opens_what_the_table_says(place: Place) -> None:
    with place.as_("anything", beside=[x509.UniformResourceIdentifier(URI)]) as stubs:
        assert stubs.tasks.ListTasks(v1.ListTasksRequest(parent="projects/-")) is not None
        told = refused(stubs.tasks.CreateTask, create_request("a", "harbour.noop"))
        assert (told.reason, told.metadata) == ("PERMISSION_DENIED", {"permission": "operator"})


@pytest.mark.parametrize("name", ["mallory", "Carol", "carol2", "billing"])
def test_one_that_the_table_does_not_name_opens_nothing(place: Place, name: str) -> None:
    with place.as_(name) as stubs:
        assert refused(stubs.tasks.ListTasks, v1.ListTasksRequest(parent="projects/a")).reason == "UNAUTHENTICATED"


def test_one_that_is_not_for_clients_opens_nothing(place: Place) -> None:
    with place.as_("carol", usages=[ExtendedKeyUsageOID.SERVER_AUTH]) as stubs:
        told = refused(stubs.tasks.ListTasks, v1.ListTasksRequest(parent="projects/a"), timeout=5)
        # TLS itself refuses it where the library looks.
        assert told.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED)


def test_beside_tokens_only_named_certificates_open_anything(tmp_path: Any) -> None:
    place = Place(tmp_path, TABLE + tokens_table(ann=("ann-token", '["b"]')))
    try:
        asked = v1.ListTasksRequest(parent="projects/a")
        with place.as_("carol") as stubs:
            assert stubs.tasks.ListTasks(asked) is not None
            told = refused(stubs.tasks.ListTasks, asked, metadata=bearer("wrong"))
            assert told.reason == "UNAUTHENTICATED", "a token that is not known is not made good by a certificate"
            assert refused(stubs.tasks.ListTasks, asked, metadata=bearer("ann-token")).reason == "PERMISSION_DENIED"
        with place.as_("mallory") as stubs:
            assert refused(stubs.tasks.ListTasks, asked).reason == "UNAUTHENTICATED"
    finally:
        assert place.serving.stop() == 0, place.serving.log()
