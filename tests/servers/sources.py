"""A loopback HTTP server to download from: well-behaved and throttled, or wrong in every way a source can be.

    with Sources() as sources:
        sources.serve("/image", Reply(path, rate=8_000_000))
        sources.url("/image")

As a program it serves one file until it is ended: `python -m tests.servers.sources FILE --rate 8000000`.
"""

from __future__ import annotations

import argparse
import io
import re
import signal
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

_PIECE = 256 * 1024


@dataclass(frozen=True)
class Reply:
    """How a path answers a request.

    `body` is sent at `rate` bytes a second (None: as fast as it goes). `claimed` is a Content-Length that is not true.
    `cut_after` and `hang_after` are how many bytes of this answer go out before the connection closes, or nothing more
    comes. `chunked` and `unframed` leave out the Content-Length: in chunks, or until the connection closes. `endless`
    repeats the body for ever. `ranges` False ignores Range; `if_range` False answers it though If-Range does not match,
    and `range_start` sends another range than was asked for. `silent` never answers at all; `trickle` sends the head of
    the answer letter by letter, without end.
    """

    body: bytes | Path = b""
    rate: float | None = None
    etag: str = '"one"'
    last_modified: str = "Wed, 21 Oct 2015 07:28:00 GMT"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    claimed: int | None = None
    cut_after: int | None = None
    hang_after: int | None = None
    chunked: bool = False
    unframed: bool = False
    endless: bool = False
    ranges: bool = True
    if_range: bool = True
    range_start: int | None = None
    silent: bool = False
    trickle: bool = False

    @property
    def size(self) -> int:
        """How many bytes the body has."""
        return self.body.stat().st_size if isinstance(self.body, Path) else len(self.body)


def redirect(location: str, status: int = 302) -> Reply:
    """Return a reply that sends the client elsewhere."""
    return Reply(status=status, headers={"Location": location}, ranges=False)


@dataclass(frozen=True)
class Seen:
    """One request that came in."""

    method: str
    path: str
    headers: Mapping[str, str]


class Sources:
    """The server: a context manager, over https if `tls` is given. `requests` lists what came in."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Seen] = []
        self._replies: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()
        self.ended = threading.Event()
        self._server = _Server((host, 0), _Handler)
        self._server.sources = self
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def address(self) -> str:
        """HOST:PORT."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def url(self, path: str) -> str:
        """Return the whole address of `path`."""
        return f"{self._scheme}://{self.address}{path}"

    def serve(self, path: str, *replies: Reply) -> str:
        """Answer the first request for `path` by the first reply, and so on; the last one for ever. Return the URL."""
        with self._lock:
            self._replies[path] = list(replies)
        return self.url(path)

    def next_reply(self, seen: Seen) -> Reply:
        """Note a request and return what to answer."""
        with self._lock:
            self.requests.append(seen)
            waiting = self._replies.get(seen.path.partition("?")[0])
            if not waiting:
                return Reply(b"there is nothing here", status=404)
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    sources: Sources

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that break off are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer as the reply says."""
        reply = self.server.sources.next_reply(Seen(self.command, self.path, dict(self.headers.items())))
        self.close_connection = True
        if reply.silent:
            self._hang()
            return
        if reply.trickle:
            self._trickle()
            return
        start, end = self._range(reply)
        self._send_head(reply, start, end)
        sent = self._send_body(reply, start, end)
        if reply.hang_after is not None and sent == reply.hang_after:
            self._hang()

    def do_HEAD(self) -> None:
        """Answer with the head alone."""
        reply = self.server.sources.next_reply(Seen(self.command, self.path, dict(self.headers.items())))
        self.close_connection = True
        self._send_head(reply, 0, reply.size)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
        """Say nothing."""

    def _hang(self) -> None:
        self.server.sources.ended.wait(60)

    def _trickle(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.server.sources.ended.wait(0.05):
            self.wfile.write(b"x")

    def _pause(self, until: float) -> None:
        if self.server.sources.ended.wait(max(0.0, until - time.monotonic())):
            raise ConnectionAbortedError

    def _range(self, reply: Reply) -> tuple[int, int]:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        matches = not reply.if_range or self.headers.get("If-Range", reply.etag) == reply.etag
        if asked and reply.ranges and matches and reply.status == HTTPStatus.OK:
            return int(asked[1]) if reply.range_start is None else reply.range_start, reply.size
        return 0, reply.size

    def _send_head(self, reply: Reply, start: int, end: int) -> None:
        partial = "Range" in self.headers and reply.ranges and (start > 0 or reply.range_start is not None)
        self.send_response(206 if partial else reply.status)
        if partial:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        for name, value in (("ETag", reply.etag), ("Last-Modified", reply.last_modified), *reply.headers.items()):
            if value:
                self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not reply.unframed:
            self.send_header("Content-Length", str(end - start if reply.claimed is None else reply.claimed))
        self.send_header("Connection", "close")
        self.end_headers()

    def _send_body(self, reply: Reply, start: int, end: int) -> int:
        limits = [limit for limit in (reply.cut_after, reply.hang_after) if limit is not None]
        left = min([end - start, *limits])
        if isinstance(reply.body, Path) and not (reply.rate or reply.chunked or reply.endless):
            with reply.body.open("rb") as file:
                return self.connection.sendfile(file, start, left) if left else 0
        sent, began = 0, time.monotonic()
        piece = max(1, min(_PIECE, int((reply.rate or 1e12) / 20)))
        while left or reply.endless:
            with _opened(reply.body) as file:
                file.seek(start)
                while left:
                    data = file.read(min(piece, left))
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if reply.chunked else data)
                    sent += len(data)
                    left -= len(data)
                    if reply.rate:
                        self._pause(began + sent / reply.rate)
            if reply.endless:
                left = end - start
        if reply.chunked and reply.cut_after is None and reply.hang_after is None:
            self.wfile.write(b"0\r\n\r\n")
        return sent


def _opened(body: bytes | Path) -> BinaryIO:
    return body.open("rb") if isinstance(body, Path) else io.BytesIO(body)


def main() -> None:
    """Serve one file until SIGTERM or SIGINT; the first line of output is its URL."""
    parser = argparse.ArgumentParser(description="Serve one file over HTTP on 127.0.0.1.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--rate", type=float, help="bytes a second")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Sources() as sources:
        print(sources.serve(f"/{asked.file.name}", Reply(asked.file, rate=asked.rate)), flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
