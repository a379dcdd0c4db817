"""A web server that sends one file as fast as the kernel copies it: `python -m bench.source FILE` prints its port."""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD, with ranges."""

    protocol_version = "HTTP/1.1"
    file: Path

    def do_HEAD(self) -> None:
        """Say what there is."""
        self._head()

    def do_GET(self) -> None:
        """Send the file, or the part of it that was asked for."""
        start, end = self._head()
        self.wfile.flush()
        with self.file.open("rb") as file:
            while start < end:
                start += os.sendfile(self.connection.fileno(), file.fileno(), start, end - start)

    def _head(self) -> tuple[int, int]:
        size = self.file.stat().st_size
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        start, end = 0, size
        if asked:
            start, end = int(asked[1]), min(size, int(asked[2]) + 1) if asked[2] else size
        self.send_response(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.send_header("Content-Length", str(end - start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"one"')
        self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
        self.end_headers()
        return start, end

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """One thread a connection; a client that goes away is nothing to speak of."""

    daemon_threads = True

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Handler.file = Path(sys.argv[1])
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    threading.current_thread().name = "source"
    server.serve_forever()
