"""Load of unary calls by h2load, which costs far less than a Python client and so leaves the second core to the server.

h2load sends one and the same body with every request. So what is sent has no request_id (the second would be the same
request), and each task differs from the others only by what the server gives it.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.figure import WrongAnswer

_FINISHED = re.compile(r"finished in ([\d.]+)(us|ms|s|m)\b")
_REQUESTS = re.compile(r"requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded")
_UNIT = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class NoLoad(Exception):
    """h2load is not there, and can't be installed from here."""


def need() -> None:
    """See to it that h2load is there: as root on Debian it is installed. Raises NoLoad, which says what to do."""
    if shutil.which("h2load"):
        return
    hint = "h2load is missing: install it, as by `apt-get install nghttp2-client`"
    if os.geteuid() or not shutil.which("apt-get"):
        raise NoLoad(hint)
    print("installing nghttp2-client for h2load", flush=True)
    command = ["apt-get", "install", "--yes", "--no-install-recommends", "--quiet", "nghttp2-client"]
    for attempt in (command, ["apt-get", "update", "--quiet"], command):
        ended = subprocess.run(
            attempt, capture_output=True, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        )
        if not ended.returncode and shutil.which("h2load"):
            return
    raise NoLoad(hint)


@dataclass(frozen=True)
class Call:
    """One unary call: `path` is /package.Service/Method, `body` the serialised request, `folder` for its file."""

    address: str
    path: str
    body: bytes
    folder: Path

    def send(self, requests: int, in_flight: int) -> float:
        """Send the call `requests` times, `in_flight` at once on one connection; return the seconds it took.

        Raises WrongAnswer when a request was not answered. A refusal looks like an answer: what was done is to be
        checked elsewhere.
        """
        body = self.folder / f"{self.path.rpartition('/')[2]}-{abs(hash(self.body)):x}.bin"
        if not body.exists():
            body.write_bytes(b"\0" + struct.pack(">I", len(self.body)) + self.body)
        ended = subprocess.run(
            [
                *("h2load", f"http://{self.address}{self.path}", "-d", body, "-n", str(requests)),
                *("-c", "1", "-t", "1", "-m", str(in_flight)),
                *("-H", "content-type: application/grpc", "-H", "te: trailers"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        took, counted = _FINISHED.search(ended.stdout), _REQUESTS.search(ended.stdout)
        if took is None or counted is None or {int(n) for n in counted.groups()} != {requests}:
            raise WrongAnswer(
                f"{self.path}: not all of {requests} requests were answered:\n{ended.stdout}{ended.stderr}"
            )
        return float(took[1]) * _UNIT[took[2]]


@dataclass
class Load:
    """A call under load, turn by turn: how many requests fill a turn is found out by a first, small one."""

    call: Call
    in_flight: int
    seconds: float
    sent: int = 0
    _rate: float = 0.0

    def warm_up(self) -> None:
        """Send what is not measured; it tells how much a turn takes."""
        self._send(8 * self.in_flight)
        self._rate = self._send(max(100, 8 * self.in_flight))

    def _send(self, requests: int) -> float:
        self.sent += requests
        return requests / self.call.send(requests, self.in_flight)

    def turn(self) -> float:
        """Load it for about `seconds`; return requests per second."""
        self._rate = self._send(max(self.in_flight, int(self._rate * self.seconds)))
        return self._rate
