"""Sources and targets through a proxy: it is the only one that is connected to, by CONNECT for https."""

from __future__ import annotations

import base64
import http.client
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.image.conftest import MIB, House, image, sha256
from tests.image.test_https import NAME, certificate, secure
from tests.servers.sources import Reply, Sources
from tests.servers.targets import Targets

import wharfinger_image.export_image as export
import wharfinger_image.import_image as script

__all__ = ["certificate", "secure"]

DATA = image(2 * MIB)


class Proxy(ThreadingHTTPServer):
    """Knows every name as this machine; `asked` lists what it was asked for, and `said` who asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.said: list[str | None] = []
        self.refuses = False

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def _noted(self) -> bool:
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.said.append(self.headers.get("Proxy-Authorization"))
        self.close_connection = True
        if self.server.refuses:
            self.send_error(407, "Who are you")
        return not self.server.refuses

    def do_CONNECT(self) -> None:
        if not self._noted():
            return
        with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as there:
            self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pour, args=(there, self.connection), daemon=True)
            back.start()
            _pour(self.connection, there)
            back.join()

    def _pass(self) -> None:
        if not self._noted():
            return
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        behind = http.client.HTTPConnection("127.0.0.1", parts.port or 80)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        behind.request(self.command, target, body, dict(self.headers.items()))
        answer = behind.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        while data := answer.read(65536):
            self.wfile.write(data)
        behind.close()

    do_GET = do_PUT = _pass  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy."""
    server = Proxy()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_source_is_read_through_the_proxy(house: House, proxy: Proxy) -> None:
    url = house.sources.serve("/image", Reply(DATA, cut_after=MIB), Reply(DATA))
    trial = house.trial(script, proxy=proxy.url.replace("http://", "http://user:p%40ss@"))
    done = trial.run({"source": f"{url}?a=b", "stores": "first", "name": "x"})
    assert done.result["sha256"] == sha256(DATA)
    assert proxy.asked == [f"GET {url}?a=b"] * 2
    assert set(proxy.said) == {"Basic " + base64.b64encode(b"user:p@ss").decode()}
    assert house.sources.requests[0].headers["Host"] == house.sources.address


def test_https_goes_through_a_tunnel_to_a_name_that_only_the_proxy_knows(
    house: House, proxy: Proxy, secure: Sources, certificate: Path
) -> None:
    secure.serve("/image", Reply(DATA))
    at = f"{NAME}:{secure.address.rpartition(':')[2]}"
    trial = house.trial(script, proxy=proxy.url, ca_file=str(certificate))
    done = trial.run({"source": f"https://{at}/image", "stores": "first", "name": "x"})
    assert done.result["sha256"] == sha256(DATA)
    assert proxy.asked == [f"CONNECT {at}"]


def test_a_proxy_is_no_way_to_inward_addresses(house: House, proxy: Proxy) -> None:
    trial = house.trial(script, proxy=proxy.url)
    done = trial.run({"source": "http://127.0.0.1:1/x", "stores": "first", "name": "x"})
    assert done.failure.reason == "SOURCE_REFUSED"
    assert proxy.asked == []


def test_a_proxy_that_refuses_is_told_as_what_it_is(house: House, proxy: Proxy, secure: Sources) -> None:
    proxy.refuses = True
    at = f"{NAME}:{secure.address.rpartition(':')[2]}"
    trial = house.trial(script, proxy=proxy.url, retries=0)
    done = trial.run({"source": f"https://{at}/image", "stores": "first", "name": "x"})
    assert done.failure.reason == "SOURCE_FAILED"
    assert "the proxy answers 407" in done.failure.message


def test_an_export_to_a_url_goes_through_the_proxy_too(house: House, proxy: Proxy) -> None:
    house.folder("first").mkdir(parents=True)
    (house.folder("first") / "x").write_bytes(DATA)
    with Targets() as targets:
        trial = house.trial(export, proxy=proxy.url, allow_targets=[targets.address])
        done = trial.run({"store": "first", "name": "x", "url": targets.url("/x?sig=a")})
        assert done.result["size"] == len(DATA)
        assert proxy.asked == [f"PUT {targets.url('/x?sig=a')}"]
        assert targets.puts[0].body == DATA


@pytest.mark.parametrize("value", ["proxy:3128", "https://proxy:3128", "http://", "http://p/path", 3128])
def test_a_proxy_that_is_none_is_told(house: House, value: object) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    done = house.trial(script, proxy=value).run({"source": url, "stores": "first", "name": "x"})
    assert done.failure.message.startswith("[image] proxy:")
