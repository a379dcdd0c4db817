"""A proxy before PostgreSQL's socket that cuts connections at the worst moments."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import Literal

Moment = Literal["before COMMIT", "after COMMIT"]


class Proxy:
    """Passes everything on between a socket in `folder`, or a port, and the socket in `server`, until told to cut.

    Cut "before COMMIT" means that the server never gets it, and "after COMMIT" that its answer is lost. The server's
    side of the connection stays open: like a network that swallows everything, it tells the server nothing. Frozen,
    both sides stay open and nothing passes: the kernel goes on to acknowledge what is sent.
    """

    def __init__(self, folder: Path, server: Path, *, tcp: bool = False) -> None:
        self.folder = folder
        self.port = 0
        self.cut: Moment | None = None
        self.cuts = 0
        self.refusing = False
        self.frozen: set[int] = set()
        self.freeze_at: Moment | None = None
        self._server = str(server / ".s.PGSQL.5432")
        if tcp:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.port = self._listener.getsockname()[1]
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Close everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for side in self._open:
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for side in self._open:
            side.close()

    def sever(self) -> None:
        """Cut all connections of now, and refuse new ones until `refusing` is taken back."""
        self.refusing = True
        for side in list(self._open):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """Let nothing through on the connections of now, which stay open; new ones work."""
        self.frozen.update(map(id, self._open))

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                if self.refusing:
                    client.shutdown(socket.SHUT_RDWR)
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._open.append(server)
                link = _Link(self, client, server)
                for target in (link.requests, link.answers):
                    self._threads.append(threading.Thread(target=target))
                    self._threads[-1].start()


class _Link:
    """One connection."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._swallow = False

    def _frozen(self) -> bool:
        return id(self._client) in self._proxy.frozen

    def requests(self) -> None:
        """Pass on what the client says."""
        with contextlib.suppress(OSError):
            while data := self._client.recv(1 << 16):
                cut = self._proxy.cut
                if self._proxy.freeze_at and b"COMMIT\0" in data:
                    moment, self._proxy.freeze_at = self._proxy.freeze_at, None
                    self._proxy.cuts += 1
                    self._proxy.frozen.update((id(self._client), id(self._server)))
                    if moment == "after COMMIT":
                        self._server.sendall(data)
                if self._frozen():
                    continue
                if cut and b"COMMIT\0" in data:  # not "READ COMMITTED"
                    self._proxy.cut = None
                    self._proxy.cuts += 1
                    self._swallow = True
                    if cut == "before COMMIT":
                        self._client.shutdown(socket.SHUT_RDWR)
                        return
                self._server.sendall(data)
            if not self._swallow and not self._frozen():
                self._server.shutdown(socket.SHUT_RDWR)

    def answers(self) -> None:
        """Pass on what the server says, unless its answer is to be lost."""
        with contextlib.suppress(OSError):
            while data := self._server.recv(1 << 16):
                if self._frozen():
                    continue
                if self._swallow:
                    self._client.shutdown(socket.SHUT_RDWR)
                    continue
                self._client.sendall(data)
            self._client.shutdown(socket.SHUT_RDWR)
