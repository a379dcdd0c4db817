"""Where drivers connect to: real servers in processes of their own, a newer one, and addresses where nobody listens."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
import os
import socket
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
from clients.conformance.runner.languages import HOME
from clients.conformance.runner.newer_server import NewerServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.servers.serving import Serving

from wharfinger import Client

CREATOR = "conformance"
PRICES = (
    "provider,sku,unit,currency,amount\nquay,berth,Hours,USD,0.0416\nquay,crane,Hours,USD,12.5\n"
    "quay,mooring,Hours,USD,0.5\nquay,mooring,Months,USD,300\n"
)
# Large enough for one message above gRPC's own limit of 4 MiB.
PIER = (
    "provider,sku,unit,currency,amount\npier,gone,Hours,USD,2\npier,slip,Hours,USD,1\n",
    "provider,sku,unit,currency,amount\npier,slip,Hours,USD,1.5\n",
)
"""One source's catalogues, the newest last."""
THRIFTY = "thrifty"
"""A project with a budget, in which one task rests half-done."""
LIMITS = '[limits]\nparams_bytes = "6MiB"\nmessage_bytes = "16MiB"\n'


class Places:
    """The servers that scenarios share, each started when it is first asked for.

    `token` opens the real ones, and `ca` is the PEM file of whom the encrypted one has its certificate from.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: dict[str, asyncio.Lock] = {}
        self._servers: dict[str, Serving] = {}
        self._newer: NewerServer | None = None
        self._encrypted: NewerServer | None = None
        self._late: list[NewerServer] = []
        # Nobody's credential: it is made up here, and opens the servers of this run.
        self.token = uuid.uuid4().hex
        self.ca = folder / "ca.pem"

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, folder: Path) -> AsyncIterator[Places]:
        """Yield the places, and end all servers in the end."""
        places = cls(folder)
        try:
            yield places
        finally:
            await places.close()

    async def serving(self, name: str) -> Serving:
        """Return the real server of that name: `shared`, or `mortal`, which scenarios kill."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._servers:
                self._servers[name] = await asyncio.to_thread(self._serve, name, f"127.0.0.1:{free_port()}")
                if name == "shared":
                    await asyncio.to_thread(self._fill, self._servers[name].address)
            return self._servers[name]

    async def kill(self, name: str) -> None:
        """End a real server as a power cut would."""
        await asyncio.to_thread(self._servers[name].kill)

    async def start_again(self, name: str) -> None:
        """Start a real server that was killed, at its address and with its data."""
        self._servers[name] = await asyncio.to_thread(self._serve, name, self._servers[name].address)

    async def newer(self) -> NewerServer:
        """Return the server of a later release."""
        async with self._locks.setdefault("newer", asyncio.Lock()):
            if self._newer is None:
                self._newer = NewerServer()
                await self._newer.start()
            return self._newer

    async def start_newer_at(self, address: str) -> None:
        """Start one more of those at an address where nobody listened."""
        late = NewerServer()
        await late.start(int(address.rpartition(":")[2]))
        self._late.append(late)

    async def encrypted(self) -> NewerServer:
        """Return one that speaks TLS only."""
        async with self._locks.setdefault("encrypted", asyncio.Lock()):
            if self._encrypted is None:
                authority, cert, key = certificates()
                self.ca.write_bytes(authority)
                self._encrypted = NewerServer()
                await self._encrypted.start(credentials=grpc.ssl_server_credentials([(key, cert)]))
            return self._encrypted

    async def close(self) -> None:
        """End all servers."""
        for newer in (self._newer, self._encrypted, *self._late):
            if newer is not None:
                await newer.stop()
        # An orderly end would wait for tasks that a client which does not pass left running; nothing here is kept.
        await asyncio.gather(*(asyncio.to_thread(serving.kill) for serving in self._servers.values()))

    def _fill(self, address: str) -> None:
        """Have there be what scenarios only look at."""
        with Client(address, project=THRIFTY, token=self.token) as client:
            for file in PIER:
                client.import_catalog(file.encode(), file_name="pier.csv", source_name="pier", override_checks=True)
            client.wait(client.submit("conformance.stow", {"created": 3, "then": "fail"}).name, 60)

    def _serve(self, name: str, address: str) -> Serving:
        folder = self._folder / name
        (folder / "prices").mkdir(parents=True, exist_ok=True)
        (folder / "prices" / "quay.csv").write_text(PRICES)
        digest = hashlib.sha256(self.token.encode()).hexdigest()
        settings = folder / "server.toml"
        settings.write_text(
            f'[prices]\nfolder = "{folder / "prices"}"\nlibcloud = false\n'
            f'[prices.budgets]\n{THRIFTY} = {{ USD = "2" }}\n{LIMITS}'
            f'[[tokens]]\nsha256 = "{digest}"\ncreator = "{CREATOR}"\nprojects = "*"\n'
        )
        settings.chmod(0o600)
        path = os.pathsep.join(filter(None, [str(HOME / "packages"), os.environ.get("PYTHONPATH", "")]))
        return Serving(folder, ["--address", address, "--config", str(settings)], {"PYTHONPATH": path})


def free_port() -> int:
    """Return a port of loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def certificates() -> tuple[bytes, bytes, bytes]:
    """Return an authority's certificate, one of 127.0.0.1 that it vouches for, and the key of that one, as PEM."""
    key, authority = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    above = (
        _certificate("conformance authority", authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    own = (
        _certificate("conformance server", key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return above.public_bytes(pem), own.public_bytes(pem), private


def _certificate(name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "conformance authority")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
    )
