"""Clouds whose drivers speak to one host by TLS only, on loopback: a proxy that is itself what it connects to.

The drivers find it as they find any proxy, by the variable `https_proxy`; they trust the authority that is made for the
run.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.servers import cloud_azure, cloud_digitalocean
from tests.servers.cloud import Answer
from tests.servers.cloud_oracle import Oracle, Refusal, Unanswered

HOSTS: Mapping[str, tuple[str, Answer]] = {
    cloud_azure.LOGIN: ("", cloud_azure.log_in),
    cloud_azure.HOST: (f"Bearer {cloud_azure.TOKEN}", cloud_azure.answer),
    cloud_digitalocean.HOST: (f"Bearer {cloud_digitalocean.KEY}", cloud_digitalocean.answer),
}
"""Each host with what it wants as its Authorization, "" for nothing, and its API."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    oracle: Oracle
    context: ssl.SSLContext

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as its parent
        """Say nothing."""

    def do_CONNECT(self) -> None:
        """Be the host that is asked for, from now on, by TLS."""
        self.send_response(200)
        self.end_headers()
        for plain in (self.rfile, self.wfile):
            plain.close()
        self.connection = self.request = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def finish(self) -> None:
        """Close what `do_CONNECT` has opened, which is not the socket that the server knows."""
        with suppress(OSError):
            super().finish()
        self.connection.close()

    def _serve(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        host = (self.headers.get("Host") or "").partition(":")[0]
        headers: dict[str, str] = {}
        try:
            wanted, answer = HOSTS[host]
            if wanted and self.headers.get("Authorization") != wanted:
                raise Refusal(401, "Unauthorized", "Unable to authenticate you")
            body = _read(text, self.headers.get("Content-Type") or "")
            kind, status, value = answer(self.server.oracle, self.command, urlsplit(self.path).path, body)
            value = {"all": "well"} if kind == "garbled" else value
        except Refusal as refusal:
            status, value = refusal.status, {"id": refusal.code, "message": str(refusal)}
            value["error"] = {"code": refusal.code, "message": str(refusal)}
            headers = {} if refusal.wait is None else {"Retry-After": str(refusal.wait)}
        except Unanswered:
            self.close_connection = True
            self.connection.close()
            return
        data = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, said in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, said)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815


def _read(text: str, kind: str) -> Any:
    if "form-urlencoded" in kind:
        return dict(parse_qsl(text))
    return json.loads(text) if text.strip() else None


class Front:
    """The clouds behind `oracle`, running while in its `with` block; `authority` is the file of who signed for them."""

    def __init__(self, folder: Path, oracle: Oracle | None = None) -> None:
        self.oracle = oracle or Oracle()
        self.authority = folder / "authority.pem"
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.oracle = self.oracle
        self._server.context = _context(folder, self.authority)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        for thread in self.oracle.pending:
            thread.join()

    @property
    def proxy(self) -> str:
        """The URL of the proxy."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def digitalocean(self) -> dict[str, Any]:
        """Arguments of libcloud's DigitalOcean driver for this cloud."""
        return {"key": cloud_digitalocean.KEY}

    @property
    def azure(self) -> dict[str, Any]:
        """Arguments of libcloud's Azure driver for this cloud."""
        return {
            "key": "client",
            "secret": cloud_azure.SECRET,
            "region": "westeurope",
            "tenant_id": "tenant",
            "subscription_id": cloud_azure.SUBSCRIPTION,
            "cloud_environment": {
                "resourceManagerEndpointUrl": f"https://{cloud_azure.HOST}/",
                "activeDirectoryEndpointUrl": f"https://{cloud_azure.LOGIN}",
                "activeDirectoryResourceId": f"https://{cloud_azure.HOST}/",
                "storageEndpointSuffix": ".core.loopback.test",
            },
        }


def _context(folder: Path, authority: Path) -> ssl.SSLContext:
    """Return a server's side of TLS for all HOSTS, signed by an authority that is written to a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback clouds")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    own = folder / "key.pem"
    own.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, own)
    return context
