"""PostgreSQL on a port of loopback behind a proxy that breaks connections, with a server that can be killed."""

from __future__ import annotations

import signal
import socket
import time
from types import TracebackType
from typing import Self

import psycopg
from tests.postgres import Cluster
from tests.servers.cutting_proxy import CuttingProxy

STARTS = 30.0
"""Seconds in which the database's server must be up again."""


class _Reachable(Cluster):
    """A cluster that listens on a free port of loopback too."""

    def __init__(self) -> None:
        super().__init__()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    def options(self) -> dict[str, str]:
        return {**super().options(), "listen_addresses": "127.0.0.1", "port": str(self.port)}

    def url(self, database: str) -> str:
        return f"{super().url(database)}&port={self.port}"

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)


class Seabed:
    """The database of the campaign, while in its `with` block; `url` goes through `proxy`."""

    def __init__(self) -> None:
        self._cluster = _Reachable()

    def __enter__(self) -> Self:
        self._cluster.start()
        self._cluster.run("CREATE DATABASE chaos")
        self.proxy = CuttingProxy(f"127.0.0.1:{self._cluster.port}")
        self.url = f"postgresql://postgres@{self.proxy.address}/chaos"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.proxy.close()
        self._cluster.stop()

    def restart(self, away: float) -> None:
        """Kill the database's server, and start it again after so many seconds."""
        self._cluster.kill()
        time.sleep(away)
        until = time.monotonic() + STARTS
        while True:
            try:
                self._cluster.run_server()
            except psycopg.OperationalError:  # sessions of the killed one are still about to end
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return
