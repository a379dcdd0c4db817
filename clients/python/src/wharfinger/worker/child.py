"""A child process of the server, in which scripts run one at a time: `python -m wharfinger.worker.child FD PID`.

FD is its end of a socket, PID the server's process. It ends with the server, whatever ends that.
"""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from wharfinger.runtime.protocol import Environment
from wharfinger.runtime.redaction import Redactor
from wharfinger.v1 import executor_service_pb2
from wharfinger.worker.frames import HEADER, Kind, frame, parse_header
from wharfinger.worker.runner import Prepared, Runner, WorkerAssignment

_PR_SET_PDEATHSIG = 1
_NO_SOCKET = 70
"""The exit code of a child whose script has closed the socket."""
_LOOK = 2000
"""How often it is looked whether the socket is still there, in milliseconds."""


def main() -> None:
    """Run what comes over the socket until that is closed."""
    number, server = int(sys.argv[1]), int(sys.argv[2])
    _die_with(server)
    faulthandler.enable(all_threads=False)
    _Child(socket.socket(fileno=number)).serve()


def _die_with(server: int) -> None:
    """Have the system kill this process when the server ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:  # it ended before it was asked
        os._exit(1)


class _Child:
    """The child's end of the socket. Implements `Scripts`: each attempt is told what it is run with before it comes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._arrives = select.poll()
        self._arrives.register(connection, select.POLLIN)
        found = os.fstat(connection.fileno())
        self._identity = (found.st_dev, found.st_ino)
        self._lock = threading.Lock()
        self._setup: dict[str, Any] = {}
        self._runner = Runner(self._send, self, self._on_idle)
        self._processor = 0
        os.register_at_fork(after_in_child=self._leave_it)

    def serve(self) -> None:
        """Read frames until the server closes the socket."""
        try:
            while (header := self._read(HEADER.size)) is not None:
                kind, length = parse_header(header)
                body = self._read(length)
                if body is None:
                    break
                if kind is Kind.SETUP:
                    self._take_setup(json.loads(body))
                elif kind is Kind.MESSAGE:
                    self._runner.hear(executor_service_pb2.WorkResponse.FromString(body))
        except OSError:
            os._exit(_NO_SOCKET)
        # Without the server nothing can be reported: what runs would go on unseen.
        os._exit(0)

    def _read(self, size: int) -> bytes | None:
        """Return so many bytes, None at the end of the stream."""
        parts = bytearray()
        while len(parts) < size:
            while not self._arrives.poll(_LOOK):
                self._check_mine()
            part = self._connection.recv(min(size - len(parts), 1 << 20))
            if not part:
                return None
            parts += part
        return bytes(parts)

    def _check_mine(self) -> None:
        """End where a script has closed the socket: the server would not see that while it is read here."""
        found = os.fstat(self._connection.fileno())  # raises OSError
        if (found.st_dev, found.st_ino) != self._identity:
            raise OSError("the socket is another's")

    def _send(self, request: executor_service_pb2.WorkRequest) -> None:
        self._write(frame(Kind.MESSAGE, request.SerializeToString()))

    def _write(self, data: bytes) -> None:
        # Where the socket is gone the server sees it, and this process ends with the next thing that it reads.
        with suppress(OSError), self._lock:
            self._connection.sendall(data)

    def _leave_it(self) -> None:
        """Take the socket from a process that a script forked."""
        with suppress(OSError):
            null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            os.dup2(null, self._connection.fileno(), inheritable=False)
            os.close(null)

    # ------------------------------------------------------------------ attempts

    def _take_setup(self, setup: dict[str, Any]) -> None:
        self._setup = setup
        for place in setup["path"]:
            if place not in sys.path:
                sys.path.append(place)
        if setup["memory"]:
            _limit(resource.RLIMIT_AS, setup["memory"])
        if setup["processor"]:
            used = resource.getrusage(resource.RUSAGE_SELF)
            _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + setup["processor"])

    def prepare(self, assignment: WorkerAssignment) -> Prepared:
        """Return what the attempt is run with. Raises LookupError where its script can't be imported here."""
        setup = self._setup
        try:
            module = _module(setup["module"], setup["file"])
        except Exception as error:  # a script may do anything while it is imported
            what = f"{type(error).__name__}: {error}"
            raise LookupError(f"{setup['module']} can't be imported in a child process: {what}") from error
        environment = Environment(**setup["environment"])
        redactor = Redactor(setup["secrets"], assignment.lease.task)
        return Prepared(module, setup["asynchronous"], environment, redactor)

    def _on_idle(self) -> None:
        """Say so, before the attempt's end, where something of it is left that the next one would meet."""
        mine = {threading.main_thread(), threading.current_thread()}
        if any(thread not in mine for thread in threading.enumerate()):
            self._write(frame(Kind.LEAVING))


def _limit(kind: int, most: int) -> None:
    """Set a limit of this process's, no further than the system allows."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (most, hard))


def _module(name: str, file: str) -> ModuleType:
    """Return a script's module: by its name, or from its file where that is not what its name leads to."""
    if not file:
        return importlib.import_module(name)
    folder = str(Path(file).parent)
    if folder not in sys.path:
        sys.path.append(folder)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no file of Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
