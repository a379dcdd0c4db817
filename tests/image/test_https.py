"""Sources over https: the certificate counts for the name, the connection goes to the address that was checked."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.image.conftest import MIB, House, image, sha256
from tests.servers.sources import Reply, Sources, redirect

import wharfinger_image.import_image as script

DATA = image(2 * MIB)
NAME = "images.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for NAME that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Sources]:
    """A source over https."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Sources(tls=context) as running:
        yield running


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name is 127.0.0.1 the first time and an address where nobody is afterwards; lists the names asked for."""
    import socket

    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *rest: int, **more: int) -> object:
        if host == "127.0.0.1":
            return real(host, port, *rest, **more)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1" if len(asked) == 1 else "192.0.2.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def port_of(sources: Sources) -> str:
    """Return the server's port."""
    return sources.address.rpartition(":")[2]


def test_the_certificate_is_checked_for_the_name_and_the_address_is_looked_up_once(
    house: House, secure: Sources, certificate: Path, resolver: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure.serve("/image", Reply(DATA))
    at = f"{NAME}:{port_of(secure)}"
    done = house.trial(script, allow_sources=[at]).run(
        {"source": f"https://{at}/image", "stores": "first", "name": "x"}
    )
    assert done.result["sha256"] == sha256(DATA)
    assert resolver == [NAME]
    assert secure.requests[0].headers["Host"] == at


def test_a_certificate_for_another_name_is_not_accepted(
    house: House, secure: Sources, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    url = secure.serve("/image", Reply(DATA))
    trial = house.trial(script, allow_sources=[secure.address], retries=0)
    done = trial.run({"source": url, "stores": "first", "name": "x"})
    assert done.failure.reason == "SOURCE_FAILED"
    assert "certificate is not valid" in done.failure.message


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    house: House, secure: Sources, resolver: list[str]
) -> None:
    at = f"{NAME}:{port_of(secure)}"
    trial = house.trial(script, allow_sources=[at], retries=0)
    done = trial.run({"source": f"https://{at}/image", "stores": "first", "name": "x"})
    assert "certificate is not valid" in done.failure.message
    assert secure.requests == []


def test_https_leads_to_http_only_where_a_checksum_watches(
    house: House, secure: Sources, certificate: Path, resolver: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure.serve("/image", redirect(house.sources.serve("/plain", Reply(DATA))))
    at = f"{NAME}:{port_of(secure)}"
    trial = house.trial(script, allow_sources=[at, house.sources.address])
    params = {"source": f"https://{at}/image", "stores": "first", "name": "x"}
    assert trial.run(params).failure.reason == "SOURCE_REFUSED"
    resolver.clear()
    assert trial.run({**params, "size": len(DATA)}).failure.reason == "SOURCE_REFUSED"
    resolver.clear()
    assert trial.run({**params, "sha256": sha256(DATA)}).result["size"] == len(DATA)


def test_a_certificate_of_ones_own_is_trusted_beside_those_of_the_system(
    house: House, secure: Sources, certificate: Path, resolver: list[str]
) -> None:
    secure.serve("/image", Reply(DATA))
    at = f"{NAME}:{port_of(secure)}"
    params = {"source": f"https://{at}/image", "stores": "first", "name": "x"}
    trial = house.trial(script, allow_sources=[at], ca_file=str(certificate))
    assert trial.run(params).result["sha256"] == sha256(DATA)


def test_a_ca_file_that_is_not_there_is_told(
    house: House, secure: Sources, resolver: list[str], tmp_path: Path
) -> None:
    at = f"{NAME}:{port_of(secure)}"
    trial = house.trial(script, allow_sources=[at], ca_file=str(tmp_path / "none"), retries=0)
    done = trial.run({"source": f"https://{at}/image", "stores": "first", "name": "x"})
    assert done.failure.reason == "SETTINGS_INVALID"
    assert "ca_file" in done.failure.message
