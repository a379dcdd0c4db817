"""Encrypted connections, with a certificate made for the occasion."""

import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.client.loopback import Loopback
from tests.client.world import World

import wharfinger
from wharfinger import aio
from wharfinger._core.connection.causes import cause
from wharfinger._core.connection.settings import resolve

pytestmark = pytest.mark.processes


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return issued(tmp_path, "IP:127.0.0.1")


def issued(tmp_path: Path, name: str) -> tuple[Path, Path]:
    """Return a certificate for a name, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no `openssl` to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=test",
    ]
    named = ["-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([openssl, *made, *named], check=True, capture_output=True, timeout=30)
    return cert, key


@pytest.fixture
def secure(world: World, certificate: tuple[Path, Path]) -> Iterator[Loopback]:
    cert, key = certificate
    server = Loopback(world, grpc.ssl_server_credentials([(key.read_bytes(), cert.read_bytes())]))
    yield server
    server.stop()


@pytest.fixture
def told(world: World) -> list[Any]:
    seen: list[Any] = []
    world.metadata_seen = seen.append
    return seen


def test_a_trusted_server_is_spoken_to_with_the_token(
    secure: Loopback, certificate: tuple[Path, Path], told: list[Any]
) -> None:
    with wharfinger.Client(f"https://{secure.address}", ca=certificate[0], token="secret") as client:
        handle = client.submit("demo.count", {"lines": 1})
        assert len([event for event in handle.watch() if isinstance(event, wharfinger.LogLine)]) == 1
    assert [dict(metadata)["authorization"] for metadata in told] == ["Bearer secret"] * 2


async def test_a_trusted_server_is_spoken_to_in_asyncio(
    secure: Loopback, certificate: tuple[Path, Path], told: list[Any]
) -> None:
    async with aio.Client(f"https://{secure.address}", ca=certificate[0].read_bytes(), token="secret") as client:
        await (await client.submit("demo.count", {"lines": 1})).result(10)
    assert {dict(metadata)["authorization"] for metadata in told} == {"Bearer secret"}


def test_a_server_that_is_not_trusted_is_not_spoken_to(secure: Loopback, told: list[Any]) -> None:
    with (
        wharfinger.Client(f"https://{secure.address}", token="secret") as client,
        pytest.raises(wharfinger.Unreachable),
    ):
        client.get("t1")
    assert told == []


def hint_of(server: str, **more: Any) -> str:
    with wharfinger.Client(server, **more) as client, pytest.raises(wharfinger.Unreachable) as caught:
        client.get("t1")
    assert caught.value.hint in str(caught.value)
    assert "SSL" not in str(caught.value)
    return str(caught.value)


def test_plaintext_where_tls_is_spoken_is_told_with_what_to_do(secure: Loopback) -> None:
    assert f"if it speaks TLS it is https://{secure.address}" in hint_of(secure.address)


def test_a_connection_that_worked_and_broke_is_not_told_to_want_tls(loopback: Loopback) -> None:
    settings = resolve(loopback.address)
    assert cause("Stream removed (Socket closed)", settings)[1]
    assert cause("Stream removed (Socket closed)", settings, answered=True) == ("Stream removed (Socket closed)", "")


def test_tls_where_plaintext_is_spoken_is_told_with_what_to_do(loopback: Loopback) -> None:
    told = hint_of(f"https://{loopback.address}", ca=b"")
    assert "what listens there does not speak TLS; without TLS it is http://" in told


def test_a_certificate_that_is_not_trusted_is_told_with_what_to_do(secure: Loopback) -> None:
    assert "not signed by an authority that is trusted here; name the authority's" in hint_of(
        f"https://{secure.address}"
    )


def test_a_certificate_for_another_name_is_told(world: World, tmp_path: Path) -> None:
    cert, key = issued(tmp_path, "DNS:elsewhere.example")
    server = Loopback(world, grpc.ssl_server_credentials([(key.read_bytes(), cert.read_bytes())]))
    try:
        told = hint_of(f"https://{server.address}", ca=cert)
    finally:
        server.stop()
    assert "its certificate is for another name than 127.0.0.1" in told


def test_a_server_that_wants_a_certificate_of_its_callers_is_told(world: World, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    pair = [(key.read_bytes(), cert.read_bytes())]
    server = Loopback(world, grpc.ssl_server_credentials(pair, cert.read_bytes(), require_client_auth=True))
    try:
        assert "give yours by `cert` and `key`" in hint_of(f"https://{server.address}", ca=cert)
    finally:
        server.stop()


def test_what_is_no_grpc_server_and_no_host_are_told() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        assert "what listens there is no gRPC server" in hint_of(f"127.0.0.1:{web.server_port}")
        web.shutdown()
    assert "there is no such host" in hint_of("http://nobody.invalid:1")
