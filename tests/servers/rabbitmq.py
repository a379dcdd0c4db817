"""A RabbitMQ of one's own: a node on loopback with its data in a folder, and the port mapper that it needs."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""The program itself; Debian's wrapper beside it in PATH would change the user."""

_START_LIMIT = 60.0


class NotThereError(Exception):
    """RabbitMQ is not installed, or did not start; the message says which."""


class RabbitMQ:
    """A node in `folder` while in its `with` block; its messages are on the disk. Entering raises NotThereError."""

    def __init__(self, folder: Path) -> None:
        if not PROGRAM.exists():
            raise NotThereError("RabbitMQ is missing: install it, as by `apt-get install rabbitmq-server`")
        self.folder = folder
        self.port, mapper, other = _free_ports(3)
        user, word = "sailor", secrets.token_hex(8)
        self.url = f"amqp://{user}:{word}@127.0.0.1:{self.port}//"
        """Where it answers, and whom."""
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text(f"default_user = {user}\ndefault_pass = {word}\n")
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))},
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"wharfinger{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(other),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "no-such-file"),
        }
        self._mapper: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        mapper = shutil.which("epmd") or "epmd"
        self._mapper = subprocess.Popen(
            [mapper], env=self._environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        assert self._mapper is not None
        self._mapper.kill()
        self._mapper.wait()

    def start(self) -> None:
        """Start the node, and return once it takes connections. Its queues and messages are those that it had."""
        with (self.folder / "output").open("ab") as output:
            self._node = subprocess.Popen(
                [PROGRAM], env=self._environ, cwd=self.folder, stdout=output, stderr=output, start_new_session=True
            )
        until = time.monotonic() + _START_LIMIT
        while not self._answers():
            if self._node.poll() is not None or time.monotonic() > until:
                said = (self.folder / "output").read_text("utf-8", "replace")[-2000:]
                raise NotThereError(f"RabbitMQ does not start:\n{said}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End the node at once, as a crash does."""
        if self._node is not None and self._node.poll() is None:
            os.killpg(self._node.pid, signal.SIGKILL)
            self._node.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as line:
                line.settimeout(2)
                line.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(line.recv(1))
        except OSError:
            return False


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(line.getsockname()[1]) for line in taken]
    for line in taken:
        line.close()
    return ports
