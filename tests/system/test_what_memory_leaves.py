"""What the server's memory holds leaves it neither by a core dump nor by a thread that fails."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.rpc.wire import connected
from tests.servers.serving import Serving

pytestmark = pytest.mark.processes

SCRIPT = '''"""A thread fails while it has a secret."""
import threading


async def main(task):
    task.hide("word-of-nobody")
    def fail():
        raise ValueError("it had word-of-nobody")
    thread = threading.Thread(target=fail, name="pilot")
    thread.start()
    thread.join()
'''


def test_no_core_is_dumped_and_a_thread_that_fails_is_a_line_of_the_log_without_secrets(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "failing.py").write_text(SCRIPT)
    serving = Serving(
        tmp_path,
        ("--scripts", str(scripts)),
        leash=lambda line: ["sh", "-c", 'ulimit -Sc unlimited; exec "$@"', "sh", *line],
    )
    try:
        limits = Path(f"/proc/{serving.pid}/limits").read_text().splitlines()
        (core,) = [line for line in limits if line.startswith("Max core file size")]
        assert core.split()[4] == "0"
        with connected(serving.address) as stubs:
            stubs.wait(stubs.create("p", "failing").name)
        until = time.monotonic() + 10
        while "the thread pilot ended" not in serving.log():
            assert time.monotonic() < until, serving.log()
            time.sleep(0.05)
        assert serving.stop() == 0
        assert "word-of-nobody" not in serving.log()
        (line,) = [line for line in serving.log().splitlines() if "pilot" in line]
        told = json.loads(line)
        assert told["level"] == "error"
        assert "ValueError: it had «sealed»" in told["exception"]
        assert not any(line.startswith("Traceback") for line in serving.log().splitlines())
    finally:
        if serving.process.poll() is None:
            serving.kill()
