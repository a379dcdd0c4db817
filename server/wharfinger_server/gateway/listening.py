"""The gateway's port: uvicorn on our event loop, under our own signals, with our certificate."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from wharfinger_server.config import Address, Settings, Tls

log = logging.getLogger(__name__)

_BACKLOG = 2048
_IDLE = 75
"""Seconds that a connection without a request stays open."""
_LOOK = 5.0
"""Seconds between two looks at the certificate's files."""
# Watches are long and often silent: find dead peers within a minute, as gRPC does.
_QUIET, _PROBE, _PROBES, _DEAD_MS = 40, 10, 2, 60_000


class _Server(uvicorn.Server):
    """uvicorn without its signals: it would put its own in place of ours, and raise them again at its end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Gateway:
    """A listening port with an ASGI application behind it. Raises OSError where it can't be opened."""

    def __init__(self, application: Any, address: Address, settings: Settings, grace: float) -> None:
        self._tls = settings.tls
        self._socket = _listen(address)
        self.address = address.at(self._socket.getsockname()[1])
        files = {"ssl_certfile": self._tls.cert, "ssl_keyfile": self._tls.key} if self._tls.cert else {}
        config = uvicorn.Config(
            application,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_IDLE,
            timeout_graceful_shutdown=grace,  # type: ignore[arg-type]  # it takes fractions as well
            limit_concurrency=settings.limits.watches + settings.limits.calls,
            backlog=_BACKLOG,
            **files,  # type: ignore[arg-type]
        )
        try:
            config.load()
        except BaseException:
            self._socket.close()
            raise
        self._certificate: ssl.SSLContext | None = config.ssl
        self._server = _Server(config)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to answer."""
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._server.serve([self._socket])))
        if self._certificate is not None:
            self._tasks.append(loop.create_task(self._renew(self._certificate)))

    async def stop(self) -> None:
        """Take no more connections, let answers end within the grace, and end."""
        self._server.should_exit = True
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._socket.close()

    async def _renew(self, certificate: ssl.SSLContext) -> None:
        """Take the certificate's files again whenever they change."""
        seen = _stamps(self._tls)
        while True:
            await asyncio.sleep(_LOOK)
            try:
                stamps = _stamps(self._tls)
                if stamps == seen:
                    continue
                certificate.load_cert_chain(self._tls.cert, self._tls.key)
            except OSError as error:
                log.warning("the gateway's certificate could not be read again; the present one stays: %s", error)
                continue
            seen = stamps
            log.info("the gateway's certificate was read again")


def _stamps(tls: Tls) -> list[tuple[int, int]]:
    return [(stat.st_mtime_ns, stat.st_ino) for stat in (Path(name).stat() for name in (tls.cert, tls.key))]


def _listen(address: Address) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # What is accepted inherits these.
        for name, value in (
            ("TCP_KEEPIDLE", _QUIET),
            ("TCP_KEEPINTVL", _PROBE),
            ("TCP_KEEPCNT", _PROBES),
            ("TCP_USER_TIMEOUT", _DEAD_MS),
        ):
            if hasattr(socket, name):
                listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        listening.bind(where)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
