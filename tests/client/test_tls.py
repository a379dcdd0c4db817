"""Encrypted connections, with a certificate made for the occasion."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.client.loopback import Loopback
from tests.client.world import World

import wharfinger
from wharfinger import aio


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
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
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
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
