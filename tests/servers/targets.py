"""A loopback HTTP server to upload to, as presigned URLs lead to one: it keeps what is PUT, and can go wrong."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Answer:
    """How a PUT is answered. `keeps`: the bytes are kept, whatever the answer. `silent`: none comes, the line is cut.

    `early` answers after that many bytes, without reading on.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    keeps: bool = True
    silent: bool = False
    early: int | None = None


@dataclass(frozen=True)
class Put:
    """One PUT that came in whole."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Targets:
    """The server: a context manager. `answers` are given one after the other, then successes; `kept` is what it has."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.kept: dict[str, bytes] = {}
        self.puts: list[Put] = []
        self.begun = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.targets = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, path: str) -> str:
        """Return the URL of `path`, which may have a query."""
        return f"http://{self.address}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        targets: Targets = self.server.targets  # type: ignore[attr-defined]
        targets.begun += 1
        answer = targets.answers.pop(0) if targets.answers else Answer()
        size = int(self.headers["Content-Length"])
        if answer.early is not None:
            self.rfile.read(min(answer.early, size))
        else:
            body = self.rfile.read(size)
            if len(body) < size:
                return  # it broke off: nothing is kept
            targets.puts.append(Put(self.path, dict(self.headers), body))
            if answer.keeps:
                targets.kept[self.path.partition("?")[0]] = body
        self.close_connection = True
        if answer.silent:
            return
        self.send_response(answer.status)
        for name, value in ({"ETag": f'"{hashlib.md5(body).hexdigest()}"'} if answer.early is None else {}).items():
            self.send_header(name, value)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own word
        return
