"""A real server in a process of its own, to be killed and started again on the same data and port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "tests" / "packages"
SERVE = "from wharfinger_server.commands import serve; serve()"
START_LIMIT = 30.0
"""Seconds within which a server must be up."""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """`wharfinger serve` on `folder`, with the scripts of tests/packages; its output goes to `folder`/server.log."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.address = f"127.0.0.1:{free_port()}"
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it takes calls."""
        path = os.pathsep.join([str(PACKAGES), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        command = [sys.executable, "-c", SERVE, "--address", self.address]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--data-dir", str(self.folder), *self._arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path},
            )
        host, port = self.address.split(":")
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 0.2):
                return
            time.sleep(0.02)
        raise RuntimeError(f"the server did not start; its last words:\n{self.last_words()}")

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    def last_words(self) -> str:
        """Return the end of the server's log."""
        return (self.folder / "server.log").read_text(errors="replace")[-3000:]

    def kill(self) -> None:
        """Kill the server as a power cut would: no handler of its own runs."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask the server to end, and return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        try:
            return process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
