"""A small cloud on loopback: EC2, OpenStack, Vultr and more for libcloud's drivers, with faults and an oracle."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.servers import cloud_ec2, cloud_gce, cloud_openstack, cloud_services, cloud_vultr
from tests.servers.cloud_oracle import Oracle, Refusal, Unanswered

QueryAnswer = Callable[[Oracle, dict[str, str]], tuple[str, str]]
Answer = Callable[[Oracle, str, str, Any], tuple[str, int, Any]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    oracle: Oracle

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as its parent
        """Say nothing."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length).decode()
        parts = urlsplit(self.path)
        try:
            query = {**dict(parse_qsl(parts.query)), **dict(parse_qsl(text))} if "Action=" in self.path + text else {}
            if parts.path == "/":
                self._query(cloud_ec2.answer, query)
            elif parts.path == cloud_services.BALANCERS:
                self._query(cloud_services.balancing, query)
            elif parts.path.startswith("/v2/"):
                self._rest(cloud_vultr.answer, parts.path, json.loads(text) if text.strip() else None)
            elif parts.path.startswith(cloud_services.NAMES):
                self._rest(cloud_services.answer, parts.path, json.loads(text) if text.strip() else None)
            else:
                path = parts.path.replace("//", "/")
                if path.endswith("/floatingips") and parts.query:
                    path += f"?{parts.query}"  # the one list here that comes in pages
                self._openstack(path, json.loads(text) if text.strip() else None)
        except Unanswered:
            self.close_connection = True
            self.connection.close()

    def _query(self, answer: QueryAnswer, params: dict[str, str]) -> None:
        try:
            kind, xml = answer(self.server.oracle, params)
            if kind == "garbled":
                xml = "<html><body>All is well</body></html>"
            self._send(200, "text/xml", xml, slow=kind == "trickle")
        except Refusal as refusal:
            status = 503 if refusal.code == "RequestLimitExceeded" else refusal.status  # as EC2 does
            self._send(status, "text/xml", cloud_ec2.error(refusal), _waiting(refusal))

    def _rest(self, answer: Answer, path: str, body: Any) -> None:
        oracle, kind, headers = self.server.oracle, "", {}
        try:
            if path.startswith("/v2/") and self.headers.get("Authorization") != f"Bearer {cloud_vultr.KEY}":
                raise Refusal(401, "Unauthorized", "Invalid API token.")
            kind, status, value = answer(oracle, self.command, path, body)
            value = {"all": "well"} if kind == "garbled" else value
        except Refusal as refusal:
            headers = _waiting(refusal)
            status, value = refusal.status, {"error": str(refusal), "status": refusal.status}
        self._send(
            status, "application/json", "" if value is None else json.dumps(value), headers, slow=kind == "trickle"
        )

    def _openstack(self, path: str, body: Any) -> None:
        oracle = self.server.oracle
        base = f"http://127.0.0.1:{self.server.server_address[1]}"
        headers, kind = {}, ""
        try:
            if path.endswith("/auth/tokens"):
                status, value = cloud_openstack.token(oracle, base, body)
                headers["X-Subject-Token"] = cloud_openstack.TOKEN
            elif path.startswith("/gce/"):
                status, value = 200, cloud_gce.answer(oracle, self.command, path, body)
            elif self.headers.get("X-Auth-Token") != cloud_openstack.TOKEN:
                raise Refusal(401, "Unauthorized", "log in first")
            else:
                kind, status, value = cloud_openstack.answer(oracle, self.command, path, body)
                value = {"all": "well"} if kind == "garbled" else value
        except Refusal as refusal:
            status, value = refusal.status, {refusal.code: {"code": refusal.status, "message": str(refusal)}}
            headers |= _waiting(refusal)
        self._send(
            status, "application/json", "" if value is None else json.dumps(value), headers, slow=kind == "trickle"
        )

    def _send(
        self, status: int, kind: str, text: str, headers: dict[str, str] | None = None, *, slow: bool = False
    ) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        for piece in [data[n : n + 1] for n in range(len(data))] if slow else [data]:
            self.wfile.write(piece)
            if slow:
                time.sleep(self.server.oracle.trickle)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815


def _waiting(refusal: Refusal) -> dict[str, str]:
    return {} if refusal.wait is None else {"Retry-After": str(refusal.wait)}


class Cloud:
    """The cloud, running while in its `with` block; `oracle` knows what exists and orders faults."""

    def __init__(self, oracle: Oracle | None = None, port: int = 0) -> None:
        self.oracle = oracle or Oracle()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.oracle = self.oracle
        self.port = self._server.server_address[1]
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
    def ec2(self) -> dict[str, Any]:
        """Arguments of libcloud's EC2 driver for this cloud."""
        return {"key": "AKIA", "secret": "s3cr3t", "host": "127.0.0.1", "port": self.port, "secure": False}

    @property
    def vultr(self) -> dict[str, Any]:
        """Arguments of libcloud's Vultr driver for this cloud."""
        return {"key": cloud_vultr.KEY, "host": "127.0.0.1", "port": self.port, "secure": False}

    @property
    def plain(self) -> dict[str, Any]:
        """Arguments of libcloud's drivers for the cloud's names and balancers."""
        return {"host": "127.0.0.1", "port": self.port, "secure": False}

    @property
    def openstack(self) -> dict[str, Any]:
        """Arguments of libcloud's OpenStack driver for this cloud."""
        return {
            "key": "user",
            "secret": cloud_openstack.PASSWORD,
            "api_version": "2.2",
            "ex_force_auth_url": f"http://127.0.0.1:{self.port}",
            "ex_force_auth_version": "3.x_password",
            "ex_tenant_name": "project",
        }
