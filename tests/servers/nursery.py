"""Servers that start at once: forked from a process that has imported everything, and nothing but that.

Each is a process of its own, as `wharfinger serve` is, and can be killed as such; only the imports are not made anew.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.serving import PACKAGES, START_LIMIT, STOP_LIMIT, NotServing

TREE = Path(__file__).resolve().parents[2]
NURSE = "from tests.servers.nursery import nurse; nurse()"


class Nursery:
    """A process from which servers are forked, while in its `with` block. `environ` is added to its environment."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        own = {key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")}
        own |= {"WHARFINGER_PRICES__BUNDLED": "false", **(environ or {})}
        path = os.pathsep.join(filter(None, [str(PACKAGES), str(TREE), own.get("PYTHONPATH", "")]))
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**own, "PYTHONPATH": path},
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.communicate()  # the end of its input is its end, and that of all servers

    def ask(self, **request: Any) -> Any:
        """Have the nurse do something, from any thread; return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "the nursery has ended"
        return json.loads(line)


class Forked:
    """A running server on the data in `folder`; `address` is HOST:PORT, and its log is in `folder`.

    `hook` is called first, as "module:function".
    """

    def __init__(
        self,
        nursery: Nursery,
        folder: Path,
        arguments: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        *,
        hook: str = "",
        wait: bool = True,
    ) -> None:
        self._nursery = nursery
        self._log = folder / "server.log"
        self._port_file = folder / "port"
        self._port_file.unlink(missing_ok=True)
        settings = [] if "--address" in arguments else ["--address", "127.0.0.1:0"]
        own = {"XDG_CONFIG_HOME": str(folder / "config"), "WHARFINGER_DATA_DIR": str(folder / "data")}
        self.exit_code: int | None = None
        self.pid: int = nursery.ask(
            do="serve",
            arguments=["--port-file", str(self._port_file), *settings, *arguments],
            environ={**own, **(environ or {})},
            folder=str(folder),
            log=str(self._log),
            hook=hook,
        )
        self.address = ""
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return when it answers calls. Raises NotServing if it ended instead."""
        until = time.monotonic() + START_LIMIT
        while not self._port_file.exists():
            if self.ended():
                raise NotServing(self.exit_code or 0, self.log())
            if time.monotonic() > until:
                self.kill()
                raise NotServing(-1, f"it took too long to start\n{self.log()}")
            time.sleep(0.003)
        self.address = f"127.0.0.1:{int(self._port_file.read_text())}"

    def ended(self) -> bool:
        """Return whether it has ended; `exit_code` then tells how: below 0 by a signal."""
        if self.exit_code is None:
            self.exit_code = self._nursery.ask(do="poll", pid=self.pid)
        return self.exit_code is not None

    def wait(self, seconds: float = STOP_LIMIT) -> int:
        """Return its exit code once it has ended. Raises TimeoutError if it runs longer than `seconds`."""
        until = time.monotonic() + seconds
        while not self.ended():
            if time.monotonic() > until:
                raise TimeoutError(f"the server {self.pid} still runs")
            time.sleep(0.01)
        return self.exit_code or 0

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send it a signal."""
        if not self.ended():
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it as a power cut would, and wait until it is gone."""
        if self.exit_code is None:
            self.exit_code = self._nursery.ask(do="kill", pid=self.pid)

    def log(self) -> str:
        """Return all that the servers of this folder wrote to their log."""
        return self._log.read_text(errors="replace")


# ---------------------------------------------------------------------- in the nursery


def nurse() -> None:
    """Fork servers as the lines of standard input ask for, until that ends."""
    _import_everything()
    children: dict[int, int | None] = {}
    for line in sys.stdin:
        request = json.loads(line)
        answer: int | None
        if request["do"] == "serve":
            pid = answer = _fork(request)
            children[pid] = None
        else:
            pid = request["pid"]
            answer = children[pid] = _exit_code(pid, children[pid], kill=request["do"] == "kill")
        print(json.dumps(answer), flush=True)
    for pid, code in children.items():
        _exit_code(pid, code, kill=True)
    sys.stdout.flush()
    os._exit(0)  # whatever threads the plug-ins have left behind


def _exit_code(pid: int, code: int | None, *, kill: bool) -> int | None:
    """Return how a child ended, `code` if that is known; None if it still runs."""
    if code is not None:
        return code
    if kill:
        os.kill(pid, signal.SIGKILL)
    done, status = os.waitpid(pid, 0 if kill else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


def _import_everything() -> None:
    from wharfinger_server.registry import Registry

    for module in (
        "wharfinger_server.commands.serving",
        "wharfinger_server.app.server",
        "wharfinger_server.app.logs",
        "wharfinger_server.store.databases.sqlite",
        "sqlalchemy.dialects.sqlite",
        "alembic.command",
        "libcloud.compute.drivers.ec2",
        "libcloud.compute.drivers.openstack",
        "uvloop",
    ):
        importlib.import_module(module)
    Registry.load()


def _fork(request: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        code = _serve(request)
    except BaseException:
        traceback.print_exc()  # into its log: nothing comes after this to tell it
        raise
    finally:
        sys.stderr.flush()
        os._exit(code)


def _serve(request: Mapping[str, Any]) -> int:
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, file in ((0, nothing), (1, log), (2, log)):
        os.dup2(file, number)
    os.chdir(request["folder"])
    os.environ.update(request["environ"])
    if request["hook"]:
        module, _, name = request["hook"].partition(":")
        getattr(importlib.import_module(module), name)()
    from wharfinger_server.commands.serving import serve

    try:
        serve.main(list(request["arguments"]), standalone_mode=False)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0
