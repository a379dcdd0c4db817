"""Descriptors: as many as the process may have, and a warning before they run out."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.rpc.wire import connected
from tests.servers.serving import Serving

pytestmark = pytest.mark.processes


def limited(soft: int, hard: int) -> list[str]:
    """Return the beginning of a command line that runs the rest under these limits."""
    return ["sh", "-c", f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"', "sh"]


def test_the_soft_limit_is_raised_and_the_operator_warned_before_none_is_left(tmp_path: Path) -> None:
    serving = Serving(tmp_path, leash=lambda line: [*limited(64, 400), *line])
    try:
        limits = Path(f"/proc/{serving.pid}/limits").read_text()
        (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
        assert line.split()[3:5] == ["400", "400"]
        assert "the server may open 400 descriptors" in serving.log()
        with ExitStack() as stack, connected(serving.address) as stubs:
            stubs.wait(stubs.create("p", "harbour.noop").name)
            for _ in range(310):
                stack.enter_context(socket.create_connection(("127.0.0.1", serving.port)))
            until = time.monotonic() + 20
            while "of 400 descriptors are taken" not in serving.log():
                assert time.monotonic() < until
                time.sleep(0.05)
            stubs.wait(stubs.create("p", "harbour.noop").name)
        assert serving.stop() == 0
    finally:
        if serving.process.poll() is None:
            serving.kill()


def test_the_documented_unit_has_a_limit_of_its_own() -> None:
    unit = Path(__file__).resolve().parents[2] / "examples" / "deploy" / "wharfinger.service"
    limits = [line for line in unit.read_text().splitlines() if line.startswith("LimitNOFILE=")]
    assert [int(line.partition("=")[2]) >= 65536 for line in limits] == [True]
