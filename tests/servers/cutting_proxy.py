"""A TCP proxy on loopback that breaks connections on command: cuts them now or later, refuses, or goes silent."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

_CHUNK = 64 * 1024
# Closing with this answers the peer by a reset instead of an orderly end.
_RESET = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Pair:
    """One proxied connection: the two sockets, and what waits to be written to each."""

    client: socket.socket
    server: socket.socket
    waiting: dict[socket.socket, bytearray] = field(default_factory=dict)
    silent: bool = False

    def other(self, side: socket.socket) -> socket.socket:
        return self.server if side is self.client else self.client


class CuttingProxy:
    """Forwards connections to `target` ("host:port") from an address of its own, `address`, until it is told otherwise.

    One thread serves all connections. `cuts` counts the connections that were cut, `accepted` all that were made.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0
        self.accepted = 0
        self._pairs: set[_Pair] = set()
        self._refusing = False
        self._silent = False
        self._budget: int | None = None
        self._lock = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._waker, self._wake = socket.socketpair()
        self._waker.setblocking(False)
        self._closed = False
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._waker, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="cutting-proxy", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ commands, from any thread

    def cut(self) -> int:
        """Reset all connections now, and return how many there were."""
        with self._lock:
            cut = len(self._pairs)
            for pair in list(self._pairs):
                self._drop(pair)
            self.cuts += cut
            return cut

    def cut_after(self, count: int | None) -> None:
        """Reset all connections once `count` more bytes have come from the server; None: never mind."""
        with self._lock:
            self._budget = count

    def refuse(self, refusing: bool = True) -> None:
        """Reset new connections at once, as if nobody listened; or take them again."""
        with self._lock:
            self._refusing = refusing

    def blackhole(self, silent: bool = True) -> None:
        """Let the connections of now stay open and dead for good, and new ones too until this is called with False."""
        with self._lock:
            self._silent = silent
            if silent:
                for pair in self._pairs:
                    pair.silent = True

    def drop_silent(self) -> None:
        """End the connections that are dead, as the probes of either end would in the end."""
        with self._lock:
            for pair in [pair for pair in self._pairs if pair.silent]:
                self._drop(pair)

    def retarget(self, target: str) -> None:
        """Forward new connections to another server."""
        host, _, port = target.rpartition(":")
        with self._lock:
            self._target = (host, int(port))

    def close(self) -> None:
        """Cut everything and stop listening."""
        self._closed = True
        self._wake.send(b"x")
        self._thread.join(5)
        with self._lock:
            for pair in list(self._pairs):
                self._drop(pair)
        self._selector.close()
        for mine in (self._listener, self._waker, self._wake):
            mine.close()

    # ------------------------------------------------------------------ the thread

    def _serve(self) -> None:
        while not self._closed:
            # The time-out lets sockets that a command closed drop out of the selector.
            for key, events in self._selector.select(0.05):
                with self._lock:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif isinstance(key.data, _Pair) and key.data in self._pairs:
                        self._move(key.data, key.fileobj, events)  # type: ignore[arg-type]

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        self.accepted += 1
        if self._refusing:
            _reset(client)
            return
        try:
            server = socket.create_connection(self._target, 2)
        except OSError:
            _reset(client)
            return
        pair = _Pair(client, server, {client: bytearray(), server: bytearray()}, self._silent)
        for side in (client, server):
            side.setblocking(False)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(side, selectors.EVENT_READ, pair)
        self._pairs.add(pair)

    def _move(self, pair: _Pair, side: socket.socket, events: int) -> None:
        try:
            if events & selectors.EVENT_READ:
                data = side.recv(_CHUNK)
                if not data:
                    self._drop(pair)
                    return
                if pair.silent:
                    return
                if side is pair.server and not self._spend(pair, data):
                    return
                pair.waiting[pair.other(side)] += data
                self._flush(pair, pair.other(side))
            if events & selectors.EVENT_WRITE:
                self._flush(pair, side)
        except BlockingIOError:
            return
        except OSError:
            self._drop(pair)

    def _spend(self, pair: _Pair, data: bytes) -> bool:
        """Count bytes from the server; when the budget is used up forward what is left of it and cut."""
        if self._budget is None:
            return True
        self._budget -= len(data)
        if self._budget > 0:
            return True
        with contextlib.suppress(OSError):
            pair.client.send(data[: len(data) + self._budget])
        self._budget = None
        self.cut()
        return False

    def _flush(self, pair: _Pair, side: socket.socket) -> None:
        waiting = pair.waiting[side]
        if waiting:
            sent = side.send(waiting)
            del waiting[:sent]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if waiting else 0)
        self._selector.modify(side, wanted, pair)

    def _drop(self, pair: _Pair) -> None:
        self._pairs.discard(pair)
        for side in (pair.client, pair.server):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(side)
            _reset(side)


def _reset(side: socket.socket) -> None:
    with contextlib.suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    side.close()
