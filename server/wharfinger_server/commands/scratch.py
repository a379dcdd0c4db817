"""A server for one trial of a script: a process of its own, on a socket, with its ledger in a folder of its own.

It has the operator's stores, profiles and limits, and ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

_START_LIMIT = 120.0
_STOP_LIMIT = 45.0


class NotStartedError(Exception):
    """The scratch server did not start; the message is what it said."""


class Scratch:
    """A server for the scripts in `place`, whose ledger is in `data_dir`, while in its `with` block.

    Entering raises NotStartedError.
    """

    def __init__(self, place: Path, data_dir: Path, config_file: str | None) -> None:
        self._sockets = tempfile.TemporaryDirectory(prefix="wharfinger-")  # a socket's path must be short
        folder = Path(self._sockets.name)
        self._ready, self._log = folder / "ready", folder / "log"
        self.address = f"unix:{folder / 'socket'}"
        """Where it answers, as a client takes it."""
        told = [config_file or "", str(place), str(data_dir), self.address, str(self._ready)]
        self._command = [sys.executable, "-m", "wharfinger_server.commands.scratch", *told]

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            # Ctrl-C is for who started it: it ends in order, with its standard input.
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + _START_LIMIT
        while not self._ready.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                said = self._log.read_text("utf-8", "replace").strip()
                self.__exit__(None, None, None)
                raise NotStartedError(said or "it took too long")
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._sockets.cleanup()


def _serve(config_file: str, place: str, data_dir: str, address: str, ready: str) -> int:
    from wharfinger_server.commands.serving import end, run
    from wharfinger_server.commands.settings import settings_of
    from wharfinger_server.config import Tls
    from wharfinger_server.registry.script_files import ScriptFiles

    files = ScriptFiles(Path(place))
    options = {
        ("server", "address"): address,
        ("server", "data_dir"): data_dir,
        ("server", "log_level"): "warning",
        ("store", "url"): "",
    }
    settings = settings_of(config_file or None, options, files.first_names)
    # Nobody but this user reaches the socket, and nobody needs to be told apart.
    settings = replace(settings, tls=Tls(), tokens=())
    threading.Thread(target=_end_with_parent, name="wharfinger parent", daemon=True).start()
    status = 1
    try:
        status = run(settings, Path(ready), files)
    finally:
        end(status)
    return status


def _end_with_parent() -> None:
    """End in order once nobody holds the other end of the standard input."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: Sequence[str]) -> int:
    """Serve; return the exit code."""
    return _serve(*arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
