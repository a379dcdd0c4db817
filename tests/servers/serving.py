"""A server in a process of its own: `wharfinger serve` on port 0 and a folder that is thrown away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[1] / "packages"
SERVE = "from wharfinger_server.commands.serving import serve; serve()"
START_LIMIT = 120.0
STOP_LIMIT = 40.0


class NotServing(Exception):
    """The server ended instead of serving: `exit_code`, and what it said as `log`."""

    def __init__(self, exit_code: int, log: str) -> None:
        super().__init__(f"the server ended with {exit_code}:\n{log}")
        self.exit_code = exit_code
        self.log = log


class Serving:
    """A running server with the scripts of tests/packages; `address` is HOST:PORT, and its log is in `folder`.

    `leash` changes the command line that starts it.
    """

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        *,
        leash: Callable[[list[str]], list[str]] = list,
    ) -> None:
        self.folder = folder
        self._log = folder / "server.log"
        port_file = folder / "port"
        port_file.unlink(missing_ok=True)
        settings = [] if "--address" in arguments else ["--address", "127.0.0.1:0"]
        own = {key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")}
        path = os.pathsep.join(filter(None, [str(PACKAGES), own.get("PYTHONPATH", "")]))
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                leash([sys.executable, "-c", SERVE, "--port-file", str(port_file), *settings, *arguments]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={
                    **own,
                    "PYTHONPATH": path,
                    "XDG_CONFIG_HOME": str(folder / "config"),
                    "WHARFINGER_DATA_DIR": str(folder / "data"),
                    # A hundred thousand prices that few tests need.
                    "WHARFINGER_PRICES__BUNDLED": "false",
                    # After a kill what ran runs one by one for so long each; test_suspects is about that.
                    "WHARFINGER_LIMITS__SUSPECT_TIME": "300ms",
                    **(environ or {}),
                },
            )
        self.port = self._wait(port_file)
        self.address = f"127.0.0.1:{self.port}"

    def _wait(self, port_file: Path) -> int:
        until = time.monotonic() + START_LIMIT
        while not port_file.exists():
            if self.process.poll() is not None:
                raise NotServing(self.process.returncode, self.log())
            if time.monotonic() > until:
                self.kill()
                raise NotServing(-1, f"it took too long to start\n{self.log()}")
            time.sleep(0.01)
        return int(port_file.read_text())

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    def log(self) -> str:
        """Return all that the server wrote to its log."""
        return self._log.read_text(errors="replace")

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the server a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = STOP_LIMIT) -> int:
        """Wait until the server has ended, and return its exit code."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """Ask the server to end in order, and return its exit code; kill it where it does not."""
        if self.process.poll() is None:
            self.signal()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill the server as a power cut would."""
        self.process.kill()
        self.process.wait()
